"""Share of rows whose label is among the three most probable classes. Interval: Wilson's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, average, average_influence, rate_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.MULTICLASS,)
GREATER_IS_BETTER = True
RANGE = (0.0, 1.0)


def compute(sample: Sample) -> float | None:
    """The share, 0 to 1; None for no rows."""
    return average(sample, _hits(sample))


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    return average_influence(sample, _hits(sample))


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Wilson's interval of the share; None for no rows."""
    return rate_interval(_hits(sample), level=level)


def _hits(sample: Sample) -> NDArray[np.float64]:
    """Of tied classes the later ones count as more probable, as in scikit-learn."""
    best = np.argsort(sample.scores, axis=1, kind="stable")[:, -3:]
    hits: NDArray[np.float64] = (best == sample.labels[:, None]).any(axis=1).astype(np.float64)
    return hits
