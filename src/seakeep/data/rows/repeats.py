"""Values that occur more than once, exactly, in memory that does not grow with the table.

Called by `plan` for columns that the contract calls unique. First pass: a 64-bit hash of every value, 8 bytes a row, kept in memory up
to 2^24 rows and beyond that in 64 files by the hash's first bits, each sorted on its own. Equal values hash equally, so where no
hash occurs twice no value does. Only where one does, a second pass counts the values behind these hashes themselves, so that two
values that share a hash are not taken for one. Memory of the second pass: the different values that occur twice.
"""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.files import CannotWrite
from seakeep.data.frames import fetch
from seakeep.data.reading import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from seakeep.core.dataset import Dataset

    Hashes = NDArray[np.uint64]

IN_MEMORY = 1 << 24
"""Hashes that are kept in memory: 128 MiB of them."""
_PARTS_BITS = 6
_SEED = 0x5EA


def repeated(dataset: Dataset, value: pl.Expr) -> pl.DataFrame:
    """The values of an expression that more than one row has, one a row, in a column "value"; nulls are no values.

    Raises: DataError, naming the file; CannotWrite, where the temporary folder has no room for 8 bytes a row.
    """
    hashes = _repeated_hashes(_hashes(dataset, value))
    empty = dataset.pieces()[0].select(value.alias("value")).head(0).collect()
    if not len(hashes):
        return empty
    suspects = pl.DataFrame({"hash": pl.Series(hashes)}).lazy()
    counted = empty.with_columns(pl.lit(0, dtype=pl.UInt32).alias("len"))
    for number, piece in enumerate(dataset.pieces()):
        hashed = piece.select(value.alias("value")).drop_nulls().with_columns(_hash("value").alias("hash"))
        found = hashed.join(suspects, on="hash", how="semi").group_by("value").len()
        both = pl.concat([counted, fetch(dataset, number, found, streaming=True)])
        counted = both.group_by("value").agg(pl.col("len").sum().cast(pl.UInt32))
    return counted.filter(pl.col("len") > 1).select("value").sort("value")


def _hash(name: str) -> pl.Expr:
    return pl.col(name).hash(_SEED)


def _hashes(dataset: Dataset, value: pl.Expr) -> Iterator[Hashes]:
    """The hashes of all values, piece by piece."""
    for number, piece in enumerate(dataset.pieces()):
        found = piece.select(value.alias("value")).drop_nulls().select(_hash("value"))
        yield fetch(dataset, number, found, streaming=True).to_series().to_numpy()


def _repeated_hashes(hashes: Iterator[Hashes]) -> Hashes:
    """Those that occur more than once."""
    kept: list[Hashes] = []
    count = 0
    for some in hashes:
        kept.append(some)
        count += len(some)
        if count > IN_MEMORY:
            return _repeated_on_disk(kept, hashes)
    return _twice(np.concatenate(kept)) if kept else np.empty(0, np.uint64)


def _twice(hashes: Hashes) -> Hashes:
    hashes = np.sort(hashes)
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def _repeated_on_disk(kept: list[Hashes], hashes: Iterator[Hashes]) -> Hashes:
    """As above, in files by the first bits of each hash."""
    stem = secrets.token_hex(6)
    paths = [scratch.folder() / f"hashes-{stem}-{part}" for part in range(1 << _PARTS_BITS)]
    try:
        while kept:
            _spill(kept.pop(), paths)
        for some in hashes:
            _spill(some, paths)
        found = [_twice(np.fromfile(path, np.uint64)) for path in paths if path.exists()]
    except OSError as error:
        raise CannotWrite.because(paths[0], error) from error
    finally:
        for path in paths:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    return np.concatenate(found)


def _spill(hashes: Hashes, paths: list[Path]) -> None:
    """Append hashes to the files of their first bits."""
    hashes = np.sort(hashes)
    starts = np.arange(1, len(paths), dtype=np.uint64) << np.uint64(64 - _PARTS_BITS)
    for path, part in zip(paths, np.split(hashes, np.searchsorted(hashes, starts)), strict=True):
        if len(part):
            with path.open("ab") as file:
                part.tofile(file)
