"""Avro files as a Source: blocks between their marks are counted without decoding, and read some 2^19 rows or 32 MiB a piece.

Called by data.read for .avro. Polars decodes what it can; maps, unions of numbers, and the codecs bzip2, xz and zstandard go by
fastavro, some fifty times as slow (see reading.avro_types). What is hard: a torn file must be told on opening, so every block's
length and mark is looked at; nothing but the headers of blocks is read for that.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from seakeep.core.errors import MissingExtra
from seakeep.data.content import digest_of_files
from seakeep.data.errors import CannotRead, UnsupportedColumn
from seakeep.data.reading.avro_types import AvroType, NoColumn, columns_of
from seakeep.data.reading.scanning import scan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from seakeep.data.reading.options import TextOptions

PIECE_ROWS = 1 << 19
PIECE_BYTES = 32 << 20
_MAGIC = b"Obj\x01"
_MARK = 16
_LONGEST = 64 << 20
_NATIVE_CODECS = ("null", "deflate", "snappy")


class Blocks(NamedTuple):
    """Bytes from `start` up to `stop`, which hold `rows` rows in whole blocks."""

    start: int
    stop: int
    rows: int


@dataclass(frozen=True, slots=True)
class AvroFile:
    """One file. head: the bytes of its header. ranges: its blocks. native: whether Polars reads it."""

    path: Path
    head: bytes = field(repr=False)
    ranges: tuple[Blocks, ...]
    schema: pl.Schema = field(hash=False)
    native: bool

    def read(self, blocks: Blocks, columns: Sequence[str]) -> pl.DataFrame:
        """Columns of a range of blocks. Raises CannotRead, where they cannot be decoded."""
        if not blocks.rows:
            return pl.DataFrame(schema={name: self.schema[name] for name in columns})
        with self.path.open("rb") as file:
            file.seek(blocks.start)
            content = io.BytesIO(self.head + file.read(blocks.stop - blocks.start))
        try:
            frame = (
                pl.read_avro(content, columns=list(columns) or None) if self.native else self._slowly(content, columns)
            )
        except (pl.exceptions.PanicException, Exception) as error:  # codecs and decoders raise whatever they have
            raise CannotRead.torn(self.path, "avro", str(error)) from error
        return frame.select(pl.col(name).cast(self.schema[name]) for name in columns)

    def _slowly(self, content: BinaryIO, columns: Sequence[str]) -> pl.DataFrame:
        wanted = {name: self.schema[name] for name in columns}
        rows = [{name: _plain(row[name], wanted[name]) for name in wanted} for row in _fastavro().reader(content)]
        return pl.DataFrame(rows, schema=wanted, strict=False)


@dataclass(frozen=True, slots=True)
class AvroSource:
    """Avro files. called: what the user called them."""

    called: str
    parts: tuple[AvroFile, ...]

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return self.called

    @property
    def schemas(self) -> Sequence[pl.Schema]:
        """The columns of every file."""
        return tuple(part.schema for part in self.parts)

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """Ranges of blocks, file by file."""
        return tuple(_piece(part, blocks) for part in self.parts for blocks in part.ranges)

    def files(self) -> Sequence[str]:
        """Absolute paths of the files, in order."""
        return tuple(str(part.path) for part in self.parts)

    def file_of(self, piece: int) -> str:
        """The file that a piece is of."""
        return [str(part.path) for part in self.parts for _ in part.ranges][piece]

    def digest(self) -> str:
        """SHA-256 of the files' bytes in order. A writer puts a random mark into each, so that only copies are equal."""
        return digest_of_files([part.path for part in self.parts])


def open_files(paths: Sequence[Path], *, called: str, options: TextOptions) -> AvroSource:
    """A source of these files. Reads every header, of files and of blocks. Raises CannotRead, naming the file; MissingExtra."""
    options.refuse_for("Avro")
    return AvroSource(called, tuple(_opened(path) for path in paths))


def _opened(path: Path) -> AvroFile:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            if size == 0:
                raise CannotRead.empty(path)
            try:
                metadata, mark = _header(file)
                schema, native = _schema(path, metadata)
                start = file.tell()
                ranges = _ranges(file, start, size, mark)
            except _NO_HEADER as error:
                raise CannotRead.torn(path, "avro", str(error)) from error
            file.seek(0)
            return AvroFile(path, file.read(start), ranges, schema, native)
    except OSError as error:
        raise CannotRead.forbidden(path, error) from error


