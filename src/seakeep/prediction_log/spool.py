"""Spool: the append-only file that one worker writes a model's records to.

Records gather in memory (`append`), are taken from there (`take`), go to the kernel in one write (`write`), and to the disk (`sync`).
What a write has taken survives a kill -9 of the process; what a sync has taken survives a loss of power. Each minute, or at 32 MB, the file
(see segments) is finished and the next one begins.

What is hard: logging must never harm answering. No method raises for a disk that is full, broken or gone: what could not be
written is cut back to the last whole frame, counted as lost, and the next write tries again. One thread appends and takes, which never
waits; another writes and syncs, since a disk that is slow enough makes the write wait as well. What gathers meanwhile has a
bound, beyond which rows are lost and counted. A worker imports this file: no Polars.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.prediction_log import frames
from seakeep.prediction_log.columns import is_own
from seakeep.prediction_log.segments import CLOSED, OPEN, Segment, is_left

__all__ = ["CLOSED", "OPEN", "ROTATE_SECONDS", "Batch", "Counts", "Spool", "is_left"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROTATE_SECONDS = 60
ROTATE_BYTES = 32 << 20
BUFFER_BYTES = 4 << 20
MOST_BYTES = 64 << 20
"""That gather in memory while the disk takes nothing; more is lost."""
_GONE = (FileNotFoundError, NotADirectoryError)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""After these a file may go on when there is room."""


