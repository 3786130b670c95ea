"""Histograms: ours of up to 2,048 buckets into TFMD's two of ten, and those back into ours.

TFMD's QUANTILES histogram cuts at ten quantiles: a bucket holds the values above `low_value` and up to `high_value`, the first also those
at its `low_value`, and buckets that end at one value share its rows evenly. Its STANDARD histogram has ten buckets of equal width.
Infinite values stand in both. What is hard is the way back: ten buckets tell a distribution to within a bucket's share, so
rows are laid out evenly inside of each, and the result is never called exact.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from seakeep.core.histogram import LIMIT, Histogram, key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

BUCKETS = 10
STANDARD, QUANTILES = 0, 1
_APART = 100
"""Most places at which the rows of one bucket are laid out on the way back."""


@dataclass(frozen=True, slots=True)
class Line:
    """Values on a line with what each counts: a histogram's places, ascending, infinities included.

    lows, highs: bounds of each place, equal for a single value. counts: rows there. through: rows there and below. whole: whether
    counts are rows, and not weights. Rows of a place that is not one value are taken to lie evenly.
    """

    lows: tuple[float, ...]
    highs: tuple[float, ...]
    counts: tuple[float, ...]
    through: tuple[float, ...]
    whole: bool = True

    @classmethod
    def of(
        cls, histogram: Histogram, *, below: float = 0, above: float = 0, unit: float = 1.0,
        least: float | None = None, greatest: float | None = None,
    ) -> Line:  # fmt: skip
        """The line of a histogram with `below` rows at minus and `above` at plus infinity. unit: what one count stands for."""
        bounds = [histogram.bounds(i) for i in range(len(histogram.keys))]
        lows = [low if least is None else max(low, least) for low, _ in bounds]
        highs = [high if greatest is None else min(high, greatest) for _, high in bounds]
        counts = [count * unit for count in histogram.counts]
        if below:
            lows, highs, counts = [-math.inf, *lows], [-math.inf, *highs], [below, *counts]
        if above:
            lows, highs, counts = [*lows, math.inf], [*highs, math.inf], [*counts, above]
        return cls(tuple(lows), tuple(highs), tuple(counts), tuple(accumulate(counts)), unit == 1.0)

    @property
    def total(self) -> float:
        """Rows on the line."""
        return self.through[-1] if self.through else 0.0

    def quantile(self, share: float) -> float:
        """The value at rank floor(share · rows) + 1, which is TFDV's; within a bucket that is not one value, in proportion."""
        rank = min(math.floor(share * self.total + 1e-9) + 1.0, self.total) if self.whole else share * self.total
        index = min(bisect_left(self.through, rank), len(self.through) - 1)
        low, high, count = self.lows[index], self.highs[index], self.counts[index]
        if low == high:
            return low
        part = (rank - (self.through[index] - count)) / count
        return low * (1 - part) + high * part

    def rows_to(self, value: float) -> float:
        """Rows at or below `value`; in proportion within a bucket that is not one value."""
        index = bisect_right(self.lows, value) - 1
        if index < 0:
            return 0.0
        low, high, count = self.lows[index], self.highs[index], self.counts[index]
        if value >= high:
            return self.through[index]
        return self.through[index] - count + count * (value - low) / (high - low)


def quantiles_into(target: Any, line: Line) -> None:
    """Fill a Histogram proto with the line's deciles, as TFDV cuts them."""
    target.type = QUANTILES
    cuts = [line.quantile(i / BUCKETS) for i in range(BUCKETS + 1)]
    cuts[0], cuts[-1] = line.lows[0], line.highs[-1]
    through = [line.rows_to(cut) for cut in cuts]
    counts = _evened(cuts, through)
    for (low, high), count in zip(pairwise(cuts), counts, strict=True):
        target.buckets.add(low_value=low, high_value=high, sample_count=count)


def standard_into(target: Any, line: Line) -> None:
    """Fill a Histogram proto with buckets of equal width over the finite values; a value at an edge is in the bucket below it.

    Infinities have buckets of their own.
    """
    target.type = STANDARD
    finite = [(low, high) for low, high in zip(line.lows, line.highs, strict=True) if math.isfinite(low)]
    if line.lows[0] == -math.inf:
        target.buckets.add(low_value=-math.inf, high_value=-math.inf, sample_count=line.counts[0])
    if finite:
        edges = _edges(finite[0][0], finite[-1][1])
        before = line.counts[0] if line.lows[0] == -math.inf else 0.0
        for low, high in pairwise(edges):
            through = line.rows_to(high)
            target.buckets.add(low_value=low, high_value=high, sample_count=through - before)
            before = through
    if line.highs[-1] == math.inf:
        target.buckets.add(low_value=math.inf, high_value=math.inf, sample_count=line.counts[-1])


