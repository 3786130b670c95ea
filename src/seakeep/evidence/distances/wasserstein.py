"""Wasserstein: how far rows must move, in the reference's standard deviations. Called by data.drift by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.evidence.aligned import NUMERIC, Aligned, comparable, line, precision

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.statistics import ColumnStatistics

KINDS = NUMERIC
THRESHOLD = 0.5
FLOOR = 0.2
LARGEST = math.inf
SYMMETRIC = False
SOURCE = "Vallender, Theory of Probability and Its Applications 18, 1974; noise: the inequality of Borell and Tsirelson"


def distance(reference: ColumnStatistics, current: ColumnStatistics) -> float:
    """Area between the cumulative distributions, divided by the reference's standard deviation; not symmetric.

    A shift of every row by one standard deviation is 1. Parameters: reference, current: statistics of one column, at least
        one value each.
    Returns: float in [0, inf]; infinite where the reference is constant and the current column is not the same. Exact while
        both histograms are; else within both columns' mean half width of a bucket, over the standard deviation.
    Raises: NotComparable, if the columns differ in kind or one is empty.
    >>> from seakeep.testing import column_of
    >>> round(distance(column_of([0, 2, 4]), column_of([1, 3, 5])), 12)
    0.5
    """
    comparable("wasserstein", KINDS, reference, current)
    both = line(reference.histogram, current.histogram)
    points, deviation = _scaled(both, reference.std)
    area = float(np.sum(np.abs(both.steps()[:-1]) * np.diff(points)))
    if not deviation:
        return math.inf if area else 0.0
    return area / deviation


def noise(reference: ColumnStatistics, current: ColumnStatistics, *, probability: float) -> float:
    """What sampling alone exceeds with at most `probability`, for many rows: the mean area and a Gaussian tail about it.

    The gap of two cumulative distributions is near a Brownian bridge at F, whose mean area is sqrt(2/π) · ∫ sqrt(F(1-F))
    and whose area varies no more than that of the mean does (Borell 1975; Tsirelson et al. 1976).
    """
    both = line(reference.histogram, current.histogram)
    points, deviation = _scaled(both, reference.std)
    if not deviation:
        return 0.0
    below = np.cumsum(both.reference + both.current) / (both.reference.sum() + both.current.sum())
    area = float(np.sum(np.sqrt(np.maximum(below * (1 - below), 0.0))[:-1] * np.diff(points))) / deviation
    return math.sqrt(precision(reference, current)) * (
        math.sqrt(2 / math.pi) * area + math.sqrt(-2 * math.log(probability))
    )


def _scaled(both: Aligned, deviation: float | None) -> tuple[NDArray[np.float64], float]:
    """Points and standard deviation in units of the largest point, so that neither overflows nor vanishes."""
    points = both.points()
    unit = float(np.max(np.abs(points))) or 1.0
    points = points / unit
    if deviation and math.isfinite(deviation):
        return points, deviation / unit
    shares, rows = both.reference / both.reference.sum(), both.reference.sum()
    return points, math.sqrt(float(shares @ (points - shares @ points) ** 2) * rows / max(1.0, rows - 1))
