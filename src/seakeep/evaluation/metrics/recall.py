"""Share of the positive rows that are decided positive (sensitivity, true positive rate). Interval: Wilson's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, average, average_influence, rate_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.BINARY,)
GREATER_IS_BETTER = True
RANGE = (0.0, 1.0)


def compute(sample: Sample) -> float | None:
    """The share, 0 to 1; None where no row is positive."""
    return average(sample, (sample.chosen == 1).astype(np.float64), among=sample.truth)


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    return average_influence(sample, (sample.chosen == 1).astype(np.float64), among=sample.truth)


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Wilson's interval of the share; None where no row is positive."""
    return rate_interval((sample.chosen == 1).astype(np.float64), among=sample.truth, level=level)
