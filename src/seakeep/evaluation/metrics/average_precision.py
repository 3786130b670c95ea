"""Area under the precision-recall curve by steps: the mean, over the positive rows, of the precision at their score.

By chance it is the share of positives. Interval: from each row's influence on the logit scale (the delta method; Boyd, Eng and
Page 2013 compare scales); where that is unknown (a perfect ranking), Wilson's with the positives as trials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evaluation.parts import Limits, dot, logit_interval
from seakeep.evidence.intervals import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.evaluation.sample import Sample

TASKS = (Task.BINARY,)
GREATER_IS_BETTER = True
RANGE = (0.0, 1.0)


def compute(sample: Sample) -> float | None:
    """Above 0, at most 1; None where no row is positive."""
    return None if not dot(sample.mass, sample.truth) > 0 else _ranked(sample)[0]


def influence(sample: Sample) -> NDArray[np.float64]:
    """Each row's influence on the metric, (rows,) (see parts); zeros where no row is positive."""
    return np.zeros(sample.rows) if not dot(sample.mass, sample.truth) > 0 else _ranked(sample)[1]


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """Limits within [0, 1]; None where no row is positive."""
    positives = int(sample.truth.sum())
    if not positives:
        return None
    value, influence = _ranked(sample)
    value = min(value, 1.0)
    return logit_interval(value, influence, level=level) or wilson(value * positives, positives, level=level)


def _ranked(sample: Sample) -> tuple[float, NDArray[np.float64]]:
    """The metric and its influence, from sums over the scores from the highest down; tied rows share one threshold."""
    order = np.argsort(-sample.positive)
    ordered, truth, mass = sample.positive[order], sample.truth[order], sample.mass[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(ordered))))
    found = np.add.reduceat(mass * truth, starts)
    hits, chosen = np.cumsum(found), np.cumsum(np.add.reduceat(mass, starts))
    # A draw may leave out every row down to some threshold: nothing is chosen and nothing is found there.
    safe = np.where(chosen > 0, chosen, 1.0)
    precision, total = hits / safe, float(hits[-1])
    value = dot(precision, found) / total
    # A row that counts more raises (if positive) or lowers the precision at every threshold at or below its score.
    gain = np.cumsum((found / safe)[::-1])[::-1][group]
    loss = np.cumsum((found * precision / safe)[::-1])[::-1][group]
    influence = np.empty(sample.rows)
    influence[order] = (truth * (precision[group] - value + gain) - loss) / total
    return value, influence
