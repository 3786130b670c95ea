"""What metrics are built of: averages over rows, each row's influence on a metric, and intervals from either.

The influence of a row is the derivative of the metric with respect to the row's weight (Hampel 1974; the infinitesimal
jackknife of Jaeckel 1972). Its squares sum to the metric's sampling variance, and the squares of two models' differences to
the variance of their paired difference, so that a comparison on the same rows needs no resampling. Influences sum to zero.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.evidence.intervals import mean_interval, normal, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

Limits = tuple[float, float]


def average(sample: Sample, values: NDArray[np.float64], *, among: NDArray[np.bool_] | None = None) -> float | None:
    """Weighted mean of `values` (rows,) over the rows that are `among`; None where there are none."""
    if sample.weights is None:
        counted_rows = values if among is None else values[among]
        return float(counted_rows.mean()) if len(counted_rows) else None
    mass = _mass(sample, among)
    total = float(mass.sum())
    return dot(values, mass) / total if total > 0 else None


def average_influence(
    sample: Sample, values: NDArray[np.float64], *, among: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Each row's influence on `average`, (rows,); zeros where the average is undefined."""
    value = average(sample, values, among=among)
    if value is None:
        return np.zeros(sample.rows)
    inside = np.ones(sample.rows) if among is None else among.astype(np.float64)
    influence: NDArray[np.float64] = inside * (values - value) / float(_mass(sample, among).sum())
    return influence


def rate_interval(hits: NDArray[np.float64], *, among: NDArray[np.bool_] | None = None, level: float) -> Limits | None:
    """Wilson's interval of the share of rows `among` that are hits (1.0, else 0.0); None where there are no such rows."""
    counted = hits if among is None else hits[among]
    return wilson(float(counted.sum()), len(counted), level=level) if len(counted) else None


def average_interval(values: NDArray[np.float64], *, level: float) -> Limits | None:
    """Student's interval of the mean of `values`; None for fewer than two."""
    return mean_interval(values, level=level) if len(values) > 1 else None


def influence_interval(value: float, influence: NDArray[np.float64], *, level: float, within: Limits) -> Limits | None:
    """Normal interval of a metric from its rows' influence, cut to the metric's range; None for fewer than two rows."""
    if len(influence) < 2:
        return None
    low, high = normal(value, standard_error(influence), level=level)
    return max(low, within[0]), min(high, within[1])


def logit_interval(value: float, influence: NDArray[np.float64], *, level: float) -> Limits | None:
    """Interval of a metric between 0 and 1 from its rows' influence, normal on the logit scale, which keeps it inside.

    None where the metric is 0 or 1 or no row has any influence: the spread is then unknown, not zero.
    """
    error = standard_error(influence)
    if len(influence) < 2 or not 0 < value < 1 or error == 0:
        return None
    centre = math.log(value / (1 - value))
    low, high = normal(centre, error / (value * (1 - value)), level=level)
    return _expit(low), _expit(high)


def log_interval(value: float, influence: NDArray[np.float64], *, level: float) -> Limits | None:
    """Interval of a metric above 0 from its rows' influence, normal on the log scale: for skewed ones such as mean squares.

    None where the metric is 0 or no row has any influence: the spread is then unknown, not zero.
    """
    error = standard_error(influence)
    if len(influence) < 2 or value <= 0 or error == 0:
        return None
    low, high = normal(math.log(value), error / value, level=level)
    return math.exp(low), math.exp(min(high, 700.0))


def dot(first: NDArray[np.float64], second: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    """Sum of products. Not BLAS's, whose threads and kernels would leave their traces in the last digits of a report."""
    return float(np.multiply(first, second).sum())


def counted(places: NDArray[np.int64], mass: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Sum of `mass` (rows,) in each of `size` places, float64 (size,)."""
    return np.bincount(places, weights=mass, minlength=size).astype(np.float64)


def generator(seed: int, purpose: int) -> np.random.Generator:
    """Random numbers of the room's own: a table that was made with the same seed elsewhere must not move with them."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(0x5EA, purpose))))


def standard_error(influence: NDArray[np.float64]) -> float:
    """Standard error of a metric from its rows' influence; infinite for fewer than two rows."""
    rows = len(influence)
    return math.sqrt(dot(influence, influence) * rows / (rows - 1)) if rows > 1 else math.inf


def _mass(sample: Sample, among: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    return sample.mass if among is None else sample.mass * among


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
