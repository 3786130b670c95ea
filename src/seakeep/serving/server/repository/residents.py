"""Residents: how much of a worker's memory each loaded release takes, which of them were asked last, and who makes room.

What a release takes is what the process grew by when it was loaded, at least the size of its graph. When it was asked last is read
off the counter of its runs, a few times a second, so that keeping account costs a request nothing.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from seakeep.serving.served import Identity

LEAST_BYTES = 256 * 1024
"""What the smallest of sessions takes; memory that was freed before hides what is taken from it."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Residents:
    """The releases in memory. Parameters: limit: bytes that they may take together, 0 for any number.

    >>> residents = Residents(100_000_000)
    >>> for name, size in (("a", 60), ("b", 30), ("c", 40)):
    ...     residents.took((name, "1", name), size * 1_000_000)
    >>> residents.seen({("a", "1", "a"): 1.0})  # a was asked, b and c were not
    >>> residents.victims([("a", "1", "a"), ("b", "1", "b"), ("c", "1", "c")], kept=[])
    [('b', '1', 'b')]
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._bytes: dict[Identity, int] = {}
        self._runs: dict[Identity, float] = {}
        self._asked: dict[Identity, float] = {}

    def took(self, identity: Identity, size: int) -> None:
        """Write down what a release takes that was loaded now."""
        self._bytes[identity] = max(size, LEAST_BYTES)
        self._asked[identity] = time.monotonic()

    @property
    def is_used(self) -> bool:
        """Whether anything was loaded yet."""
        return bool(self._bytes)

    def size(self, identity: Identity) -> int:
        """Bytes that a release takes, or took when it was loaded last; 0 where it never was."""
        return self._bytes.get(identity, 0)

    def seen(self, runs: dict[Identity, float]) -> None:
        """Compare how much each release has run with the last time: whoever ran more was asked."""
        now = time.monotonic()
        for identity, total in runs.items():
            if self._runs.get(identity, 0.0) != total:
                self._runs[identity], self._asked[identity] = total, now

    def victims(self, loaded: Iterable[Identity], kept: Collection[Identity]) -> list[Identity]:
        """Those of the loaded that have to go so that the others are within the limit, the longest unasked first."""
        own = list(loaded)
        over = sum(map(self.size, own)) - self.limit if self.limit else 0
        found: list[Identity] = []
        for identity in sorted(own, key=lambda one: self._asked.get(one, 0.0)):
            if over <= 0:
                break
            if identity not in kept:
                found.append(identity)
                over -= self.size(identity)
        return found


def resident_bytes() -> int:
    """What this process has in memory."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE


def give_back() -> None:
    """Hand freed memory to the system, where the C library keeps it (glibc)."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
