"""Mean over the classes of the share of their rows that is decided right, so that a rare class counts as much as any.

Interval: the classes' Wilson intervals, put together by square-and-add (Zou and Donner 2008).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import counted
from seakeep.evidence.intervals import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.parts import Limits
    from seakeep.evaluation.sample import Sample

TASKS = (Task.BINARY, Task.MULTICLASS)
GREATER_IS_BETTER = True
RANGE = (0.0, 1.0)


def compute(sample: Sample) -> float | None:
    """The mean over the classes that occur, 0 to 1; None for fewer than two of them."""
    hits, counts = _classes(sample)
    there = counts > 0
    return float((hits[there] / counts[there]).mean()) if there.sum() > 1 else None


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts)."""
    hits, counts = _classes(sample)
    safe = np.where(counts > 0, counts, 1.0)
    labels = sample.indices
    right = sample.right.astype(np.float64)
    influence: NDArray[np.float64] = (right - (hits / safe)[labels]) / safe[labels] / max(1, int((counts > 0).sum()))
    return influence


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Square-and-add interval, within [0, 1]; None for fewer than two classes."""
    hits, counts = _classes(sample)
    pairs = [(hit, count) for hit, count in zip(hits.tolist(), counts.tolist(), strict=True) if count > 0]
    if len(pairs) < 2:
        return None
    rates = [hit / count for hit, count in pairs]
    limits = [wilson(hit, count, level=level) for hit, count in pairs]
    below = math.hypot(*(rate - low for rate, (low, _) in zip(rates, limits, strict=True)))
    above = math.hypot(*(high - rate for rate, (_, high) in zip(rates, limits, strict=True)))
    value = sum(rates) / len(rates)
    return max(0.0, value - below / len(rates)), min(1.0, value + above / len(rates))


def _classes(sample: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    hits = counted(sample.indices, sample.mass * sample.right, sample.classes)
    return hits, counted(sample.indices, sample.mass, sample.classes)
