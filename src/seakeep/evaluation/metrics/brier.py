"""Mean squared difference between the probability of the positive class and the label (0 or 1). Brier 1950. Interval: Student's t of the rows' mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, average, average_influence, average_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.BINARY,)
GREATER_IS_BETTER = False
RANGE = (0.0, 1.0)


def compute(sample: Sample) -> float | None:
    """The mean, 0 to 1; None for no rows."""
    return average(sample, _losses(sample))


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    return average_influence(sample, _losses(sample))


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Student's interval of the mean; None for fewer than two rows."""
    return average_interval(_losses(sample), level=level)


def _losses(sample: Sample) -> NDArray[np.float64]:
    losses: NDArray[np.float64] = np.square(sample.positive - sample.truth)
    return losses
