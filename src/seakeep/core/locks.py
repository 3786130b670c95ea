"""Locks between processes, by the kernel's file locks: a killed holder's lock is free at once, so none is ever stale.

Whoever writes into a home holds its lock shared; whoever removes the leftovers of killed writers needs it alone. A run
holds its pipeline's lock alone, so that two runs of one pipeline do the work once. The file keeps the holder's process
number for messages only. Network file systems without locks are not supported.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from seakeep.core.files import CannotWrite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold the lock at `path` beside other shared holders; waits for one that has it alone."""
    with _opened(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield


@contextlib.contextmanager
def alone(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock at `path` alone. Yields whether it is held: False only where another has it and not `wait`."""
    with _opened(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield True


def holder(path: Path) -> int | None:
    """The process number last written by one that held the lock alone, or None."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise CannotWrite.because(path, error) from error
    try:
        yield handle
    finally:
        os.close(handle)
