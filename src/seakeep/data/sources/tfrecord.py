"""TFRecord files of tf.Example as a Source: read once a process, checked by their checksums, and kept as Parquet to be read in pieces.

Called by data.read for .tfrecord and .tfrecords, plain or compressed (gzip or zlib, told by the first bytes, since TFX gives its files
names such as `data_tfrecord-00000-of-00001.gz`; say `format="tfrecord"`). Types come from all records: bytes that are UTF-8 everywhere are text; a
feature with more than one value in any record is a list. What is hard: parts of a file are decoded one after another, and what a
later one finds (a list, bytes that are no text, a feature that was not there before) holds for the earlier ones too.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.codec import digest
from seakeep.data.content import digest_of_files
from seakeep.data.errors import CannotRead, MixedTables
from seakeep.data.reading.landing import Landed, land
from seakeep.data.reading.unpack import plain_file
from seakeep.data.tfrecord.examples import BrokenExample, frame_of
from seakeep.data.tfrecord.framing import BrokenFrame, frames_of, looks_like_frames

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from seakeep.data.reading.options import TextOptions

_ROW = "@@seakeep record"
"""A column that every part has, so that records without any feature are rows too."""
_GZIP, _ZLIB = b"\x1f\x8b", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


@dataclass(frozen=True, slots=True)
class RecordFile:
    """One file. parts: its records in order, each with the types that it has itself."""

    path: Path
    parts: tuple[Landed, ...]


@dataclass(frozen=True, slots=True)
class RecordSource:
    """TFRecord files. called: what the user called them. held: types by feature, of all records. types: that were asked for instead."""

    called: str
    records: tuple[RecordFile, ...]
    options: TextOptions
    held: Mapping[str, pl.DataType] = field(hash=False)

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return self.called

    @property
    def schemas(self) -> Sequence[pl.Schema]:
        """The columns of every file: those of all files, since a record that lacks a feature lacks a value."""
        schema = pl.Schema({**self.held, **self.options.types})
        return tuple(schema for _ in self.records)

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """Some 2^17 records or 16 MiB each, file by file."""
        return tuple(self._piece(part) for record in self.records for part in record.parts)

    def files(self) -> Sequence[str]:
        """Absolute paths of the files as given, in order."""
        return tuple(str(record.path) for record in self.records)

    def file_of(self, piece: int) -> str:
        """The file that a piece is of."""
        return [str(record.path) for record in self.records for _ in record.parts][piece]

    def digest(self) -> str:
        """SHA-256 of the files' bytes in order, and of the types that were asked for."""
        return digest([digest_of_files([record.path for record in self.records]), self.options.canonical])

    def _piece(self, part: Landed) -> pl.LazyFrame:
        (piece,) = part.pieces()
        wanted = self.schemas[0]
        columns = [_as(name, part.schema.get(name), self.held.get(name), wanted[name]) for name in wanted]
        return piece.with_columns(columns).select(wanted.names())


def open_files(paths: Sequence[Path], *, called: str, options: TextOptions) -> RecordSource:
    """A source of these files. Reads every byte. Raises CannotRead, naming the file and record; MixedTables."""
    options.refuse_for("TFRecord", but=("types",))
    records = tuple(RecordFile(path, _landed_file(path)) for path in paths)
    held: dict[str, pl.DataType] = {}
    for record in records:
        for part in record.parts:
            _join(held, part.schema, record.path, records)
    types = {name: pl.Schema({name: dtype})[name] for name, dtype in options.types.items()}
    if not held and not types:
        raise CannotRead.no_records(paths[0])
    return RecordSource(called, records, options, dict(sorted(held.items())))


def _landed_file(path: Path) -> tuple[Landed, ...]:
    try:
        facts = path.stat()
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise CannotRead.forbidden(path, error) from error
    packing = "" if looks_like_frames(head) else "gz" if head[:2] == _GZIP else "zlib" if head[:2] in _ZLIB else None
    return _landed(path, plain_file(path, packing=packing), facts.st_size, facts.st_mtime_ns)


@functools.lru_cache(maxsize=1000)
def _landed(path: Path, plain: Path, _size: int, _changed: int) -> tuple[Landed, ...]:
    try:
        with plain.open("rb") as file:
            parts = tuple(land([_told(frame_of(frames))], str(path)) for frames in frames_of(file))
            return parts or (land((), str(path), schema=pl.Schema({_ROW: pl.UInt32()})),)
    except (BrokenFrame, BrokenExample) as error:
        raise CannotRead.torn(path, "TFRecord", str(error)) from error


def _told(frame: pl.DataFrame) -> pl.DataFrame:
    """Bytes as text, where all of a column are UTF-8; and a column that is there where no feature is."""
    for name, dtype in frame.schema.items():
        if dtype in (pl.Binary, pl.List(pl.Binary)):
            try:
                frame = frame.with_columns(pl.col(name).cast(pl.String if dtype == pl.Binary else pl.List(pl.String)))
            except pl.exceptions.PolarsError:
                continue
    return frame.with_columns(pl.Series(_ROW, range(frame.height), dtype=pl.UInt32))


def _join(held: dict[str, pl.DataType], schema: pl.Schema, path: Path, records: Sequence[RecordFile]) -> None:
    """Add what a part knows. Raises MixedTables, where a feature is of one kind here and of another elsewhere."""
    for name, dtype in schema.items():
        if name == _ROW:
            continue
        known = held.get(name, dtype)
        inner = {_inner(known), _inner(dtype)}
        if len(inner) > 1 and inner != {pl.String(), pl.Binary()}:
            first = next(
                each.path for each in records for part in each.parts if _inner(part.schema.get(name)) == _inner(known)
            )
            raise MixedTables.types(name, files=(str(first), str(path)), types=(known, dtype))
        one = pl.Binary() if len(inner) > 1 else inner.pop()
        held[name] = pl.List(one) if isinstance(known, pl.List) or isinstance(dtype, pl.List) else one


def _inner(dtype: pl.DataType | None) -> pl.DataType:
    found = dtype.inner if isinstance(dtype, pl.List) else dtype
    return pl.Schema({"": found})[""] if found is not None else pl.Null()


def _as(name: str, found: pl.DataType | None, held: pl.DataType | None, wanted: pl.DataType) -> pl.Expr:
    """A column of a part, of the type that all records have, then of the one that was asked for."""
    if found is None or held is None:
        return pl.lit(None, dtype=wanted).alias(name)
    column = pl.col(name)
    if isinstance(held, pl.List) and not isinstance(found, pl.List):
        column = pl.when(column.is_not_null()).then(pl.concat_list(column))
    column = column.cast(held)
    if wanted == pl.Date:
        column = column.cast(pl.Datetime("us"))
    return column.cast(wanted).alias(name)