class _Torn(ValueError):
    """The bytes are not those of an Avro file."""


_NO_HEADER = (ValueError, KeyError, AssertionError, RecursionError, pl.exceptions.PolarsError)
"""What a header that is damaged, or holds JSON that is no schema, leads to."""


def _header(file: BinaryIO) -> tuple[dict[str, bytes], bytes]:
    """The file's metadata and its mark, which ends every block."""
    if file.read(4) != _MAGIC:
        raise _Torn("its first bytes are not Obj and 1")
    metadata: dict[str, bytes] = {}
    while count := _long(file):
        if count < 0:
            _long(file)
        for _ in range(abs(count)):
            name = _bytes(file)
            metadata[name.decode()] = _bytes(file)
    return metadata, _exactly(file, _MARK)


def _schema(path: Path, metadata: Mapping[str, bytes]) -> tuple[pl.Schema, bool]:
    record = json.loads(metadata.get("avro.schema", b"null"))
    if not isinstance(record, dict) or record.get("type") != "record":
        raise _Torn("its schema is not that of a record")
    try:
        columns: dict[str, AvroType] = columns_of(record)
    except NoColumn as error:
        raise UnsupportedColumn.of_avro(path, str(error)) from error
    codec = metadata.get("avro.codec", b"null").decode()
    native = codec in _NATIVE_CODECS and all(each.native for each in columns.values())
    if not native:
        _fastavro()
    return pl.Schema({name: each.dtype for name, each in columns.items()}), native


def _ranges(file: BinaryIO, start: int, size: int, mark: bytes) -> tuple[Blocks, ...]:
    """All blocks, put together to pieces; one without rows for a file without any."""
    found: list[Blocks] = []
    at, begin, rows = start, start, 0
    while at < size:
        count, length = _long(file), _long(file)
        if count < 0 or length < 0 or file.tell() + length + _MARK > size:
            raise _Torn(f"a block of {length:,} bytes begins at byte {at:,} of {size:,}")
        if rows and (rows + count > PIECE_ROWS or file.tell() + length - begin > PIECE_BYTES):
            found.append(Blocks(begin, at, rows))
            begin, rows = at, 0
        file.seek(length, 1)
        if file.read(_MARK) != mark:
            raise _Torn(f"the block at byte {at:,} does not end with the file's mark")
        at, rows = file.tell(), rows + count
    return (*found, Blocks(begin, at, rows)) if rows or not found else tuple(found)


def _piece(part: AvroFile, blocks: Blocks) -> pl.LazyFrame:
    return scan(lambda columns: [part.read(blocks, columns)], part.schema)


def _plain(value: Any, dtype: pl.DataType) -> Any:
    """A value as Polars takes it: maps as lists of key and value, UUIDs as text."""
    if value is None:
        return None
    if isinstance(dtype, pl.List):
        inner = dtype.inner() if isinstance(dtype.inner, type) else dtype.inner
        assert isinstance(inner, pl.DataType)
        if isinstance(value, dict):
            value = [{"key": key, "value": item} for key, item in value.items()]
        return [_plain(item, inner) for item in value]
    if isinstance(dtype, pl.Struct):
        types = {each.name: each.dtype for each in dtype.fields}
        return {name: _plain(value.get(name), pl.Schema({name: types[name]})[name]) for name in types}
    return str(value) if isinstance(dtype, pl.String) else value


def _long(file: BinaryIO) -> int:
    """A whole number: seven bits a byte, lowest first, negative ones between the others."""
    value = shift = 0
    while True:
        byte = _exactly(file, 1)[0]
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1)
        if shift > 63:
            raise _Torn("a length has more than 64 bits")


def _bytes(file: BinaryIO) -> bytes:
    return _exactly(file, _long(file))


def _exactly(file: BinaryIO, count: int) -> bytes:
    content = file.read(count) if 0 <= count <= _LONGEST else b""
    if len(content) != count:
        raise _Torn(f"it ends at byte {file.tell():,}, within its header or a block")
    return content


def _fastavro() -> Any:
    try:
        import fastavro
    except ImportError as error:
        raise MissingExtra.of(
            "fastavro", "avro", purpose="Avro with maps, unions, or the codecs bzip2, xz and zstandard"
        ) from error
    return fastavro
