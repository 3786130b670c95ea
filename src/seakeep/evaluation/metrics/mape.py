"""Mean absolute error as a share of the label's size (0.1 is 10 %). Undefined where a label is 0. Interval: Student's t."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, average, average_influence, average_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.REGRESSION,)
GREATER_IS_BETTER = False
RANGE = (0.0, math.inf)


def compute(sample: Sample) -> float | None:
    """The mean share, at least 0; None for no rows or where a label is 0."""
    return average(sample, _shares(sample)) if np.all(sample.labels) else None


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    return average_influence(sample, _shares(sample))


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Student's interval of the mean; None for fewer than two rows or where a label is 0."""
    return average_interval(_shares(sample), level=level) if np.all(sample.labels) else None


def _shares(sample: Sample) -> NDArray[np.float64]:
    sizes = np.abs(sample.labels)
    shares: NDArray[np.float64] = np.abs(sample.errors) / np.where(sizes > 0, sizes, 1.0)
    return shares
