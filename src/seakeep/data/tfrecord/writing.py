"""write_tfrecord: a table as tf.Example records, without TensorFlow; the other way than sources.tfrecord.

What is hard is what tf.Example does not have: a missing value is a feature that is not there; booleans become 0 and 1, times
microseconds since 1970 in UTC, durations microseconds, whole numbers must fit 64 bits, and every float becomes one of 32 bits, since there is no other.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from seakeep.core.dataset import Dataset
from seakeep.core.errors import UsageError
from seakeep.core.files import replacing
from seakeep.data.errors import UnsupportedColumn
from seakeep.data.frames import batches
from seakeep.data.tfrecord.examples import BYTES, FLOATS, INTEGERS
from seakeep.data.tfrecord.framing import framed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

Compression = Literal["", "gzip", "zlib"]
_ROWS = 1 << 14


def write_tfrecord(data: Dataset | pl.DataFrame, path: Path | str, *, compression: Compression | None = None) -> int:
    """Write a table as TFRecord of tf.Example, whole or not at all.

    Parameters: data: numbers, booleans, text, bytes, dates, times and durations, and lists of them. path: by its ending .gz it is compressed.
        compression: "gzip", "zlib" or "" (none), as `tf.data.TFRecordDataset(compression_type=…)` knows them; None for what the ending says.
    Returns: rows written. Memory: a piece of the table. The same table gives the same bytes.
    Raises: UnsupportedColumn, for structs, lists of lists and wider numbers; UsageError; CannotWrite.
    """
    path = Path(path)
    how = compression if compression is not None else "gzip" if path.suffix == ".gz" else ""
    if how not in ("", "gzip", "zlib"):
        raise UsageError.unknown_name("compression", how, ("", "gzip", "zlib"))
    rows = 0
    with replacing(path) as temporary, temporary.open("wb") as file:
        pack = _Packed(file, how)
        for frame in _frames(data):
            pack.write(framed(records_of(frame)))
            rows += frame.height
        pack.end()
    return rows


def records_of(frame: pl.DataFrame) -> list[bytes]:
    """Every row as a tf.Example, its features in the columns' order. Raises UnsupportedColumn."""
    features = [_features(column) for column in frame]
    bodies = (b"".join(parts) for parts in zip(*features, strict=True)) if features else iter([b""] * frame.height)
    return [_sized(1, body) for body in bodies]


class _Packed:
    """A file that is compressed on the way. No time of writing enters it."""

    def __init__(self, file: BinaryIO, how: str) -> None:
        self._file = file
        self._gzip = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if how == "gzip" else None
        self._zlib = zlib.compressobj() if how == "zlib" else None

    def write(self, content: bytes) -> None:
        """Write some bytes more."""
        if self._gzip is not None:
            self._gzip.write(content)
        else:
            self._file.write(self._zlib.compress(content) if self._zlib is not None else content)

    def end(self) -> None:
        """Write what is kept back."""
        if self._gzip is not None:
            self._gzip.close()
        elif self._zlib is not None:
            self._file.write(self._zlib.flush())


def _frames(data: Dataset | pl.DataFrame) -> Iterator[pl.DataFrame]:
    return batches(data, rows=_ROWS) if isinstance(data, Dataset) else data.iter_slices(_ROWS)


def _features(column: pl.Series) -> Sequence[bytes]:
    """Every row's pair of name and feature; empty where the value is missing."""
    many = isinstance(column.dtype, pl.List)
    plain = _plain(column)
    name = _sized(1, column.name.encode())
    inner = plain.explode() if many else plain
    kind = BYTES if inner.dtype == pl.Binary else FLOATS if inner.dtype.is_float() else INTEGERS
    if many:
        lists = [None if values is None else _listed(kind, values.drop_nulls()) for values in plain]
    else:
        lists = _single(kind, plain)
    return [b"" if each is None else _sized(1, name + _sized(2, _sized(kind, each))) for each in lists]


def _single(kind: int, values: pl.Series) -> list[bytes | None]:
    """Each value as a list of one."""
    if kind == BYTES:
        return [None if value is None else _sized(1, value) for value in values]
    if kind == FLOATS:
        raw = values.fill_null(0).to_numpy().astype("<f4").tobytes()
        given = values.is_not_null().to_list()
        return [b"\x0a\x04" + raw[4 * at : 4 * at + 4] if there else None for at, there in enumerate(given)]
    return [None if value is None else _sized(1, _varint(value)) for value in values]


def _listed(kind: int, values: pl.Series) -> bytes:
    if kind == BYTES:
        return b"".join(_sized(1, value) for value in values)
    if kind == FLOATS:
        return _sized(1, values.to_numpy().astype("<f4").tobytes())
    return _sized(1, b"".join(map(_varint, values)))


def _plain(column: pl.Series) -> pl.Series:
    """The values as bytes, floats or whole numbers. Raises UnsupportedColumn."""
    dtype = column.dtype
    if isinstance(dtype, pl.List):
        inner = _target(pl.Series(dtype=dtype.inner).dtype, column.name, dtype)
        return column.list.eval(_cast(pl.element(), pl.Series(dtype=dtype.inner).dtype, inner))
    target = _target(dtype, column.name, dtype)
    try:
        return column.to_frame().select(_cast(pl.col(column.name), dtype, target)).to_series()
    except pl.exceptions.InvalidOperationError as error:
        raise UnsupportedColumn.not_in_examples(column.name, dtype) from error


def _target(dtype: pl.DataType, name: str, whole: pl.DataType) -> pl.DataType:
    if dtype in (pl.String, pl.Binary) or isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.Binary()
    if dtype.is_float() or dtype.is_decimal():
        return pl.Float32()
    if dtype.is_integer() or dtype.is_temporal() or dtype in (pl.Boolean, pl.Null):
        return pl.Int64()
    raise UnsupportedColumn.not_in_examples(name, whole)


def _cast(value: pl.Expr, dtype: pl.DataType, target: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return value.cast(pl.String).cast(target)
    if isinstance(dtype, pl.Date):
        return value.cast(pl.Datetime("us")).cast(target)
    if isinstance(dtype, pl.Datetime):
        return value.dt.cast_time_unit("us").cast(target)
    if isinstance(dtype, pl.Duration):
        return value.dt.cast_time_unit("us").cast(target)
    return value.cast(pl.Int64) // 1000 if isinstance(dtype, pl.Time) else value.cast(target)


def _sized(number: int, content: bytes) -> bytes:
    """A field of bytes."""
    size = len(content)
    head = bytes((number << 3 | 2, size)) if size < 0x80 else bytes((number << 3 | 2,)) + _varint(size)
    return head + content


def _varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    if value < 0x80:
        return bytes((value,))
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
