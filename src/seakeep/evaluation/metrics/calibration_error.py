"""Expected calibration error: mean distance between stated probability and observed share, over 15 bins of equal width.

Binary: of the positive class's probability; several classes: of the decided class's (Naeini 2015; Guo 2017). A sum of sizes
is too high on few rows, and resampling makes it higher still, so the interval is the bootstrap's turned about the estimate,
with each bin's gap drawn from its normal distribution: cost does not grow with rows. It has no smooth influence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.parts import Limits
    from seakeep.evaluation.sample import Sample

TASKS = (Task.BINARY, Task.MULTICLASS)
GREATER_IS_BETTER = False
RANGE = (0.0, 1.0)
BINS = 15
DRAWS = 1000


def compute(sample: Sample) -> float | None:
    """0 to 1; None for no rows."""
    mass = sample.mass
    total = float(mass.sum())
    if total <= 0:
        return None
    gaps, place = _gaps(sample)
    return float(np.abs(counted(place, gaps * mass, BINS)).sum()) / total


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Reflected bootstrap limits (1,000 draws, fixed seed), within [0, 1]; None for fewer than two rows."""
    if sample.rows < 2:
        return None
    gaps, place = _gaps(sample)
    counts, sums, squares = (counted(place, values, BINS) for values in (sample.mass, gaps, gaps**2))
    spread = np.sqrt(np.maximum(0.0, squares - sums**2 / np.maximum(counts, 1)))
    drawn = np.random.Generator(np.random.PCG64(0)).standard_normal((DRAWS, BINS))
    values = np.abs(sums + spread * drawn).sum(axis=1) / sample.rows
    value = float(np.abs(sums).sum()) / sample.rows
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return max(0.0, 2 * value - float(high)), min(1.0, max(value, 2 * value - float(low)))


def _gaps(sample: Sample) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each row's outcome less its stated probability, and its bin."""
    if sample.task is Task.BINARY:
        stated, outcome = sample.positive, sample.truth
    else:
        stated, outcome = sample.scores.max(axis=1), sample.scores.argmax(axis=1) == sample.labels
    place = np.clip((stated * BINS).astype(np.int64), 0, BINS - 1)
    return outcome - stated, place
