"""Mean negative logarithm of the probability given to the label, in nats. Probabilities are cut to [2.2e-16, 1 - 2.2e-16]. Interval: Student's t of the rows' mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, average, average_influence, average_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (
    Task.BINARY,
    Task.MULTICLASS,
)
GREATER_IS_BETTER = False
RANGE = (0.0, math.inf)


def compute(sample: Sample) -> float | None:
    """The mean, at least 0; None for no rows."""
    return average(sample, _losses(sample))


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    return average_influence(sample, _losses(sample))


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Student's interval of the mean; None for fewer than two rows."""
    return average_interval(_losses(sample), level=level)


def _losses(sample: Sample) -> NDArray[np.float64]:
    given = np.take_along_axis(sample.scores, sample.indices[:, None], axis=1)[:, 0]
    smallest = np.finfo(np.float64).eps
    losses: NDArray[np.float64] = -np.log(np.clip(given, smallest, 1 - smallest))
    return losses
