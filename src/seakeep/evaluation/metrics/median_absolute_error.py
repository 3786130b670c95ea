"""Median absolute error, in the label's unit: half of the rows are nearer. Interval: order statistics, without assumptions.

It has no smooth influence, so comparisons of two models resample rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.evidence.special import normal_quantile

if TYPE_CHECKING:
    from seakeep.evaluation.parts import Limits
    from seakeep.evaluation.sample import Sample

TASKS = (Task.REGRESSION,)
GREATER_IS_BETTER = False
RANGE = (0.0, math.inf)


def compute(sample: Sample) -> float | None:
    """The median, at least 0, the mean of both middle ones where their number is even; None for no rows."""
    sizes = np.abs(sample.errors)
    if sample.weights is None:
        return float(np.median(sizes)) if len(sizes) else None
    order = np.argsort(sizes)
    order = order[sample.weights[order] > 0]
    below = np.cumsum(sample.weights[order])
    if not len(below):
        return None
    middle = int(np.searchsorted(below, below[-1] / 2))
    other = middle + 1 if below[middle] == below[-1] / 2 else middle
    return float(sizes[order[middle]] + sizes[order[other]]) / 2


def interval(sample: Sample, *, level: float = 0.95) -> Limits | None:
    """The order statistics between which the median lies at `level`; None for fewer than ten rows.

    Source: binomial ranks by their normal approximation (Conover 1999, 3.2), rounded outwards.
    """
    rows = sample.rows
    if rows < 10:
        return None
    half = normal_quantile((1 + level) / 2) * math.sqrt(rows) / 2
    low, high = max(0, math.floor(rows / 2 - half) - 1), min(rows - 1, math.ceil(rows / 2 + half))
    ordered = np.partition(np.abs(sample.errors), [low, high])
    return float(ordered[low]), float(ordered[high])
