"""Mean of predicted value less label, in the label's unit: above 0 where the model predicts too high. Neither direction is better. Interval: Student's t of the rows' mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, average, average_influence, average_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.REGRESSION,)
GREATER_IS_BETTER = None
RANGE = (-math.inf, math.inf)


def compute(sample: Sample) -> float | None:
    """The mean; None for no rows."""
    return average(sample, sample.errors)


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    return average_influence(sample, sample.errors)


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Student's interval of the mean; None for fewer than two rows."""
    return average_interval(sample.errors, level=level)
