"""Missing rate: how far the share of missing values has moved. Called by data.drift by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.evidence.aligned import NotComparable

if TYPE_CHECKING:
    from seakeep.core.statistics import ColumnStatistics

KINDS = frozenset(Kind)
THRESHOLD = 0.05
FLOOR = 0.02
LARGEST = 1.0
SYMMETRIC = True
SOURCE = "Breck et al., Data Validation for Machine Learning, 2019; noise: Bernstein's inequality"


def distance(reference: ColumnStatistics, current: ColumnStatistics) -> float:
    """Absolute difference of the shares of rows that are null or NaN; exact, symmetric, of columns of any kinds.

    Parameters: reference, current: statistics of one column, at least one row each.
    Returns: float in [0, 1]. Raises: NotComparable, if one has no rows.
    >>> from seakeep.testing import column_of
    >>> distance(column_of([1, None]), column_of([1, 2]))
    0.5
    """
    for which, column in (("reference", reference), ("current", current)):
        if not column.rows:
            raise NotComparable.empty("missing_rate", which)
    return abs(reference.missing_rate - current.missing_rate)


def noise(reference: ColumnStatistics, current: ColumnStatistics, *, probability: float) -> float:
    """What sampling alone exceeds with at most `probability`: Bernstein's bound at the rate of both together."""
    missing = reference.missing + reference.nan + current.missing + current.nan
    rate = missing / (reference.rows + current.rows)
    logarithm = math.log(2 / probability)
    spread = rate * (1 - rate) * (1 / reference.rows + 1 / current.rows)
    return min(1.0, math.sqrt(2 * spread * logarithm) + logarithm / (3 * min(reference.rows, current.rows)))
