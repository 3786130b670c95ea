"""Share of the labels' variance that the predictions explain: 1 is perfect, 0 the labels' mean, below 0 worse than it.

Interval: normal, from each row's influence (the delta method); it is wide, and rightly so, where few rows are far out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, dot, influence_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.REGRESSION,)
GREATER_IS_BETTER = True
RANGE = (-math.inf, 1.0)


def compute(sample: Sample) -> float | None:
    """At most 1; None where all labels are equal."""
    squares, spread = _squares(sample)
    total = dot(spread, sample.mass)
    return 1 - dot(squares, sample.mass) / total if total > 0 else None


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts); zeros where all labels are equal."""
    squares, spread = _squares(sample)
    total = dot(spread, sample.mass)
    if total <= 0:
        return np.zeros(sample.rows)
    ratio = dot(squares, sample.mass) / total
    influence: NDArray[np.float64] = (ratio * spread - squares) / total
    return influence


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Normal interval, cut at 1; None where all labels are equal."""
    value = compute(sample)
    return None if value is None else influence_interval(value, influence(sample), level=level, within=RANGE)


def _squares(sample: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    total = float(sample.mass.sum())
    mean = dot(sample.labels.astype(np.float64, copy=False), sample.mass) / total if total > 0 else 0.0
    return np.square(sample.errors), np.square(sample.labels - mean)