@dataclass(slots=True)
class Counts:
    """Rows since the spool was made. written: handed to the kernel. lost: not written, or found to be gone. failures: flushes
    and syncs that failed. bytes: written.
    """

    written: int = 0
    lost: int = 0
    failures: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What was appended since the last one. releases: whose records are in it, each to be described before them."""

    content: bytearray
    rows: int
    releases: frozenset[str]


class Spool:
    """One worker's log of one model.

    Parameters: folder: `predictions/<name>/spool` under the registry's home; made when first written to. boot: what tells this
        server's run from others in file names (letters, digits, "-"). rotate_seconds, rotate_bytes: when a file is finished.
        clock: seconds since 1970.
    Attributes: counts; problem: why logging has stopped, or None while it works.
    """

    def __init__(
        self,
        folder: Path,
        *,
        boot: str,
        rotate_seconds: int = ROTATE_SECONDS,
        rotate_bytes: int = ROTATE_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.counts = Counts()
        self.problem: OSError | None = None
        self._folder, self._boot, self._clock = folder, boot, clock
        self._rotate_seconds, self._rotate_bytes = rotate_seconds, rotate_bytes
        self._headers: dict[str, frames.Header] = {}
        self._buffer = bytearray()
        self._rows = 0
        self._releases: set[str] = set()
        self._segment: Segment | None = None
        self._finished: list[Segment] = []
        self._guard, self._writing = threading.Lock(), threading.Lock()

    def describe(self, header: frames.Header) -> None:
        """Make a release known; needed once, before its first record. Raises UsageError, for an input that is called as a
        column of the log.
        """
        for name, _ in header.inputs:
            if is_own(name):
                raise UsageError(
                    f"{name!r} is a column of the prediction log and cannot be an input's name",
                    where=f"release {header.release[:12]} of {header.name}",
                    cause="The log keeps each input under its own name, beside columns of its own.",
                    fix=f"Rename it before training: features of {name.lstrip('@')!r}.",
                    name=name,
                )
        self._headers[header.release] = header

    def append(self, frame: frames.Record | frames.Label) -> bool:
        """Keep a record or label in memory. Returns whether so much waits that it should be written now.

        Raises: KeyError, for a record of a release that was not described; TypeError, for a value that no request can hold.
        """
        buffer, rows = self._buffer, 1
        if isinstance(frame, frames.Record):
            rows = frame.rows
            if frame.release not in self._releases:
                self._releases.add(self._headers[frame.release].release)
        if len(buffer) >= MOST_BYTES:
            self._lose(rows, OSError(errno.EAGAIN, "the disk is too slow for what is asked"))
            return True
        frames.append(buffer, frame)
        self._rows += rows
        return len(buffer) >= BUFFER_BYTES

    @property
    def waiting(self) -> int:
        """Rows in memory that the next flush will write."""
        return self._rows

    def take(self) -> Batch:
        """What was appended, for `write`; never waits. In the thread that appends."""
        batch = Batch(self._buffer, self._rows, frozenset(self._releases))
        self._buffer, self._rows = bytearray(), 0
        if self._releases:
            self._releases = set()
        return batch

    def write(self, batch: Batch) -> bool:
        """Hand a batch to the kernel, in one write, and finish a file whose minute is over. Call it at least once a minute, also
        with nothing in it. Returns False where rows were lost; never raises. Waits where the disk is slow.
        """
        with self._writing:
            self._rotate()
            if not batch.content:
                return True
            try:
                segment = self._segment or self._open()
                content = self._described(batch, segment)
                segment.write(content)
            except OSError as error:
                self._lose(batch.rows, error)
                if error.errno not in _FULL:
                    self._retire()  # its disk may be another one by now
                return False
            segment.headers |= batch.releases
            segment.rows += batch.rows
            self.counts.written += batch.rows
            self.counts.bytes += len(content)
            self.problem = None
            return True

    def flush(self) -> bool:
        """Take and write, in one thread."""
        return self.write(self.take())

    def commit(self, batch: Batch) -> bool:
        """Write a batch and wait until it is on the disk. Returns False where rows were lost or the disk refused."""
        written = self.write(batch)
        return self.sync() and written

    def sync(self) -> bool:
        """Flush the files' content to the disk and give finished files to the converter. Waits for the disk, so that a server
        calls it from a thread of its own, after `flush`. Returns False where the disk refused; never raises.
        """
        with self._guard:
            segment = self._segment
            try:
                handle = os.dup(segment.handle) if segment else None
            except OSError as error:  # this process may open no more files
                self._fail(error)
                return False
            finished, self._finished = self._finished, []
        done = True
        for each in finished:
            done &= self._finish(each)
        if segment is not None and handle is not None:
            try:
                segment.sync(handle)
            except OSError as error:
                self._miss(segment, error)
                self._fail(error)
                done = False
            finally:
                os.close(handle)
        return done

    def close(self) -> bool:
        """Flush, sync and finish the file. Returns False where something was lost. The spool may be used again."""
        flushed = self.flush()
        with self._writing:
            self._retire()
        return self.sync() and flushed

    def _rotate(self) -> None:
        """Finish the file, if its minute is over, or it is full, gone or in doubt. A clock that jumps, either way, ends a minute too."""
        segment = self._segment
        if segment is None:
            return
        is_over = segment.minute != self._minute() or segment.size >= self._rotate_bytes
        if is_over or segment.gone or segment.in_doubt:
            self._retire()

    def _described(self, batch: Batch, segment: Segment) -> bytearray:
        """A batch's frames, after the headers that the file does not have yet."""
        new = batch.releases - segment.headers
        if not new:
            return batch.content
        heads = bytearray()
        for release in sorted(new):
            frames.append(heads, self._headers[release])
        return heads + batch.content

    def _retire(self) -> None:
        with self._guard:
            if self._segment:
                self._finished.append(self._segment)
            self._segment = None

    def _open(self) -> Segment:
        segment = Segment.begin(self._folder, boot=self._boot, now=self._clock(), minute=self._minute())
        with self._guard:
            self._segment = segment
        return segment

    def _finish(self, segment: Segment) -> bool:
        """Sync a file, rename it for the converter, let go of it. A file that somebody removed is counted as lost."""
        try:
            if segment.gone:  # which was told
                with self._guard:
                    self.counts.lost += segment.rows
                return True
            segment.finish()
        except OSError as error:
            self._miss(segment, error)
            self._fail(error)
            return False
        else:
            return True
        finally:
            os.close(segment.handle)

    def _miss(self, segment: Segment, error: OSError) -> None:
        """Count as lost the rows of a file that is gone, or those that the disk refused to flush; the next flush begins another file."""
        if isinstance(error, _GONE):
            segment.gone, segment.safe = True, 0
        elif not segment.in_doubt:
            return
        rows = segment.rows - segment.safe
        segment.rows -= rows
        with self._guard:
            self.counts.lost += rows

    def _lose(self, rows: int, error: OSError) -> None:
        """Count rows that were not written; by either thread."""
        with self._guard:
            self.counts.lost += rows
        self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.counts.failures += 1
        self.problem = error

    def _minute(self) -> int:
        return int(self._clock() // self._rotate_seconds)