def even_into(target: Any, value: float, rows: float) -> None:
    """Fill a Histogram proto with deciles of rows that all have one value."""
    target.type = QUANTILES
    for _ in range(BUCKETS):
        target.buckets.add(low_value=value, high_value=value, sample_count=rows / BUCKETS)


def from_buckets(buckets: Sequence[Any], rows: int, *, whole: bool, zeros: int = 0) -> tuple[Histogram, float]:
    """Our histogram of `rows` finite values out of a proto's buckets, and the share of rows that its widest bucket holds.

    whole: whether the values are whole numbers. zeros: rows at 0, where that is known. Rows are laid out evenly inside a bucket; counts are rounded so that they
    add up to `rows`.
    """
    places: list[tuple[float, float]] = []
    widest = 0.0
    total = sum(bucket.sample_count for bucket in buckets) or 1.0
    each = max(1, min(_APART, LIMIT // max(1, len(buckets))))
    for low, high, held in _finite(buckets):
        count = held
        if low == high:
            places.append((low, count))
            zeros -= round(count) if low == 0 else 0
            continue
        if low <= 0 <= high and zeros > 0:
            here = min(float(zeros), count)
            places.append((0.0, here))
            zeros, count = zeros - round(here), count - here
        if not count:
            continue
        widest = max(widest, count / total)
        spread = _spread(low, high, each, whole=whole)
        places += [(value, count / len(spread)) for value in spread]
    return _rounded(places, rows), widest


def _finite(buckets: Sequence[Any]) -> list[tuple[float, float, float]]:
    """Buckets of finite values with rows; one whose one end is infinite has its rows at the other."""
    found = []
    for bucket in buckets:
        low, high = bucket.low_value, bucket.high_value
        if math.isinf(low) and math.isinf(high):
            continue
        low, high = (high if math.isinf(low) else low), (low if math.isinf(high) else high)
        if bucket.sample_count > 0 and not (math.isnan(low) or math.isnan(high)):
            found.append((low, max(low, high), bucket.sample_count))
    return found


def _spread(low: float, high: float, most: int, *, whole: bool) -> list[float]:
    """At most so many places of (low, high], evenly; the last is `high`."""
    if whole and high - low <= most:
        return [low + i for i in range(1, int(high - low) + 1)] or [high]
    found = [low + (high - low) * (i / most) for i in range(1, most)] + [high]
    return [float(round(value)) for value in found] if whole and abs(high) < 2**53 else found


def _rounded(places: list[tuple[float, float]], rows: int) -> Histogram:
    """Places with shares of rows as a histogram of whole rows, by largest carry: no place is off by more than one row."""
    total = sum(count for _, count in places)
    if not total or not rows:
        return Histogram()
    merged: dict[int, int] = {}
    carried, given = 0.0, 0
    for value, count in sorted(places):
        carried += count * rows / total
        here = round(carried) - given
        given += here
        if here:
            merged[key_of(value)] = merged.get(key_of(value), 0) + here
    coarse: dict[int, int] = {}
    exact = len(merged) <= 1  # one place, and the sketch that it came from saw its smallest and its largest value there
    for key, count in merged.items():
        coarse[key if exact else key >> 1] = coarse.get(key if exact else key >> 1, 0) + count
    return Histogram.from_keys(coarse, 0 if exact else 1)


def _edges(low: float, high: float) -> list[float]:
    if low == high:
        return [low, high]
    width = high / BUCKETS - low / BUCKETS
    return [low, *(low + width * i for i in range(1, BUCKETS)), high]


def _evened(cuts: list[float], through: list[float]) -> list[float]:
    """Rows of each bucket; those that end at one value share them evenly, and the first ones hold those at their low end."""
    counts = [after - before for before, after in pairwise(through)]
    start = 0
    while start < len(counts):
        end = start + 1
        while end < len(counts) and cuts[end + 1] == cuts[start + 1]:
            end += 1
        share = sum(counts[start:end]) / (end - start)
        counts[start:end] = [share] * (end - start)
        start = end
    first = sum(1 for low, high in pairwise(cuts) if (low, high) == (cuts[0], cuts[1]))
    for i in range(first):
        counts[i] += through[0] / first
    return counts
