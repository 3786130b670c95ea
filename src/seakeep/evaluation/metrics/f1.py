"""Harmonic mean of precision and recall of the positive class: 2 TP / (2 TP + FP + FN).

It is 2 J / (1 + J) of the share J = TP / (TP + FP + FN), so its interval is Wilson's of J, carried over.
"""

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
    """0 to 1; None where no row is positive and none was decided positive."""
    share = average(sample, _hits(sample), among=_either(sample))
    return None if share is None else _carried(share)


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    share = average(sample, _hits(sample), among=_either(sample)) or 0.0
    return average_influence(sample, _hits(sample), among=_either(sample)) * (2 / (1 + share) ** 2)


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Wilson's interval of the share, carried over; None where the metric is."""
    limits = rate_interval(_hits(sample), among=_either(sample), level=level)
    return None if limits is None else (_carried(limits[0]), _carried(limits[1]))


def _hits(sample: Sample) -> NDArray[np.float64]:
    hits: NDArray[np.float64] = (sample.truth & (sample.chosen == 1)).astype(np.float64)
    return hits


def _either(sample: Sample) -> NDArray[np.bool_]:
    either: NDArray[np.bool_] = sample.truth | (sample.chosen == 1)
    return either


def _carried(share: float) -> float:
    return 2 * share / (1 + share)
