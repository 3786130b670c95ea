"""Area under the ROC curve: the chance that a positive row scores above a negative one, ties counting half.

Several classes: the mean of each class against the rest. Interval: DeLong's variance on the logit scale. What is hard is
speed and ties: each row's placement among the other class comes from one sort, not from pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, dot, logit_interval
from seakeep.evidence.intervals import auc_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.BINARY, Task.MULTICLASS)
GREATER_IS_BETTER = True
RANGE = (0.0, 1.0)


def compute(sample: Sample) -> float | None:
    """0 to 1, 0.5 by chance; None where fewer than two classes occur."""
    areas = [area for area, _ in _areas(sample)]
    return sum(areas) / len(areas) if areas else None


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts): DeLong's structural components."""
    parts = [part for _, part in _areas(sample)]
    return np.sum(parts, axis=0) / len(parts) if parts else np.zeros(sample.rows)


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """DeLong's interval within [0, 1]; None where fewer than two classes occur."""
    if sample.task is Task.BINARY:
        value, low, high = auc_interval(sample.positive, sample.truth, level=level)
        return None if np.isnan(value) else (low, high)
    value_of_all = compute(sample)
    return None if value_of_all is None else logit_interval(value_of_all, influence(sample), level=level)


def _areas(sample: Sample) -> list[tuple[float, NDArray[np.float64]]]:
    """(area, influence) of the positive class, or of each class against the rest where it has rows and so has the rest."""
    classes = (1,) if sample.task is Task.BINARY else range(sample.classes)
    found = (_area(sample.scores[:, k], sample.labels == k, sample.mass) for k in classes)
    return [each for each in found if each is not None]


def _area(
    scores: NDArray[np.float64], truth: NDArray[np.bool_], mass: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]] | None:
    positives, negatives = dot(mass, truth), dot(mass, ~truth)
    if positives <= 0 or negatives <= 0:
        return None
    order = np.argsort(scores)
    ordered = scores[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(ordered))))
    right = truth[order]
    below = _midway(mass[order] * ~right, starts)[group] / negatives
    above = 1 - _midway(mass[order] * right, starts)[group] / positives
    area = dot(below, mass[order] * right) / positives
    influence = np.empty(len(scores))
    influence[order] = np.where(right, (below - area) / positives, (above - area) / negatives)
    return area, influence


def _midway(mass: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mass before each group of ties, and half of its own."""
    own = np.add.reduceat(mass, starts)
    midway: NDArray[np.float64] = np.cumsum(own) - own / 2
    return midway
