"""Kolmogorov–Smirnov: the largest gap between two cumulative distributions. Called by data.drift by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.evidence.aligned import NUMERIC, comparable, line, precision

if TYPE_CHECKING:
    from seakeep.core.statistics import ColumnStatistics

KINDS = NUMERIC
THRESHOLD = 0.2
FLOOR = 0.08
LARGEST = 1.0
SYMMETRIC = True
SOURCE = (
    "Smirnov 1939; noise: the bound of Massart, Annals of Probability 18, 1990, for two samples by Wei and Dudley, 2012"
)


def distance(reference: ColumnStatistics, current: ColumnStatistics) -> float:
    """Largest difference of the shares of rows at or below any value; symmetric.

    Parameters: reference, current: statistics of one column, at least one value each.
    Returns: float in [0, 1]. Exact while both histograms are (at most 2,048 different values); else the true gap lies
        within [returned, returned + rank_error], the larger of both histograms' at the common depth. O(buckets).
    Raises: NotComparable, if the columns differ in kind or one is empty.
    >>> from seakeep.testing import column_of
    >>> distance(column_of([1, 2, 3, 4]), column_of([3, 4, 5, 6]))
    0.5
    """
    comparable("kolmogorov_smirnov", KINDS, reference, current)
    return float(np.max(np.abs(line(reference.histogram, current.histogram).steps())))


def noise(reference: ColumnStatistics, current: ColumnStatistics, *, probability: float) -> float:
    """What sampling alone exceeds with at most `probability`, whatever the distribution: e · exp(-2 t² nm/(n+m)) = it."""
    return min(1.0, math.sqrt((1 - math.log(probability)) * precision(reference, current) / 2))
