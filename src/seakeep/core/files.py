"""Files that are whole or absent. Every file that Seakeep writes goes through here.

A file is written to a temporary name in its own folder, flushed to the disk, and renamed: a reader, a kill or a full disk
never meets half of it. Temporary names start with `.tmp-`, so that leftovers of a kill can be told and removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from seakeep.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPORARY = ".tmp-"


_FULL = (errno.ENOSPC, errno.EDQUOT)


class CannotWrite(DataError):
    """A file could not be written; what stood there before is untouched."""

    @classmethod
    def because(cls, path: Path, error: OSError) -> CannotWrite:
        full = error.errno in _FULL or any(f"os error {number}" in str(error) for number in _FULL)  # Polars' words
        if error.errno == errno.ENAMETOOLONG:
            return cls(
                f"cannot write {path.name[:60]}…: {error.strerror or error}",
                cause="A file's name may have 255 bytes, and while it is written it has 18 more.",
                fix="Choose a shorter name.",
                path=str(path),
                errno=error.errno,
            )
        return cls(
            f"cannot write {path}: {error.strerror or error}",
            cause="The disk is full." if full else "The folder is read-only or belongs to somebody else.",
            fix=f"Free some space (df -h {path.parent}) and run it again."
            if full
            else f"Check it with: ls -ld {path.parent}",
            path=str(path),
            errno=error.errno,
        )


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; renamed to `path` if the block ends well, removed if not.

    The file at the temporary path is flushed to the disk before the rename, and the folder after it.
    Raises: CannotWrite, for an OSError within the block (a full disk, a read-only folder).
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite.because(path, error) from error
    # The ending is kept, so that writers that choose a format by it (compression, say) choose the same one.
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(6)}-{path.name}")
    try:
        yield temporary
        flush(temporary)
        os.replace(temporary, path)
        flush(path.parent)
    except OSError as error:
        _refuse(path, error)
    except Exception as error:
        if (full := full_disk(error)) is not None:
            raise CannotWrite.because(path, full) from error
        raise
    finally:
        with contextlib.suppress(OSError):  # a file system that is read-only refuses this too, and held nothing
            temporary.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def flush(path: Path) -> None:
    """Bring a file's content, or which names a folder holds, to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def full_disk(error: BaseException) -> OSError | None:
    """A full disk, as Polars' Parquet writer tells it: in the words of an error that is of no file; None for another error."""
    number = next((number for number in _FULL if f"(os error {number})" in str(error)), None)
    return None if number is None else OSError(number, os.strerror(number))


def _refuse(path: Path, error: OSError) -> NoReturn:
    raise CannotWrite.because(path, error) from error
