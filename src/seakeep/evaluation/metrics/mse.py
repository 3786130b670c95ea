"""Mean squared error, in the label's unit squared.

Interval: normal on the log scale, since squares are skewed: it covers better than Student's on few rows and heavy tails.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, average, average_influence, log_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.REGRESSION,)
GREATER_IS_BETTER = False
RANGE = (0.0, math.inf)


def compute(sample: Sample) -> float | None:
    """The mean, at least 0; None for no rows."""
    return average(sample, np.square(sample.errors))


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    return average_influence(sample, np.square(sample.errors))


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Limits above 0; None for fewer than two rows, and where every error is 0 or all have one size."""
    value = compute(sample)
    return None if value is None else log_interval(value, influence(sample), level=level)
