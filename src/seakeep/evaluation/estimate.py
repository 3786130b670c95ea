"""Estimates: a metric's value with its interval, and the paired difference of two models. Metrics are loaded by name here.

A metric is a module of the group "evaluation.metrics": TASKS, GREATER_IS_BETTER (None where neither direction is better),
RANGE, `compute(sample)`, `interval(sample, level=)`, and, where it is smooth, `influence(sample)`. What is hard is the
undefined: no rows, one class, scores that are not numbers. Then the value is None with a reason, never a guess.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from seakeep.core import plugins
from seakeep.evaluation.parts import influence_interval
from seakeep.evidence.intervals import bootstrap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from seakeep.core.kinds import Task
    from seakeep.evaluation.parts import Limits
    from seakeep.evaluation.sample import Sample

GROUP = "evaluation.metrics"
DRAWS = 200
PRIMARY = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "mae"}


class Metric(Protocol):
    """What every module of the group offers."""

    TASKS: tuple[Task, ...]
    GREATER_IS_BETTER: bool | None
    RANGE: tuple[float, float]

    def compute(self, sample: Sample) -> float | None:
        """The metric of weighted rows; None where it is undefined."""

    def interval(self, sample: Sample, *, level: float) -> Limits | None:
        """Limits that hold the metric's true value with the level's probability; None where nothing is known."""


class SmoothMetric(Metric, Protocol):
    """A metric with a derivative by each row's weight."""

    def influence(self, sample: Sample) -> NDArray[np.float64]:
        """That derivative at the sample, (rows,)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric over some rows. value: None where it is undefined, and `reason` says why; low, high: None where unknown."""

    metric: str
    rows: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@functools.cache
def metric(name: str) -> Metric:
    """The metric called `name`. Raises UsageError with the nearest name."""
    return cast("Metric", plugins.load(GROUP, name))


def metrics_of(task: Task) -> tuple[str, ...]:
    """Names of the metrics that judge a task, sorted."""
    return tuple(name for name in plugins.names(GROUP) if task in metric(name).TASKS)


def measure(name: str, sample: Sample, *, level: float = 0.95) -> Estimate:
    """The metric called `name` over a sample, with its interval at `level`."""
    if not sample.rows:
        return Estimate(name, 0, reason="no rows")
    if not sample.is_finite:
        return Estimate(name, sample.rows, reason="the model gave scores that are not finite numbers")
    chosen = metric(name)
    value = chosen.compute(sample)
    if value is None or not math.isfinite(value):
        return Estimate(
            name, sample.rows, reason="undefined for these rows (one class only, no decision, or labels of 0)"
        )
    limits = chosen.interval(sample, level=level)
    within = None if limits is None else (max(limits[0], chosen.RANGE[0]), min(limits[1], chosen.RANGE[1]))
    return Estimate(name, sample.rows, value, *_known(within))


def difference(name: str, ours: Sample, theirs: Sample, *, level: float = 0.95, seed: int = 0) -> Estimate:
    """Our metric less theirs on the same rows in the same order, with the interval of that paired difference.

    Smooth metrics: from the rows' influences, one pass. Others: 200 paired resamples.
    """
    first, second = (measure(name, sample) for sample in (ours, theirs))
    if first.value is None or second.value is None:
        return Estimate(name, ours.rows, reason=first.reason or second.reason)
    value = first.value - second.value
    chosen = metric(name)
    if hasattr(chosen, "influence"):
        smooth = cast("SmoothMetric", chosen)
        steps = smooth.influence(ours) - smooth.influence(theirs)
        limits = influence_interval(value, steps, level=level, within=(-math.inf, math.inf))
    else:
        limits = _resampled(chosen, ours, theirs, level=level, seed=seed)
    return Estimate(name, ours.rows, value, *_known(limits))


def _resampled(chosen: Metric, ours: Sample, theirs: Sample, *, level: float, seed: int) -> Limits:
    def gap(weights: NDArray[np.float64]) -> float:
        first, second = chosen.compute(ours.weighted(weights)), chosen.compute(theirs.weighted(weights))
        return math.nan if first is None or second is None else first - second

    low, high = bootstrap(gap, ours.rows, seed=seed, draws=DRAWS, level=level)
    return float(low), float(high)


def _known(limits: Limits | None) -> tuple[float | None, float | None]:
    if limits is None or not all(map(math.isfinite, limits)):
        return None, None
    return float(limits[0]), float(limits[1])
