"""Quantiles of a column from its histogram and its most frequent values together, and how far their ranks may be off.

A bucket that is not one value hides the order of what is in it. Where most of it is known by value (the zeros of a column of
which nine tenths are zero), the known values are put in order and only the rest stays hidden: `rank_error` is the largest
such rest, so it is small for heavy values and for smooth columns alike. It is honest, not small, where two scales
meet in one column (half of it near 0, half identifiers near a billion): its buckets are as fine as the wider scale allows.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from seakeep.core.histogram import key_of

if TYPE_CHECKING:
    from seakeep.core.counters import TopValues
    from seakeep.core.histogram import Histogram

Known = list[tuple[float, int]]


def rank_error(histogram: Histogram, top: TopValues) -> float:
    """Largest error of a quantile's rank, as a share of the rows counted: 0 while the histogram is exact."""
    if histogram.is_exact or not histogram.counts:
        return 0.0
    heavy = max(histogram.counts) // 2
    known: dict[int, int] = {}
    if sum(top.counts) > heavy:
        for value, count in zip(top.values, top.counts, strict=True):
            key = key_of(float(value)) >> histogram.shift
            known[key] = known.get(key, 0) + count
    hidden = (_hidden(count, known.get(key, 0)) for key, count in zip(histogram.keys, histogram.counts, strict=True))
    return max(hidden) / histogram.total


def quantile(histogram: Histogram, top: TopValues, share: float) -> float | None:
    """The value at rank ceil(share · rows), within `rank_error`. None when no row was counted."""
    if histogram.is_exact or not histogram.counts:
        return histogram.quantile(share)
    cumulated = list(accumulate(histogram.counts))
    rank = max(1, math.ceil(share * cumulated[-1]))
    index = min(bisect_left(cumulated, rank), len(cumulated) - 1)
    count = histogram.counts[index]
    known = _known(histogram, top, index) if sum(top.counts) > count // 2 else []
    if _hidden(count, sum(own for _, own in known)) == count:
        return histogram.quantile(share)
    inside = rank - (cumulated[index] - count)
    return _at(known, inside - (count - sum(own for _, own in known)) / 2)


def _hidden(count: int, known: int) -> int:
    """Rows of a bucket whose order stays hidden: those not known by value, if most are, else all."""
    return count - known if 2 * known > count else count


def _known(histogram: Histogram, top: TopValues, index: int) -> Known:
    """The values of bucket `index` that are listed, ascending, and their counts."""
    key = histogram.keys[index]
    listed = ((float(value), count) for value, count in zip(top.values, top.counts, strict=True))
    low, high = histogram.bounds(index)
    return sorted((v, c) for v, c in listed if low <= v <= high and key_of(v) >> histogram.shift == key)


def _at(known: Known, rank: float) -> float:
    """The value at a rank among those known."""
    for value, count in known:
        rank -= count
        if rank <= 0:
            return value
    return known[-1][0]
