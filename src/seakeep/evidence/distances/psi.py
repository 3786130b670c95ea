"""Population stability index: how far the rows' shares in the reference's bins have moved. Called by data.drift by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.evidence.aligned import CATEGORICAL, NUMERIC, chi_square_noise, comparable, reference_bins

if TYPE_CHECKING:
    from seakeep.core.statistics import ColumnStatistics

KINDS = NUMERIC | CATEGORICAL
THRESHOLD = 0.25
FLOOR = 0.04
LARGEST = math.inf
SYMMETRIC = False
SOURCE = "Siddiqi, Credit Risk Scorecards, 2006; noise: Yurdakul and Naranjo, 2020"
BINS = 10


def distance(reference: ColumnStatistics, current: ColumnStatistics) -> float:
    """Distance in nats between binned distributions (symmetrised Kullback–Leibler).

    Parameters: reference, current: statistics of one column, at least one value each; bins are the reference's deciles, its
        values where it has at most 20 numbers, or its values of at least 1 % of the rows; and what it never held.
        Empty bins are floored at 0.5/rows.
    Returns: float in [0, inf); 0 iff the binned shares are equal. O(buckets), no pass over rows. Sketches: a decile that
        falls within a bucket moves to its end, by at most `Histogram.rank_error` of the rows.
    Raises: NotComparable, if the columns differ in kind or one is empty.
    Source: Siddiqi 2006; the 0.1 and 0.25 bands are convention, not a significance level: rows enter by `noise` alone.
    >>> from seakeep.testing import column_of
    >>> coin = lambda heads: column_of([True] * heads + [False] * (100 - heads))
    >>> round(distance(coin(50), coin(60)), 4)
    0.0405
    """
    comparable("psi", KINDS, reference, current)
    bins = reference_bins(reference, current, bins=BINS)
    first, second = (np.maximum(counts, 0.5) / counts.sum() for counts in (bins.reference, bins.current))
    return float(np.sum((second - first) * np.log(second / first)))


def noise(reference: ColumnStatistics, current: ColumnStatistics, *, probability: float) -> float:
    """What sampling alone exceeds with at most `probability`: near 0 the index is chi-square's sum."""
    return chi_square_noise(reference_bins(reference, current, bins=BINS), probability)
