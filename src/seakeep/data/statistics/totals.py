"""total: adds many Statistics at once, many times as fast as `+` one by one.

Everything that adds exactly comes out as `+` gives it, to the bit. Where a column has more values than are listed, its most
frequent ones are cut once instead of at every `+`, so that their error is at most what `+` would carry. What is fast: a
column's values and counts of all parts go into one array each, or one dictionary of texts; while they are complete, the
histogram is made from them instead of being added besides.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import replace
from functools import reduce
from itertools import chain, islice
from operator import add, attrgetter, neg
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from seakeep.core.counters import TopValues
from seakeep.core.distinct import DistinctSketch, hash_number
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import LIMIT, Histogram
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnStatistics, Lengths, Statistics
from seakeep.data.statistics.hashing import hash_doubles, hash_integers, hash_texts
from seakeep.data.statistics.sketches import heaviest, histogram_of, sketch_of, top_values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from seakeep.core.counters import Value

    Columns = Sequence[ColumnStatistics]
    Parts = Sequence[Statistics]

TOGETHER = 10_000
"""Statistics added at a time, so that a stream of them need not be held."""
_COUNTS = ("rows", "missing", "nan", "positive_infinity", "negative_infinity", "zeros", "invalid_utf8")
_EXACT = 1 << 53


def total(parts: Iterable[Statistics]) -> Statistics:
    """The sum of all parts; the empty table's statistics for none.

    Cost: about 2 s for 10,000 parts of 36 columns and 100 rows each; memory: 10,000 parts and their sum.
    Raises: ColumnMismatch and StatisticsMismatch, as adding does.
    """
    rest = iter(parts)
    whole = Statistics()
    while some := list(islice(rest, TOGETHER)):
        whole = whole + _total(some)
    return whole


def _total(parts: Parts) -> Statistics:
    if any(part.weight or part.label for part in parts):
        return reduce(add, parts, Statistics())
    told = reduce(add, (replace(part, columns={}, slices={}) for part in parts), Statistics())
    by_name: dict[str, list[ColumnStatistics]] = defaultdict(list)
    slices: dict[str, list[Statistics]] = defaultdict(list)
    for part in parts:
        for name, column in part.columns.items():
            by_name[name].append(column)
        for name, own in part.slices.items():
            slices[name].append(own)
    columns = {name: _column(name, found, told.rows) for name, found in by_name.items()}
    return replace(told, columns=columns, slices={name: _total(found) for name, found in slices.items()})


def _column(name: str, parts: Columns, rows: int) -> ColumnStatistics:
    """The sum of a column's parts; the rows of tables that lack it are missing."""
    kinds = dict.fromkeys(map(attrgetter("kind"), parts))
    sums = [_of_one_kind(name, [part for part in parts if part.kind is kind]) for kind in kinds]
    lacking = rows - sum(one.rows for one in sums)
    if lacking:
        sums.append(ColumnStatistics.absent(Kind.NULL, lacking))
    return reduce(lambda one, other: one.added(other, name=name), sums)


def _of_one_kind(name: str, parts: Columns) -> ColumnStatistics:
    """The sum of parts of one kind."""
    if len(parts) == 1:
        return parts[0]
    if any(part.weighted for part in parts):
        return reduce(lambda one, other: one.added(other, name=name), parts)
    top, sketch, histogram = _values(parts)
    return replace(
        parts[0],
        **{count: sum(map(attrgetter(count), parts)) for count in _COUNTS},
        minimum=min((part.minimum for part in parts if part.minimum is not None), default=None),
        maximum=max((part.maximum for part in parts if part.maximum is not None), default=None),
        total=_exact([part.total for part in parts]),
        squares=_exact([part.squares for part in parts]),
        histogram=_histograms([part.histogram for part in parts]) if histogram is None else histogram,
        top=top,
        sketch=sketch,
        lengths=_lengths([part.lengths for part in parts if part.lengths is not None]),
        items=_items(name, parts) if parts[0].kind is Kind.LIST else None,
        fields=_fields(name, parts) if parts[0].kind is Kind.STRUCT else {},
    )


def _values(parts: Columns) -> tuple[TopValues, DistinctSketch | None, Histogram | None]:
    """Most frequent values, the sketch where they are not all, and the histogram where they are all of a numeric column."""
    tops = [part.top for part in parts if part.top.values or part.top.error]
    error = sum(top.error for top in tops)
    arrays = _as_arrays(tops, parts[0].kind) if parts[0].kind.is_numeric else None
    if arrays is None:
        merged = _merged(tops)
        top = TopValues.of(merged, error=error)
        hashed = None if top.is_exact else _hashed(list(merged), parts[0].kind)
        return top, _sketch(hashed, parts), None
    values, counts = arrays
    taken, kept = heaviest(counts)
    top = top_values_of(values[kept].tolist(), counts[kept] - taken, error=error + taken)
    complete = not error and all(part.histogram.is_exact for part in parts)
    histogram = histogram_of(values.astype(np.float64), counts) if complete else None
    hashed = None if top.is_exact else _hashes(values)
    return top, _sketch(hashed, parts), histogram


