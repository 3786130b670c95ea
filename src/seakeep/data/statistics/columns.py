"""Statistics of one column of one piece: value counts first, everything else from them.

Called by statistics.profile, one column a task on every core. Numbers are counted by sorting (or by position, where whole numbers
lie close together), text by hashing; sums, histogram, top values and sketch then cost as much as there are different
values. What is hard: NaN, infinities and -0.0 are set apart before anything is counted, and nothing wraps or rounds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from seakeep.core import counters
from seakeep.core.counters import TopValues
from seakeep.core.distinct import DistinctSketch, hash_number
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnStatistics, Lengths
from seakeep.data.kinds import kind_of
from seakeep.data.statistics.decimals import decimal_statistics
from seakeep.data.statistics.hashing import hash_doubles, hash_integers, hash_texts
from seakeep.data.statistics.nested import as_lists, with_fields, with_items
from seakeep.data.statistics.numbers import as_doubles, as_integers, microseconds
from seakeep.data.statistics.sketches import heaviest, histogram_of, sketch_of, top_values_of
from seakeep.data.statistics.sums import sums_of_doubles, sums_of_integers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.data.statistics.numbers import Integers, Words

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_FEW = 1000  # texts that are counted before a streaming query would have begun


def column_statistics(values: pl.Series) -> ColumnStatistics:
    """What is known of these values, at most 2^20 of them (see statistics.sums). Raises UnsupportedColumn, for Python objects."""
    kind = kind_of(values.dtype, name=values.name)
    empty = ColumnStatistics(kind, rows=len(values), missing=values.null_count())
    present = values.drop_nulls()
    if present.dtype.is_decimal():
        return decimal_statistics(empty, present, _counted)
    if kind is Kind.NUMBER:
        return _of_doubles(empty, as_doubles(present))
    if kind is Kind.INTEGER:
        return _of_integers(empty, as_integers(present))
    if kind in (Kind.TIMESTAMP, Kind.DURATION):
        return _of_integers(empty, microseconds(present))
    if kind is Kind.BOOLEAN:
        return _of_booleans(empty, present)
    if kind is Kind.STRING:
        return _of_texts(empty, present)
    if kind is Kind.BINARY:
        return _of_binaries(empty, present)
    if kind is Kind.LIST:
        return with_items(replace(empty, lengths=_lengths(as_lists(present).list.len())), present, column_statistics)
    if kind is Kind.STRUCT:
        return with_fields(empty, present, column_statistics)
    return empty


def _of_doubles(empty: ColumnStatistics, present: NDArray[np.float64]) -> ColumnStatistics:
    finite = np.isfinite(present)
    special = present[~finite]
    nan = int(np.isnan(special).sum())
    positive = int((special > 0).sum())
    values, counts = _counted(present[finite] if len(special) else present)
    total, squares = sums_of_doubles(values, counts)
    return replace(
        _of_numbers(empty, values, counts),
        nan=nan,
        positive_infinity=positive,
        negative_infinity=len(special) - nan - positive,
        total=total,
        squares=squares,
        histogram=histogram_of(values, counts),
        sketch=sketch_of(hash_doubles(values)) if len(values) > counters.LIMIT else None,
    )


def _of_integers(empty: ColumnStatistics, present: Integers) -> ColumnStatistics:
    if isinstance(present, list):
        return _of_wide_integers(empty, present)
    values, counts = _counted(present)
    total, squares = sums_of_integers(values, counts)
    return replace(
        _of_numbers(empty, values, counts),
        total=total,
        squares=squares,
        histogram=histogram_of(values.astype(np.float64), counts),
        sketch=sketch_of(hash_integers(values)) if len(values) > counters.LIMIT else None,
    )


def _of_numbers(
    empty: ColumnStatistics,
    values: Words | NDArray[np.float64],
    counts: NDArray[np.int64],
) -> ColumnStatistics:
    """What different values in ascending order say, whatever their type."""
    if not len(values):
        return empty
    taken, kept = heaviest(counts)
    return replace(
        empty,
        zeros=int(counts[values == 0].sum()),
        minimum=values[0].item(),
        maximum=values[-1].item(),
        top=top_values_of(values[kept].tolist(), counts[kept] - taken, error=taken),
    )


def _of_wide_integers(empty: ColumnStatistics, present: list[int]) -> ColumnStatistics:
    """Whole numbers beyond 64 bits, one Python object each: right, and some hundred times slower."""
    counted = Counter(present)
    top = TopValues.of(dict(counted.items()))
    rounded: Counter[float] = Counter()
    for value, count in counted.items():
        rounded[float(value)] += count
    return replace(
        empty,
        zeros=counted[0],
        minimum=min(counted),
        maximum=max(counted),
        total=ExactSum.scaled(sum(value * count for value, count in counted.items()), 0),
        squares=ExactSum.scaled(sum(value * value * count for value, count in counted.items()), 0),
        histogram=Histogram.of(rounded),
        top=top,
        sketch=None if top.is_exact else DistinctSketch.of(map(hash_number, counted)),
    )


def _of_booleans(empty: ColumnStatistics, present: pl.Series) -> ColumnStatistics:
    true = int(present.sum() or 0)
    counted = {True: true, False: len(present) - true}
    top = TopValues.of({value: count for value, count in counted.items() if count})
    return replace(empty, total=ExactSum.scaled(true, 0), top=top)


def _of_texts(empty: ColumnStatistics, present: pl.Series) -> ColumnStatistics:
    texts, counts = _counted_texts(present)
    return replace(
        empty,
        top=_top_texts(texts, counts),
        sketch=sketch_of(hash_texts(texts)) if len(texts) > counters.LIMIT else None,
        lengths=_lengths(texts.str.len_chars(), counts),
        invalid_utf8=int(counts[texts.str.contains(REPLACEMENT, literal=True).to_numpy()].sum()),
    )


def _top_texts(texts: pl.Series, counts: NDArray[np.int64]) -> TopValues:
    taken, kept = heaviest(counts)
    order = texts[kept].arg_sort().to_numpy()
    chosen = kept[order]
    return top_values_of(texts[chosen].to_list(), counts[chosen] - taken, error=taken)


def _of_binaries(empty: ColumnStatistics, present: pl.Series) -> ColumnStatistics:
    return replace(
        empty,
        lengths=_lengths(present.bin.size("b")),
        invalid_utf8=sum(map(_invalid_utf8, present.to_list())) if _may_be_invalid(present) else 0,
    )


def _may_be_invalid(present: pl.Series) -> bool:
    """Whether any value is not UTF-8; all are tried at once, which takes some hundredth of the time of one by one."""
    try:
        present.cast(pl.String)
    except pl.exceptions.ComputeError:
        return True
    return False


def _invalid_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return False


def _lengths(sizes: pl.Series, counts: NDArray[np.int64] | None = None) -> Lengths:
    """Lengths, each `counts` times (once by default)."""
    own = sizes.to_numpy().astype(np.int64)
    values, counted = _counted(own) if counts is None else _weighted(own, counts)
    return Lengths(
        count=int(counted.sum()),
        total=int(values @ counted),
        minimum=int(values[0]) if len(values) else None,
        maximum=int(values[-1]) if len(values) else None,
        histogram=histogram_of(values.astype(np.float64), counted),
    )


def _counted(present: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Different values in ascending order (-0.0 as 0.0), and how often each occurs."""
    if not len(present):
        return present, np.empty(0, np.int64)
    if present.dtype.kind == "i":
        low, high = int(present.min()), int(present.max())
        if low == high:
            return present[:1], np.array([len(present)])
        if high - low < 4 * len(present):
            counts = np.bincount(present - low)
            seen = np.flatnonzero(counts)
            return (seen + low).astype(present.dtype), counts[seen]
    ordered = np.sort(present)
    if ordered.dtype.kind == "f":
        ordered[np.searchsorted(ordered, 0.0) : np.searchsorted(ordered, 0.0, side="right")] = 0.0
    differs = ordered[1:] != ordered[:-1]
    if differs.all():
        return ordered, np.ones(len(ordered), np.int64)
    starts = np.concatenate(([0], np.flatnonzero(differs) + 1))
    return ordered[starts], np.diff(starts, append=len(ordered))


def _weighted(values: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Different values in ascending order, and the sum of the counts of each."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[starts], np.add.reduceat(counts[order], starts) if len(starts) else counts


def _counted_texts(present: pl.Series) -> tuple[pl.Series, NDArray[np.int64]]:
    """Different values in no order, and how often each occurs."""
    grouped = present.cast(pl.String).rename("value").to_frame().lazy().group_by("value").len("count")
    counted = grouped.collect(engine="streaming" if len(present) > _FEW else "in-memory")
    return counted["value"], counted["count"].to_numpy().astype(np.int64)
