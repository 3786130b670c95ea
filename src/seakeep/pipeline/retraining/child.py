"""Call Seakeep's own command line in a process of its own: with a time limit, and without leaving anything behind.

A service that retrains must not grow by what each training loads, and must survive one that crashes or never ends. The
child gets a session of its own, so that it ends together with the processes it started: SIGTERM first, which a run heeds by
removing its temporary files, SIGKILL after a grace.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GRACE_SECONDS = 10.0
_TAIL_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended.

    code: its exit code; negative for the signal that ended it. answer: the JSON document that it wrote last, None for none.
    trouble: what went wrong in one line, "" where nothing did. overdue: whether it was stopped at its time limit.
    """

    code: int
    answer: Mapping[str, Any] | None
    trouble: str
    overdue: bool


def call(
    arguments: Sequence[str], *, limit_seconds: float, module: str = "seakeep", folder: Path | None = None
) -> Ended:
    """Run `python -m MODULE ARGUMENTS` to its end or its limit. An interruption of this process stops it too."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command = [sys.executable, "-m", module, *arguments]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder, start_new_session=True
        )
        overdue = False
        try:
            process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            overdue = True
        finally:
            _stop(process)
        code = process.returncode
        answer = _last_document(out)
        return Ended(code, answer, _trouble(err, code) if code not in (0, 1, 2) or answer is None else "", overdue)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started; nothing where it has ended."""
    if process.poll() is not None:
        return
    _signal(process, signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _last_document(file: IO[bytes]) -> Mapping[str, Any] | None:
    """The last JSON object on standard output that begins a line; a pipeline's own code may have printed before it."""
    file.seek(0)
    text = "\n" + file.read().decode("utf-8", "replace")
    start = text.rfind("\n{")
    with contextlib.suppress(ValueError):
        found = json.loads(text[start:]) if start >= 0 else None
        return found if isinstance(found, dict) else None
    return None


def _trouble(file: IO[bytes], code: int) -> str:
    """What a failed call said last: the first part of its error, or its last line."""
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - _TAIL_BYTES))
    lines = [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    last = lines[-1] if lines else f"ended with code {code} and said nothing"
    with contextlib.suppress(ValueError):
        told = json.loads(last)
        where = f" ({told['where']})" if told.get("where") and "\n" not in told["where"] else ""
        return f"{told['error']}: {told['found']}{where}"
    return last