def _as_arrays(tops: Sequence[TopValues], kind: Kind) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
    """Different values, ascending, and their counts; None where no array of numbers holds them."""
    number = sum(len(top.values) for top in tops)
    listed: Iterable[Any] = chain.from_iterable(top.values for top in tops)
    values: NDArray[Any]
    try:
        values = np.fromiter(listed, np.float64 if kind is Kind.NUMBER else np.int64, number)
    except OverflowError:
        return None
    if kind is Kind.NUMBER and number and np.abs(values).max() >= _EXACT:
        return None
    return _gathered(values, np.fromiter(chain.from_iterable(top.counts for top in tops), np.int64, number))


def _gathered(values: NDArray[Any], counts: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Different values, ascending, and the sum of the counts of each."""
    if not len(values):
        return values, counts
    if values.dtype == np.int64:
        low, high = int(values.min()), int(values.max())
        if high - low < 4 * len(values) and int(counts.sum()) < _EXACT:
            found = np.bincount(values - low, weights=counts)
            seen = np.flatnonzero(found)
            return seen + low, found[seen].astype(np.int64)
    order = np.argsort(values)
    ordered = values[order]
    starts = np.concatenate(([0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1))
    return ordered[starts], np.add.reduceat(counts[order], starts)


def _merged(tops: Sequence[TopValues]) -> dict[Any, int]:
    """Counts by value. The most frequent come first; those that occur once are counted together."""
    merged: Counter[Any] = Counter()
    for top in tops:
        once = bisect_left(top.counts, -1, key=neg)
        for value, count in zip(top.values[:once], top.counts, strict=False):
            merged[value] += count
        merged.update(top.values[once:])
    return merged


def _sketch(hashed: DistinctSketch | None, parts: Columns) -> DistinctSketch | None:
    """The sketch of values that are no longer all listed, with those that parts had."""
    if hashed is None:
        return None
    registers = {part.sketch.registers for part in parts if part.sketch is not None}
    stacked = [np.frombuffer(one, np.uint8) for one in (hashed.registers, *registers)]
    return DistinctSketch(np.maximum.reduce(stacked).tobytes())


def _hashes(values: NDArray[Any]) -> DistinctSketch:
    return sketch_of(hash_doubles(values) if values.dtype == np.float64 else hash_integers(values))


def _hashed(values: Sequence[Value], kind: Kind) -> DistinctSketch:
    if kind is Kind.STRING:
        return sketch_of(hash_texts(pl.Series(values, dtype=pl.String)))
    return DistinctSketch.of(hash_number(value) for value in values if not isinstance(value, str))


def _exact(sums: Sequence[ExactSum]) -> ExactSum:
    """Mantissas of one exponent are added first."""
    same: dict[tuple[int, int], int] = {}
    for one in sums:
        if one.mantissa:
            unit = (one.exponent, one.fives)
            same[unit] = same.get(unit, 0) + one.mantissa
    parts = (ExactSum.reduced(mantissa, *unit) for unit, mantissa in same.items())
    return reduce(add, parts, ExactSum())


def _histograms(parts: Sequence[Histogram]) -> Histogram:
    """The sum of histograms at the coarsest one's depth, collapsed further until few enough buckets are left."""
    shift = max(part.shift for part in parts)
    number = sum(len(part.keys) for part in parts)
    keys = np.fromiter(chain.from_iterable(part.keys for part in parts), np.int64, number)
    steps = np.repeat([shift - part.shift for part in parts], [len(part.keys) for part in parts])
    counts = np.fromiter(chain.from_iterable(part.counts for part in parts), np.int64, number)
    keys, counts = _gathered(keys >> steps, counts)
    while len(keys) > LIMIT:
        keys, counts = _gathered(keys >> 1, counts)
        shift += 1
    return Histogram(tuple(keys.tolist()), tuple(counts.tolist()), shift)


def _lengths(parts: Sequence[Lengths]) -> Lengths | None:
    if not parts:
        return None
    return Lengths(
        sum(part.count for part in parts),
        sum(part.total for part in parts),
        min((part.minimum for part in parts if part.minimum is not None), default=None),
        max((part.maximum for part in parts if part.maximum is not None), default=None),
        _histograms([part.histogram for part in parts]),
    )


def _items(name: str, parts: Columns) -> ColumnStatistics | None:
    found = [part.items for part in parts if part.items is not None]
    return _column(f"{name}[]", found, sum(one.rows for one in found)) if found else None


def _fields(name: str, parts: Columns) -> dict[str, ColumnStatistics]:
    """Field by field; a field that some structs do not have is missing in them."""
    found: dict[str, list[ColumnStatistics]] = defaultdict(list)
    for part in parts:
        for field, column in part.fields.items():
            found[field].append(column)
    present = sum(part.present for part in parts)
    return {field: _column(f"{name}.{field}", columns, present) for field, columns in found.items()}
