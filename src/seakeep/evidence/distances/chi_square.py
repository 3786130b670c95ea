"""Chi-square as an effect size: Cramér's V of two columns, whatever their numbers of rows. Called by data.drift by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.evidence.aligned import CATEGORICAL, NUMERIC, chi_square_noise, comparable, pooled_bins

if TYPE_CHECKING:
    from seakeep.core.statistics import ColumnStatistics

KINDS = NUMERIC | CATEGORICAL
THRESHOLD = 0.25
FLOOR = 0.1
LARGEST = 1.0
SYMMETRIC = True
SOURCE = "Cramér, Mathematical Methods of Statistics, 1946; with equal weights: Vincze 1981, Le Cam 1986"
BINS = 20


def distance(reference: ColumnStatistics, current: ColumnStatistics) -> float:
    """Root of chi-square over its rows in the table of both columns' shares, each column with half of the weight; symmetric.

    Chi-square itself grows with the rows for one and the same change, and Cramér's V = sqrt(chi-square / rows) still depends
    on how many rows one column has beside the other. Shares in place of counts take both away.

    Parameters: reference, current: statistics of one column, at least one value each; bins are 20 quantiles of the mixture,
        the values where there are at most 20 numbers, or values of at least 1 % of it and one bin for all others.
    Returns: float in [0, 1]; 0 iff the binned shares are equal, 1 iff no bin is shared. O(buckets).
    Raises: NotComparable, if the columns differ in kind or one is empty.
    >>> from seakeep.testing import column_of
    >>> round(distance(column_of(["a", "b"]), column_of(["a", "a", "a", "b"])), 4)
    0.2582
    """
    comparable("chi_square", KINDS, reference, current)
    first, second = pooled_bins(reference, current, bins=BINS).shares()
    return math.sqrt(min(1.0, float(np.sum((first - second) ** 2 / (first + second))) / 2))


def noise(reference: ColumnStatistics, current: ColumnStatistics, *, probability: float) -> float:
    """What sampling alone exceeds with at most `probability`: near 0 the square is a quarter of chi-square's sum."""
    bins = pooled_bins(reference, current, bins=BINS)
    return math.sqrt(min(1.0, chi_square_noise(bins, probability) / 4))
