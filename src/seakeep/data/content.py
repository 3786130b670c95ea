"""SHA-256 of what a dataset holds: of files' bytes, or of a table in memory whatever its chunks.

Called by the sources. A file is hashed once a process while its size and time of change stay the same. A table's columns
are hashed each as a stream of values, of validity and of lengths, so that only the rows' order and content count.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.codec import digest
from seakeep.data.errors import CannotRead, UnsupportedColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def digest_of_files(paths: Sequence[Path]) -> str:
    """SHA-256 over the SHA-256 of every file, in order; names and places do not count. Reads every byte once a process."""
    return digest([digest_of_file(path) for path in paths])


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes. Raises CannotRead."""
    try:
        facts = path.stat()
        return _digest_of_file(path, facts.st_size, facts.st_mtime_ns, facts.st_ino)
    except FileNotFoundError as error:
        raise CannotRead.missing(path) from error
    except OSError as error:
        raise CannotRead.forbidden(path, error) from error


def digest_of_frames(frames: Iterable[pl.DataFrame]) -> str:
    """SHA-256 of a table that comes in any chunks: names, types, values and order of its columns and rows."""
    streams: dict[str, hashlib._Hash] = {}
    rows = 0
    types: list[list[str]] = []
    for frame in frames:
        rows += frame.height
        types = types or [[name, str(dtype)] for name, dtype in frame.schema.items()]
        for number, column in enumerate(frame):
            _feed(streams, str(number), column)
    return digest([rows, types, {name: stream.hexdigest() for name, stream in streams.items()}])


@functools.lru_cache(maxsize=100_000)
def _digest_of_file(path: Path, _size: int, _changed: int, _inode: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _feed(streams: dict[str, hashlib._Hash], name: str, values: pl.Series) -> None:
    """Feed one column's next rows to its streams; nested columns have streams of their own."""
    _add(streams, f"{name} present", values.is_not_null().to_numpy().astype(np.uint8).tobytes())
    dtype = values.dtype
    present = values.drop_nulls()
    if isinstance(dtype, pl.Array):
        present, dtype = present.arr.to_list(), pl.List(dtype.inner)
    if isinstance(dtype, pl.List):
        _add(streams, f"{name} lengths", present.list.len().to_numpy().astype("<u8").tobytes())
        _feed(streams, f"{name} items", present.filter(present.list.len() > 0).explode())
    elif isinstance(dtype, pl.Struct):
        for field in dtype.fields:
            _feed(streams, f"{name} {field.name!r}", present.struct.field(field.name))
    else:
        _feed_plain(streams, name, present)


def _feed_plain(streams: dict[str, hashlib._Hash], name: str, present: pl.Series) -> None:
    dtype = present.dtype
    if isinstance(dtype, pl.Object | pl.Unknown):
        raise UnsupportedColumn.of(present.name, dtype)
    if dtype == pl.Boolean:
        _add(streams, name, present.to_numpy().astype(np.uint8).tobytes())
    elif dtype.is_float():
        doubles = present.cast(pl.Float64).to_numpy() + 0.0
        doubles[np.isnan(doubles)] = np.nan
        _add(streams, name, doubles.astype("<f8").tobytes())
    elif dtype.is_temporal() or (dtype.is_integer() and dtype not in (pl.UInt64, pl.Int128, pl.UInt128)):
        _add(streams, name, present.to_physical().cast(pl.Int64).to_numpy().astype("<i8").tobytes())
    else:
        binary = (present if dtype == pl.Binary else present.cast(pl.String)).cast(pl.Binary)
        _add(streams, f"{name} lengths", binary.bin.size("b").to_numpy().astype("<u8").tobytes())
        _add(streams, name, b"".join(binary.to_list()))


def _add(streams: dict[str, hashlib._Hash], name: str, content: bytes) -> None:
    streams.setdefault(name, hashlib.sha256()).update(content)
