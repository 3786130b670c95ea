"""Segments: the files that a spool is made of, each from its beginning, locked, to its name for the converter.

A segment is renamed from `.open` to `.closed` when it is finished. While it is open its owner holds a file lock on it, which the
kernel frees when the owner dies, however it dies. Called by the spool, in the thread that waits for the disk.

What is hard is what a disk may do in between. A write that ends half-way is cut back to the last whole frame. A disk that refused to
flush has let go of what it had, and says that all is well when it is asked again: such a file is in doubt, takes no more, and what it
holds is read by the converter as far as it can be. Names count too: a file is on the disk when its folder is, which is flushed once.
A worker imports this file: no Polars.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seakeep.core.files import TEMPORARY, flush

if TYPE_CHECKING:
    from pathlib import Path

OPEN, CLOSED = ".open", ".closed"
_PARENTS = 3  # of a spool's folder, up to the home


@dataclass(slots=True)
class Segment:
    """One file. path: while it is open. size: up to its last whole frame. headers: releases described in it. rows: in it; safe: of them,
    those that the disk has said to have. gone: whether somebody removed it. in_doubt: whether the disk refused something after which nobody knows what the file holds.
    """

    path: Path
    handle: int
    minute: int
    headers: set[str] = field(default_factory=set)
    size: int = 0
    rows: int = 0
    safe: int = 0
    gone: bool = False
    in_doubt: bool = False
    is_named: bool = False

    @classmethod
    def begin(cls, folder: Path, *, boot: str, now: float, minute: int) -> Segment:
        """A new file, locked before it gets the name by which a converter knows it. Raises OSError."""
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            for each in folder.parents[:_PARENTS]:
                with contextlib.suppress(OSError):  # one that may not be listed
                    flush(each)
        name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(now))}-{boot}-{secrets.token_hex(6)}"
        temporary, path = folder / f"{TEMPORARY}{name}", folder / f"{name}{OPEN}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            temporary.rename(path)
        except OSError:
            os.close(handle)
            temporary.unlink(missing_ok=True)
            raise
        return cls(path, handle, minute)

    def write(self, content: bytearray) -> None:
        """Append `content` whole, or cut the file back to where it ended. Raises OSError."""
        try:
            done = 0
            with memoryview(content) as whole:
                while done < len(whole):
                    done += os.write(self.handle, whole[done:])
        except OSError:
            try:
                os.ftruncate(self.handle, self.size)
            except OSError:  # what comes after half a frame would be cut off with it the next time
                self.in_doubt = True
            raise
        self.size += len(content)

    def sync(self, handle: int) -> None:
        """Bring what was written to the disk, and once the file's name. handle: on the file. Raises OSError."""
        rows = self.rows
        try:
            os.fdatasync(handle)
        except OSError:
            self.in_doubt = True
            raise
        self.safe = rows
        self.check_name()
        if not self.is_named:
            flush(self.path.parent)
            self.is_named = True

    def finish(self) -> None:
        """Bring it to the disk and give it to the converter. Raises OSError."""
        self.sync(self.handle)
        self.path.rename(self.path.with_suffix(CLOSED))

    def check_name(self) -> None:
        """Raises FileNotFoundError, where the file does not have its name any more: somebody removed it, or its folder."""
        if not os.path.samestat(os.fstat(self.handle), self.path.stat()):
            raise FileNotFoundError(errno.ENOENT, "another file has its name", str(self.path))


def is_left(path: Path) -> bool:
    """Whether nobody writes to an open spool any more: its owner is dead, as its free lock tells."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # closed by its owner a moment ago
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(handle)
