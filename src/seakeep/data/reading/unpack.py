"""Compressed files, unpacked once a process to a temporary folder, so that they can be read piece by piece.

Called by the sources of text and records. What is hard: an archive may claim little and hold much. Nothing is unpacked into memory, and
unpacking ends with an error before the disk is full. The folder is removed when the process ends.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Protocol, Self

from seakeep.core.errors import MissingExtra
from seakeep.core.files import replacing
from seakeep.data.errors import CannotRead, NoCopy
from seakeep.data.reading import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKINGS = ("gz", "zip", "zst", "zlib")
_BLOCK = 1 << 20
_BROKEN = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Readable(Protocol):
    """A file that is read from its beginning, some bytes at a time."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes more; none at the end."""


def plain_file(path: Path, *, packing: str | None = None) -> Path:
    """The file itself, or its unpacked copy if its name ends in .gz, .zip or .zst.

    Parameters: packing: one of these or "zlib", whatever the name; "" for none.
    Raises: CannotRead, for a torn or encrypted archive, one that does not hold exactly one file, or one too large;
        MissingExtra, for zstd without pyarrow.
    """
    how = path.suffix.lower().lstrip(".") if packing is None else packing
    if how not in PACKINGS:
        return path
    try:
        facts = path.stat()
        if facts.st_size == 0:
            raise CannotRead.empty(path)
        return _unpacked(path, how, facts.st_size, facts.st_mtime_ns)
    except OSError as error:
        raise CannotRead.forbidden(path, error) from error


@functools.lru_cache(maxsize=1000)
def _unpacked(path: Path, how: str, size: int, changed: int) -> Path:
    target = scratch.folder() / f"{abs(hash((path, how, size, changed))):x}.plain"
    with (
        replacing(target) as temporary,
        _told_torn(path, how),
        _opened(path, how) as packed,
        temporary.open("wb") as plain,
    ):
        _copy(packed, plain, path)
    return target


@contextlib.contextmanager
def _told_torn(path: Path, how: str) -> Iterator[None]:
    """Within `replacing`, which would take gzip's errors, kinds of OSError, for those of the disk that is written to."""
    try:
        yield
    except _BROKEN as error:
        raise CannotRead.torn(path, how, str(error)) from error


@contextlib.contextmanager
def _opened(path: Path, how: str) -> Iterator[Readable]:
    if how == "gz":
        with gzip.open(path) as packed:
            yield packed
    elif how == "zlib":
        with path.open("rb") as file:
            yield _Inflated(file)
    elif how == "zst":
        with _Zstd(path) as stream:
            yield stream
    else:
        with zipfile.ZipFile(path) as archive, archive.open(_only_member(path, archive)) as member:
            yield member


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [item for item in archive.infolist() if not item.is_dir() and not item.filename.startswith("__MACOSX")]
    if len(members) != 1:
        raise NoCopy.archive(path, [item.filename for item in members])
    _check_space(path, members[0].file_size)
    return members[0]


class _Zstd:
    """A zstd stream as a file that is read from its beginning. Raises MissingExtra."""

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow as pa
        except ImportError as error:
            raise MissingExtra.of("pyarrow", "arrow", purpose="unpacking .zst") from error
        self._stream = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, size: int) -> bytes:
        """Some bytes more, at most `size`; none at the end. Raises EOFError, where the stream is broken."""
        try:
            return bytes(self._stream.read(size))
        except OSError as error:
            raise EOFError(str(error)) from error


class _Inflated:
    """A zlib stream as a file that is read from its beginning."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._zlib = file, zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """Some bytes more, at most `size`; none at the end. Raises EOFError, where the stream breaks off."""
        while not self._zlib.eof:
            packed = self._zlib.unconsumed_tail or self._file.read(_BLOCK)
            if not packed:
                raise EOFError("the stream ends before its end mark")
            if plain := self._zlib.decompress(packed, size):
                return plain
        return b""


def _copy(packed: Readable, plain: IO[bytes], path: Path) -> None:
    written = 0
    while block := _block(packed):
        _check_space(path, written + len(block), written)
        written += plain.write(block)


def _block(packed: Readable) -> bytes:
    """Some bytes more. A wrong checksum of gzip is an OSError, which here would be taken for one of writing."""
    try:
        return packed.read(_BLOCK)
    except gzip.BadGzipFile as error:
        raise EOFError(str(error)) from error


def _check_space(path: Path, needed: int, written: int = 0) -> None:
    free = scratch.bytes_free()
    if needed - written > free - scratch.KEPT_FREE:
        raise NoCopy.unpacks_too_large(path, needed, free, scratch.folder())
