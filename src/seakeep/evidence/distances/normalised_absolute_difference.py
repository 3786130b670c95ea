"""Normalised absolute difference: the largest change of one value's count, of all rows on both sides. Called by data.drift by name.

Unlike every other distance it compares counts, not shares: twice the rows are a change. It is for tables that are expected to be of
one size, such as one day's of a steady source, where a value that doubles because all rows do is news.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.evidence.aligned import comparable

if TYPE_CHECKING:
    from seakeep.core.statistics import ColumnStatistics

KINDS = frozenset({Kind.STRING, Kind.BOOLEAN, Kind.INTEGER})
THRESHOLD = 0.1
FLOOR = 0.04
LARGEST = 1.0
SYMMETRIC = True
SOURCE = "NormalizedAbsoluteDifference of TensorFlow Metadata's schema, version 0; noise: Bernstein's inequality"


def distance(reference: ColumnStatistics, current: ColumnStatistics) -> float:
    """Largest difference of one value's counts, over the values present on both sides together; symmetric.

    Parameters: reference, current: statistics of one column, at least one value each.
    Returns: float in [0, 1]; 0 iff every value is as frequent in both, in rows. Exact while both columns' `top` is.
    Raises: NotComparable, if the columns differ in kind or one is empty.
    >>> from seakeep.testing import column_of
    >>> distance(column_of(["a", "a", "b", "b"]), column_of(["a", "b", "b", "b", "b", "b"]))
    0.3
    """
    comparable("normalised_absolute_difference", KINDS, reference, current)
    first, second = reference.top.as_dict(), current.top.as_dict()
    gaps = (abs(first.get(value, 0) - second.get(value, 0)) for value in first.keys() | second.keys())
    return max(gaps, default=0) / (reference.finite + current.finite)


def noise(reference: ColumnStatistics, current: ColumnStatistics, *, probability: float) -> float:
    """What sampling alone exceeds with at most `probability`, where counts of equal means vary as Poisson's do.

    Bernstein's bound for the difference of two such counts, whose variance is the sum of both, for all values together.
    """
    first, second = reference.top.as_dict(), current.top.as_dict()
    both = [first.get(value, 0) + second.get(value, 0) for value in first.keys() | second.keys()]
    logarithm = math.log(2 * max(1, len(both)) / probability)
    widest = math.sqrt(2 * max(both, default=0) * logarithm) + logarithm / 3
    return min(1.0, widest / (reference.finite + current.finite))
