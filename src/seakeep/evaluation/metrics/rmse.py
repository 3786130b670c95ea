"""Root of the mean squared error, in the label's unit. Interval: the root of the mean square's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.metrics import mse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.parts import Limits
    from seakeep.evaluation.sample import Sample

TASKS = (Task.REGRESSION,)
GREATER_IS_BETTER = False
RANGE = (0.0, math.inf)


def compute(sample: Sample) -> float | None:
    """The root, at least 0; None for no rows."""
    square = mse.compute(sample)
    return None if square is None else math.sqrt(square)


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts); zeros where every error is 0."""
    root = compute(sample)
    return mse.influence(sample) / (2 * root) if root else np.zeros(sample.rows)


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Roots of the limits of the mean square; None where they are unknown."""
    limits = mse.interval(sample, level=level)
    return None if limits is None else (math.sqrt(limits[0]), math.sqrt(limits[1]))
