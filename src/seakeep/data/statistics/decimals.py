"""Statistics of decimals: sums without rounding, everything else by the nearest double.

Called by statistics.columns. A decimal is a whole number of units of 10^-scale, so its sums are those of whole numbers and stay exact.
Extremes, histogram and most frequent values are doubles, as for every number; but a whole number that no double holds stays
a whole number, so that identifiers kept as decimals remain apart. What is hard: doubles must be the nearest ones, which dividing
gives only while both sides are exact; beyond that every different value is rounded by itself, from the fraction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core import counters
from seakeep.core.counters import TopValues
from seakeep.core.distinct import DistinctSketch, hash_number
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.data.statistics.hashing import hash_doubles
from seakeep.data.statistics.numbers import as_integers
from seakeep.data.statistics.sketches import heaviest, histogram_of, sketch_of, top_values_of
from seakeep.data.statistics.sums import sums_of_integers

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import polars as pl
    from numpy.typing import NDArray

    from seakeep.core.statistics import ColumnStatistics
    from seakeep.data.statistics.numbers import Integers, Words

_TOLD_APART = 10**15
"""Decimals of 15 digits have doubles of their own; below 2^53 and 10^22 a quotient of doubles is the nearest one."""
_EXACT_POWER = 22


def units_of(present: pl.Series) -> Integers:
    """Decimals without nulls as whole numbers of units of 10^-scale."""
    return as_integers(present.to_physical())


def decimal_statistics(
    empty: ColumnStatistics,
    present: pl.Series,
    counted: Callable[[NDArray[Any]], tuple[NDArray[Any], NDArray[np.int64]]],
) -> ColumnStatistics:
    """What is known of decimals without nulls; `counted` gives an array's different values, ascending, and their counts."""
    scale: int = present.dtype.scale  # type: ignore[attr-defined]
    units = units_of(present)
    if isinstance(units, list):
        return _of_wide(empty, Counter(units), scale)
    values, counts = counted(units)
    if not len(values):
        return empty
    if not told_apart(values, scale):
        return _of_wide(empty, dict(zip(values.tolist(), counts.tolist(), strict=True)), scale)
    total, squares = sums_of_integers(values, counts)
    doubles = values.astype(np.float64) / 10.0**scale
    taken, kept = heaviest(counts)
    return replace(
        empty,
        zeros=int(counts[values == 0].sum()),
        minimum=doubles[0].item(),
        maximum=doubles[-1].item(),
        total=as_decimal(total, scale),
        squares=as_decimal(squares, 2 * scale),
        histogram=histogram_of(doubles, counts),
        top=top_values_of(doubles[kept].tolist(), counts[kept] - taken, error=taken),
        sketch=sketch_of(hash_doubles(doubles)) if len(values) > counters.LIMIT else None,
    )


def told_apart(units: Words, scale: int) -> bool:
    """Whether units · 10^-scale, divided as doubles, give every decimal its nearest double, and one of its own."""
    largest = max(-int(units.min()), int(units.max())) if len(units) else 0
    return largest < _TOLD_APART and scale <= _EXACT_POWER


def as_decimal(whole: ExactSum, scale: int) -> ExactSum:
    """whole · 10^-scale, exactly."""
    return ExactSum.decimal(int(whole.fraction()), scale)


def _of_wide(empty: ColumnStatistics, counted: dict[int, int], scale: int) -> ColumnStatistics:
    """Decimals of more digits than doubles have, one Python object each: right, and some hundred times slower."""
    found: Counter[int | float] = Counter()
    rounded: Counter[float] = Counter()
    for units, count in counted.items():
        value = nearest(units, scale)
        found[value] += count
        rounded[float(value)] += count
    top = TopValues.of(dict(found.items()))
    return replace(
        empty,
        zeros=counted.get(0, 0),
        minimum=min(found, default=None),
        maximum=max(found, default=None),
        total=ExactSum.decimal(sum(units * count for units, count in counted.items()), scale),
        squares=ExactSum.decimal(sum(units * units * count for units, count in counted.items()), 2 * scale),
        histogram=Histogram.of(rounded),
        top=top,
        sketch=None if top.is_exact else DistinctSketch.of(map(hash_number, found)),
    )


def nearest(units: int, scale: int) -> int | float:
    """The double nearest to units · 10^-scale; the whole number itself where it is one that no double holds.

    >>> nearest(125, 2), nearest(9007199254740993, 0), nearest(90071992547409930, 1)
    (1.25, 9007199254740993, 9007199254740993)
    """
    value = Fraction(units, 10**scale)
    rounded = float(value)
    return value.numerator if value.denominator == 1 and rounded != value else rounded
