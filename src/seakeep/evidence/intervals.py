"""Confidence intervals: rates, means, areas under the ROC curve, differences of rates, and any metric by bootstrap.

Called by `evaluation` for every metric and by `data` for allowances. Every function is pure, takes the level wanted and
returns limits that hold the true value with about that probability when rows are independent; tests/evidence holds that
coverage by simulation. Where nothing is known (no rows) the interval is the whole range, never a point: a report built on
too little must look like it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.errors import UsageError
from seakeep.evidence.auc import delong
from seakeep.evidence.special import beta_quantile, normal_quantile, student_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray


class BadInterval(UsageError):
    """An interval was asked for with numbers that mean nothing."""

    @classmethod
    def level(cls, level: float) -> BadInterval:
        return cls(
            f"the level is {level!r}, expected a share between 0 and 1",
            cause="Levels are shares, not percents." if level > 1 else "",
            fix="For 95 % write level=0.95.",
            level=level,
        )

    @classmethod
    def counts(cls, successes: float, trials: float) -> BadInterval:
        return cls(
            f"found {successes!r} successes in {trials!r} trials, expected 0 <= successes <= trials",
            cause="The arguments may be swapped, or a rate was given where a count is wanted.",
            fix="wilson(successes, trials): both are numbers of rows (or sums of their weights).",
            successes=successes,
            trials=trials,
        )

    @classmethod
    def lengths(cls, scores: int, labels: int) -> BadInterval:
        return cls(
            f"found {scores} scores and {labels} labels, expected as many of each",
            fix="Give one label for each score, in the same order.",
            scores=scores,
            labels=labels,
        )


def wilson(successes: float, trials: float, *, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a rate: good for any number of trials and for rates at 0 and 1.

    Parameters: successes, trials: numbers of rows, or sums of their weights. Returns: (low, high) within [0, 1]; (0, 1)
    for no trials. Source: Wilson, JASA 22, 1927.
    >>> [round(limit, 4) for limit in wilson(0, 10)]
    [0.0, 0.2775]
    """
    _check_counts(successes, trials)
    z2 = _z(level) ** 2
    if not trials:
        return 0.0, 1.0
    rate = successes / trials
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(z2 * (rate * (1 - rate) / trials + z2 / (4 * trials * trials))) / (1 + z2 / trials)
    return (0.0 if not successes else max(0.0, centre - half)), (
        1.0 if successes == trials else min(1.0, centre + half)
    )


