"""What a stage cost: wall seconds, CPU seconds of all threads and finished children, and peak resident memory.

The peak is the stage's own where the kernel lets a process reset its high-water mark (Linux, /proc/self/clear_refs), else the
whole process's so far, which is then an upper bound.
"""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


@dataclass(slots=True)
class Cost:
    """Filled in when the measured block ends. peak_is: "stage", or "process" where it could not be reset."""

    started: float = field(default_factory=time.time)
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    peak_is: str = "process"
    _wall: float = field(default_factory=time.perf_counter)
    _cpu: float = field(default_factory=lambda: _cpu_seconds())  # noqa: PLW0108  (defined below)

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):
            _CLEAR.write_text("5", encoding="ascii")
            self.peak_is = "stage"
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_seconds = time.perf_counter() - self._wall
        self.cpu_seconds = _cpu_seconds() - self._cpu
        self.peak_bytes = _peak_bytes()


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _peak_bytes() -> int:
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
