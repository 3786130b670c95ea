"""L-infinity: the largest move of one value's share of the rows. Called by data.drift by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.evidence.aligned import comparable, precision

if TYPE_CHECKING:
    from seakeep.core.statistics import ColumnStatistics

KINDS = frozenset({Kind.STRING, Kind.BOOLEAN, Kind.INTEGER})
THRESHOLD = 0.1
FLOOR = 0.04
LARGEST = 1.0
SYMMETRIC = True
SOURCE = "Breck et al., Data Validation for Machine Learning, 2019; noise: Bernstein's inequality"


def distance(reference: ColumnStatistics, current: ColumnStatistics) -> float:
    """Largest difference of the shares that one value has among the values present; symmetric.

    Parameters: reference, current: statistics of one column, at least one value each.
    Returns: float in [0, 1]. Exact while both columns' `top` is; else within the larger `error / rows`, at most 1/2049.
    Raises: NotComparable, if the columns differ in kind or one is empty.
    >>> from seakeep.testing import column_of
    >>> distance(column_of(["a", "a", "b", "b"]), column_of(["a", "a", "a", "c"]))
    0.5
    """
    comparable("l_infinity", KINDS, reference, current)
    first, second = reference.top.as_dict(), current.top.as_dict()
    values = first.keys() | second.keys()
    n, m = reference.finite, current.finite
    gaps = (abs(first.get(v, 0) / n - second.get(v, 0) / m) for v in values)
    return max(gaps, default=0.0)


def noise(reference: ColumnStatistics, current: ColumnStatistics, *, probability: float) -> float:
    """What sampling alone exceeds with at most `probability`: Bernstein's bound for each value, all of them together."""
    first, second = reference.top.as_dict(), current.top.as_dict()
    rows = reference.finite + current.finite
    shares = [(first.get(v, 0) + second.get(v, 0)) / rows for v in first.keys() | second.keys()]
    spread = max((share * (1 - share) for share in shares), default=0.0)
    logarithm = math.log(2 * max(1, len(shares)) / probability)
    fewest = min(reference.finite, current.finite)
    return min(1.0, math.sqrt(2 * spread * precision(reference, current) * logarithm) + logarithm / (3 * fewest))
