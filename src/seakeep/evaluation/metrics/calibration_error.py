"""Expected calibration error: mean distance between stated probability and observed share, over 15 bins of equal width.

Binary: of the positive class's probability; several classes: of the decided class's (Naeini 2015; Guo 2017). A sum of sizes
is too high on few rows, by at most what perfect calibration would show by chance, since E|X| <= |E X| + sd(X) · sqrt(2 / pi). The
interval takes that bound off its low end, so it holds at least at its level and reaches 0 wherever the model may be calibrated.
It has no smooth influence.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import counted
from seakeep.evidence.intervals import normal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.parts import Limits
    from seakeep.evaluation.sample import Sample

TASKS = (Task.BINARY, Task.MULTICLASS)
GREATER_IS_BETTER = False
RANGE = (0.0, 1.0)
BINS = 15


def compute(sample: Sample) -> float | None:
    """0 to 1; None for no rows."""
    mass = sample.mass
    total = float(mass.sum())
    if total <= 0:
        return None
    gaps, place = _gaps(sample)
    return float(np.abs(counted(place, gaps * mass, BINS)).sum()) / total


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Conservative normal limits within [0, 1]; None for fewer than two rows."""
    value = compute(sample)
    if value is None or sample.rows < 2:
        return None
    gaps, place = _gaps(sample)
    spread = np.sqrt(counted(place, gaps**2, BINS)) / sample.rows
    chance = float(spread.sum()) * math.sqrt(2 / math.pi)
    low, high = normal(value, float(np.sqrt(np.square(spread).sum())), level=level)
    return max(0.0, low - chance), min(1.0, high)


def _gaps(sample: Sample) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each row's outcome less its stated probability, and its bin."""
    if sample.task is Task.BINARY:
        stated, outcome = sample.positive, sample.truth
    else:
        stated, outcome = sample.scores.max(axis=1), sample.scores.argmax(axis=1) == sample.labels
    place = np.clip((stated * BINS).astype(np.int64), 0, BINS - 1)
    return outcome - stated, place