def clopper_pearson(successes: int, trials: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a rate: holds the true rate with at least the level's probability, at the price of width.

    Parameters: successes, trials: numbers of rows. Returns: (low, high); (0, 1) for no trials.
    Source: Clopper and Pearson, Biometrika 26, 1934. Limits within 1e-12.
    >>> [round(limit, 4) for limit in clopper_pearson(0, 10)]
    [0.0, 0.3085]
    """
    _check_counts(successes, trials)
    _z(level)
    tail = (1 - level) / 2
    low = beta_quantile(tail, successes, trials - successes + 1) if successes else 0.0
    high = 1.0 - beta_quantile(tail, trials - successes, successes + 1) if successes < trials else 1.0
    return low, high


def normal(estimate: float, standard_error: float, *, level: float = 0.95) -> tuple[float, float]:
    """Interval of an estimate that is normal about the true value with a known standard error."""
    half = _z(level) * standard_error
    return estimate - half, estimate + half


def mean_interval(values: ArrayLike, *, level: float = 0.95) -> tuple[float, float]:
    """Interval of the mean of a population, from a sample, by Student's t.

    Parameters: values: (rows,), finite. Returns: (low, high); (-inf, inf) for fewer than two rows.
    """
    sample = np.asarray(values, dtype=np.float64)
    _z(level)
    if len(sample) < 2:
        return -math.inf, math.inf
    half = student_quantile((1 + level) / 2, len(sample) - 1) * float(sample.std(ddof=1)) / math.sqrt(len(sample))
    mean = float(sample.mean())
    return mean - half, mean + half


def difference_of_rates(
    first: float, first_trials: float, second: float, second_trials: float, *, level: float = 0.95
) -> tuple[float, float]:
    """Interval of (first rate - second rate) of independent samples, within [-1, 1].

    Parameters: successes and trials of the first and of the second sample. No trials on a side: its rate may be anything.
    Source: Newcombe, Statistics in Medicine 17, 1998, method 10 (from both Wilson intervals).
    >>> [round(limit, 4) for limit in difference_of_rates(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    low_1, high_1 = wilson(first, first_trials, level=level)
    low_2, high_2 = wilson(second, second_trials, level=level)
    if not first_trials or not second_trials:
        return low_1 - high_2, high_1 - low_2
    rate_1, rate_2 = first / first_trials, second / second_trials
    gap = rate_1 - rate_2
    return gap - math.hypot(rate_1 - low_1, high_2 - rate_2), gap + math.hypot(high_1 - rate_1, rate_2 - low_2)


def auc_interval(scores: ArrayLike, labels: ArrayLike, *, level: float = 0.95) -> tuple[float, float, float]:
    """Area under the ROC curve and its interval, by DeLong's variance on the logit scale, which keeps it within [0, 1].

    Parameters: scores: (rows,), no NaN. labels: (rows,), true where positive. Returns: (value, low, high); (NaN, 0, 1)
    without both classes. Where DeLong's variance is zero or unknown (perfect separation, one row of a class), the limits
    are Newcombe's (Statistics in Medicine 25, 2006, method 5), which do not collapse to a point.
    """
    if np.shape(scores) != np.shape(labels):
        raise BadInterval.lengths(np.size(scores), np.size(labels))
    z = _z(level)
    value, variance = delong(scores, labels)
    if math.isnan(value):
        return value, 0.0, 1.0
    inside = value * (1 - value)
    if not variance > 0 or inside < 1e-12:
        positives = int(np.count_nonzero(np.asarray(labels)))
        return value, *_newcombe(value, positives, np.size(labels) - positives, z)
    logit, half = math.log(value / (1 - value)), z * math.sqrt(variance) / inside
    return value, _expit(logit - half), _expit(logit + half)


def bootstrap(
    metric: Callable[[NDArray[np.float64]], ArrayLike], rows: int, *, seed: int, draws: int = 500, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of any metric that takes row weights, by resampling rows with replacement.

    Parameters: metric: from weights float64 (rows,), whole numbers that sum to `rows`, to a number or an array of numbers;
    NaN where a draw leaves it undefined, which is left out. rows: at least 1. seed: of the draws, the same on any machine.
    draws: resamples; 500 put the limits of a 95 % interval within about 1 % of its level.
    Returns: (low, high), arrays of the metric's shape; NaN where every draw was undefined.
    Cost: draws calls of `metric`. Source: Efron 1979. Undercovers for few rows (below about 30).
    """
    _z(level)
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = [
        np.asarray(
            metric(np.bincount(generator.integers(0, rows, rows), minlength=rows).astype(np.float64)), np.float64
        )
        for _ in range(draws)
    ]
    values = np.stack(drawn)
    known = np.sum(~np.isnan(values), axis=0) > 0
    filled = np.where(known, values, 0.0)
    low, high = np.nanquantile(filled, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _newcombe(value: float, positives: int, negatives: int, z: float) -> tuple[float, float]:
    """Both roots of |value - area| = z · sqrt(variance(area)), found by halving."""
    surplus = (positives + negatives) / 2 - 1

    def outside(area: float) -> bool:
        spread = 1 + surplus * ((1 - area) / (2 - area) + area / (1 + area))
        return (value - area) ** 2 > z * z * area * (1 - area) * spread / (positives * negatives)

    return _edge(value, 0.0, outside), _edge(value, 1.0, outside)


def _edge(inner: float, outer: float, outside: Callable[[float], bool]) -> float:
    if inner == outer or not outside(outer):
        return outer
    for _ in range(60):
        middle = (inner + outer) / 2
        inner, outer = (inner, middle) if outside(middle) else (middle, outer)
    return (inner + outer) / 2


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _z(level: float) -> float:
    if not 0 < level < 1:
        raise BadInterval.level(level)
    return normal_quantile((1 + level) / 2)


def _check_counts(successes: float, trials: float) -> None:
    if not 0 <= successes <= trials < math.inf:
        raise BadInterval.counts(successes, trials)
