"""Mean over the classes of their F1, so that a rare class counts as much as any.

Interval: normal, from each row's influence (the delta method), cut to [0, 1].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, counted, influence_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.MULTICLASS,)
GREATER_IS_BETTER = True
RANGE = (0.0, 1.0)


def compute(sample: Sample) -> float | None:
    """The mean over the classes that occur as label or decision, 0 to 1; None for no rows."""
    hits, sides = _classes(sample)
    there = sides > 0
    return float((2 * hits[there] / sides[there]).mean()) if there.any() else None


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    hits, sides = _classes(sample)
    safe = np.where(sides > 0, sides, 1.0)
    labels, chosen = sample.indices, sample.chosen
    fall = 2 * hits / safe**2
    rise = np.where(chosen == labels, 2 / safe[labels], 0.0)
    influence: NDArray[np.float64] = (rise - fall[labels] - fall[chosen]) / max(1, int((sides > 0).sum()))
    return influence


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Normal interval within [0, 1]; None for fewer than two rows."""
    value = compute(sample)
    return None if value is None else influence_interval(value, influence(sample), level=level, within=RANGE)


def _classes(sample: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """True positives of each class, and its labels plus its decisions."""
    hits = counted(sample.indices, sample.mass * sample.right, sample.classes)
    sides = counted(sample.indices, sample.mass, sample.classes) + counted(sample.chosen, sample.mass, sample.classes)
    return hits, sides
