"""Compressed text files, unpacked once a process to a temporary folder, so that they can be read piece by piece.

Called by data.sources.csv. What is hard: an archive may claim little and hold much. Nothing is unpacked into memory, and
unpacking ends with an error before the disk is full. The folder is removed when the process ends.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from seakeep.core.files import replacing
from seakeep.data.errors import CannotRead, NoCopy
from seakeep.data.reading import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK = 1 << 20
_BROKEN = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def plain_file(path: Path) -> Path:
    """The file itself, or its unpacked copy if its name ends in .gz or .zip.

    Raises: CannotRead, for a torn or encrypted archive, one that does not hold exactly one file, or one too large.
    """
    if path.suffix.lower() not in (".gz", ".zip"):
        return path
    try:
        facts = path.stat()
        if facts.st_size == 0:
            raise CannotRead.empty(path)
        return _unpacked(path, facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise CannotRead.forbidden(path, error) from error


@functools.lru_cache(maxsize=1000)
def _unpacked(path: Path, size: int, changed: int) -> Path:
    target = scratch.folder() / f"{abs(hash((path, size, changed))):x}.csv"
    try:
        with _opened(path) as packed, replacing(target) as temporary, temporary.open("wb") as plain:
            _copy(packed, plain, path)
    except _BROKEN as error:
        raise CannotRead.torn(path, path.suffix.lstrip("."), str(error)) from error
    return target


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as packed:
            yield packed
        return
    with zipfile.ZipFile(path) as archive:
        members = [
            item for item in archive.infolist() if not item.is_dir() and not item.filename.startswith("__MACOSX")
        ]
        if len(members) != 1:
            raise NoCopy.archive(path, [item.filename for item in members])
        _check_space(path, members[0].file_size)
        with archive.open(members[0]) as member:
            yield member


def _copy(packed: IO[bytes] | gzip.GzipFile, plain: IO[bytes], path: Path) -> None:
    written = 0
    while block := packed.read(_BLOCK):
        _check_space(path, written + len(block), written)
        written += plain.write(block)


def _check_space(path: Path, needed: int, written: int = 0) -> None:
    free = scratch.bytes_free()
    if needed - written > free - scratch.KEPT_FREE:
        raise NoCopy.unpacks_too_large(path, needed, free, scratch.folder())
