"""What a feature's statistics of numbers say, as our sums, extremes and histograms. Called by `statistics_in`.

TFDV holds means and deviations as doubles and counts infinite values in its histograms alone; here they become sums in
whole units, and counts of their own.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.statistics import ColumnStatistics, Lengths
from seakeep.core.weighted import BITS
from seakeep.integrations._tfx.histograms import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Sequence


def infinities(stats: Any) -> tuple[int, int, bool]:
    """Rows at minus and at plus infinity, and whether they are exact.

    TFDV's standard histogram has a bucket of each. It is empty where the finite values span more than a double can hold; the deciles tell then: rows of
    buckets that lie at an end alone, with those of the bucket that leads there, or else the one row that the extreme itself shows.
    """
    by_type = _by_type(stats)
    standard, quantiles = by_type.get(0, ()), by_type.get(QUANTILES, ())
    if standard or not (math.isinf(stats.min) or math.isinf(stats.max)):
        buckets = [bucket for type_, each in by_type.items() if type_ != QUANTILES for bucket in each]
        below = sum(round(bucket.sample_count) for bucket in buckets if bucket.high_value == -math.inf)
        above = sum(round(bucket.sample_count) for bucket in buckets if bucket.low_value == math.inf)
        return below, above, True
    below = _rows_at_end([bucket.sample_count for bucket in quantiles if bucket.high_value == -math.inf])
    whole = [bucket.sample_count for bucket in quantiles if bucket.low_value == math.inf]
    leading = [b.sample_count for b in quantiles if b.high_value == math.inf and b.low_value != math.inf]
    above = _rows_at_end([*whole, *leading] if whole else [])
    return below if stats.min == -math.inf else 0, above if stats.max == math.inf else 0, False


def _by_type(stats: Any) -> dict[int, Sequence[Any]]:
    return {histogram.type: histogram.buckets for histogram in stats.histograms}


def _rows_at_end(counts: Sequence[float]) -> int:
    return max(1, round(math.fsum(counts)))


def buckets_of(stats: Any) -> Sequence[Any]:
    """The buckets that tell the distribution best: quantiles, or equal widths where there are infinite values among the former."""
    by_type = _by_type(stats)
    quantiles, standard = by_type.get(QUANTILES, []), by_type.get(0, [])
    infinite = any(math.isinf(bucket.low_value) or math.isinf(bucket.high_value) for bucket in quantiles)
    return (standard or quantiles) if infinite or not quantiles else quantiles


def moments(histogram: Histogram) -> tuple[float, float]:
    """Mean and deviation of the rows where the buckets lay them."""
    rows = histogram.total
    places = list(zip(histogram.middles(), histogram.counts, strict=True))
    mean = math.fsum(value * (count / rows) for value, count in places)
    scale = max((abs(value) for value, _ in places), default=0.0) or 1.0  # so that no square overflows
    return mean, scale * math.sqrt(
        math.fsum((value / scale - mean / scale) ** 2 * (count / rows) for value, count in places)
    )


def extremes(stats: Any, *, whole: bool) -> tuple[int | float, int | float]:
    """The least and the greatest finite value; of the buckets, where TFDV says infinity."""
    low, high = stats.min, stats.max
    finite = [
        (b.low_value, b.high_value)
        for b in buckets_of(stats)
        if math.isfinite(b.low_value) and math.isfinite(b.high_value)
    ]
    if math.isinf(low):
        low = min((pair[0] for pair in finite), default=0.0)
    if math.isinf(high):
        high = max((pair[1] for pair in finite), default=0.0)
    return (int(low), int(high)) if whole else (low, high)


def counted(found: ColumnStatistics, listed: dict[Any, int]) -> ColumnStatistics:
    """Numbers whose values are listed: moments, extremes and histogram of those."""
    if not listed:
        return found
    weight = [(Fraction(value), rows) for value, rows in listed.items()]
    return replace(
        found,
        zeros=listed.get(0, 0),
        minimum=min(listed),
        maximum=max(listed),
        total=exact_sum(sum((value * rows for value, rows in weight), Fraction())),
        squares=exact_sum(sum((value * value * rows for value, rows in weight), Fraction())),
        histogram=Histogram.of({float(value): rows for value, rows in listed.items()}),
    )


def lengths_of(listed: dict[str, int], lengths: dict[str, int]) -> Lengths:
    """Lengths of texts. listed: rows by value; lengths: of each value, in characters."""
    counts: dict[float, int] = {}
    for value, rows in listed.items():
        counts[float(lengths[value])] = counts.get(float(lengths[value]), 0) + rows
    total = sum(lengths[value] * rows for value, rows in listed.items())
    return Lengths(sum(listed.values()), total, min(lengths.values()), max(lengths.values()), Histogram.of(counts))


def sum_of(value: Fraction, *, whole: bool) -> ExactSum:
    """A sum; of whole numbers it is the nearest whole one."""
    return ExactSum.scaled(round(value), 0) if whole else exact_sum(value)


def exact_sum(value: Fraction) -> ExactSum:
    """The sum nearest to `value` in units of 2^-1074, the finest that doubles have; exact for multiples of doubles."""
    return ExactSum.scaled(round(value * (1 << 1074)), -1074)


def units(weight: float) -> int:
    """A weight in whole units, as Weighted counts it."""
    return round(Fraction(weight) * (1 << BITS))
