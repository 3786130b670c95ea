"""Jensen–Shannon distance: a metric between distributions that stays within 0 and 1. Called by data.drift by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.evidence.aligned import CATEGORICAL, NUMERIC, chi_square_noise, comparable, pooled_bins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.statistics import ColumnStatistics

KINDS = NUMERIC | CATEGORICAL
THRESHOLD = 0.2
FLOOR = 0.08
LARGEST = 1.0
SYMMETRIC = True
SOURCE = "Lin, IEEE Transactions on Information Theory 37, 1991; Endres and Schindelin, 2003 (the root is a metric)"
BINS = 20


def distance(reference: ColumnStatistics, current: ColumnStatistics) -> float:
    """Root of the Jensen–Shannon divergence in bits, on bins of both columns' mixture; symmetric.

    Parameters: reference, current: statistics of one column, at least one value each; bins are 20 quantiles of the mixture,
        the values where there are at most 20 numbers, or values of at least 1 % of it and one bin for all others.
    Returns: float in [0, 1]; 0 iff the binned shares are equal, 1 iff no bin is shared. O(buckets).
    Raises: NotComparable, if the columns differ in kind or one is empty.
    >>> from seakeep.testing import column_of
    >>> distance(column_of(["a", "a"]), column_of(["b"]))
    1.0
    """
    comparable("jensen_shannon", KINDS, reference, current)
    first, second = pooled_bins(reference, current, bins=BINS).shares()
    middle = (first + second) / 2
    return math.sqrt(min(1.0, max(0.0, (_divergence(first, middle) + _divergence(second, middle)) / 2)))


def noise(reference: ColumnStatistics, current: ColumnStatistics, *, probability: float) -> float:
    """What sampling alone exceeds with at most `probability`: near 0 the divergence is an eighth of chi-square's, in nats."""
    nats = chi_square_noise(pooled_bins(reference, current, bins=BINS), probability) / 8
    return math.sqrt(min(1.0, nats / math.log(2)))


def _divergence(shares: NDArray[np.float64], middle: NDArray[np.float64]) -> float:
    held = shares > 0
    return float(np.sum(shares[held] * np.log2(shares[held] / middle[held])))
