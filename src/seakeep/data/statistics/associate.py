"""associate: what every two columns of a dataset say of each other. On request, since pairs are many.

Bins are fixed first, from statistics: quantiles of numbers, most frequent values of everything else; then one pass counts.
Columns that are lists, structs or bytes have no bins and are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.associations import Associations, Bins, Pair
from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.data.frames import batches, known_columns
from seakeep.data.kinds import kind_of
from seakeep.data.statistics.comoments import ROWS, Block
from seakeep.data.statistics.grouped import doubles_of
from seakeep.data.statistics.profile import profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.core.associations import CoMoments
    from seakeep.core.dataset import Dataset
    from seakeep.core.statistics import ColumnStatistics, Statistics

EDGES = 15
VALUES = 50
MOST = 200
"""Columns at most: 19,900 pairs."""
_NONE = (Kind.BINARY, Kind.LIST, Kind.STRUCT, Kind.NULL)


class TooManyColumns(UsageError):
    """There are too many pairs to count them all."""

    @classmethod
    def of(cls, columns: int) -> TooManyColumns:
        return cls(
            f"associations of {columns:,} columns were asked for; at most {MOST} are counted, {MOST * (MOST - 1) // 2:,} pairs",
            cause="Every pair has a table of counts of its own.",
            fix='Name the columns that matter: seakeep.associate(dataset, columns=["late", "carrier", …]).',
            columns=columns,
        )


def associate(
    dataset: Dataset, *, columns: Sequence[str] | None = None, statistics: Statistics | None = None
) -> Associations:
    """Correlation, mutual information and Cramér's V of every two columns (see core.associations for each).

    Parameters: columns: at most 200; None for all. statistics: where bins come from, the dataset's own by default; give one
        table's for all that are to be added.
    Cost: one pass (two without statistics), and rows · pairs. Raises: UsageError, TooManyColumns; DataError.
    """
    known = profile(dataset) if statistics is None else statistics
    names = tuple(known.columns) if columns is None else known_columns(tuple(dict.fromkeys(columns)), dataset)
    bins = {name: found for name in names if (found := bins_of(known[name])) is not None}
    if len(bins) > MOST:
        raise TooManyColumns.of(len(bins))
    whole = associations_of(pl.DataFrame(schema=dict.fromkeys(bins, pl.Null)), bins)
    for frame in batches(dataset, rows=ROWS, columns=tuple(bins)):
        whole = whole + associations_of(frame, bins)
    return whole


def bins_of(column: ColumnStatistics) -> Bins | None:
    """A column's bins: 16 ranges of about equally many values, or its 50 most frequent values; None if it has none."""
    if column.kind in _NONE:
        return None
    if not column.kind.is_numeric:
        return Bins(values=tuple(_text(value) for value in column.top.values[:VALUES]))
    quantiles = (column.quantile(i / (EDGES + 1)) for i in range(1, EDGES + 1))
    edges = sorted({edge for edge in quantiles if edge is not None and edge != column.maximum})
    return Bins(edges=tuple(edges) or (column.quantile(0.5) or 0.0,))


def associations_of(frame: pl.DataFrame, bins: Mapping[str, Bins]) -> Associations:
    """Of one piece, of at most ROWS rows."""
    codes = {name: _codes(frame[name], own) for name, own in bins.items()}
    moments = _moments(frame, bins)
    names = list(bins)
    pairs = {
        first: {
            second: Pair(_counts(codes, bins, first, second), moments.get((first, second))) for second in names[i + 1 :]
        }
        for i, first in enumerate(names)
    }
    return Associations(frame.height, bins, pairs)


def _counts(
    codes: Mapping[str, NDArray[np.int64]], bins: Mapping[str, Bins], first: str, second: str
) -> tuple[int, ...]:
    wide = bins[second].number
    counts = np.bincount(codes[first] * wide + codes[second], minlength=bins[first].number * wide)
    return tuple(counts.tolist())


def _codes(values: pl.Series, bins: Bins) -> NDArray[np.int64]:
    """The bin of each row."""
    codes = np.full(len(values), bins.number - 1, np.int64)
    there = values.is_not_null().to_numpy()
    present = values.drop_nulls()
    if not len(present):
        return codes
    if bins.edges:
        doubles = doubles_of(present)
        found = np.searchsorted(np.array(bins.edges), doubles, side="left")
        codes[there] = np.where(np.isfinite(doubles), found, bins.number - 1)
        return codes
    numbers = pl.Series(range(len(bins.values)), dtype=pl.Int64)
    known = pl.Series(bins.values, dtype=pl.String)
    texts = present.cast(pl.String)
    codes[there] = texts.replace_strict(known, numbers, default=len(bins.values), return_dtype=pl.Int64).to_numpy()
    return codes


def _moments(frame: pl.DataFrame, bins: Mapping[str, Bins]) -> dict[tuple[str, str], CoMoments]:
    """Of every two columns of numbers."""
    numeric = [name for name, own in bins.items() if own.edges]
    if len(numeric) < 2:
        return {}
    block = Block([_doubles(frame[name]) for name in numeric])
    return {(numeric[i], numeric[j]): found for i, j, found in block.pairs()}


def _doubles(values: pl.Series) -> NDArray[np.float64]:
    """Numbers as doubles, NaN where there is none."""
    doubles = np.full(len(values), np.nan)
    if kind_of(values.dtype, name=values.name) is not Kind.NULL:
        doubles[values.is_not_null().to_numpy()] = doubles_of(values.drop_nulls())
    return doubles


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
