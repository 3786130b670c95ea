"""Baselines: what the candidate must beat to be worth a release. Always fitted, always beside it in the report.

Called by `trainer`. A constant (majority or mean), the best single feature (a tree of at most eight leaves), and a linear model, on
a sample of the training rows; all judged with the task's primary metric on rows that none of them was fitted on. The verdict
rests on the paired difference on the same rows, which sees far smaller gains than two intervals side by side.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seakeep.core.kinds import Task
from seakeep.core.report import Check, Table, Verdict
from seakeep.evaluation.estimate import PRIMARY, difference, measure, metric
from seakeep.evaluation.sample import Sample
from seakeep.training.estimators import one_thread_of_blas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seakeep.core.codec import Scalar
    from seakeep.evaluation.estimate import Estimate
    from seakeep.features import FittedFeatures

Codes = NDArray[np.int64] | NDArray[np.float64]

FIT_ROWS = 10_000
JUDGED_ROWS = 50_000
_KEPT_BACK = 5


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Feature vectors float32 (rows, features) and their label codes (rows,)."""

    vectors: NDArray[np.float32]
    codes: Codes

    def take(self, rows: NDArray[Any] | slice) -> Data:
        """The named rows."""
        return Data(self.vectors[rows], self.codes[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A fitted baseline's answers on the judged rows. name: stable. told: what it is."""

    name: str
    told: str
    sample: Sample


def rows_to_fit(rows: int) -> NDArray[np.bool_]:
    """Which rows to fit on where some are kept back for judging: all but every fifth."""
    return np.asarray(np.arange(rows) % _KEPT_BACK != _KEPT_BACK - 1)


def spread(rows: int, most: int) -> NDArray[np.int64]:
    """Positions of at most `most` of `rows` rows, evenly spaced."""
    return (
        np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64)) if rows else np.zeros(0, dtype=np.int64)
    )


def baselines(
    fitted: Data, judged: Data, features: FittedFeatures, *, task: Task, classes: int
) -> tuple[Baseline, ...]:
    """The three baselines, fitted on a sample of `fitted` and answering `judged`; fewer where there is nothing to learn."""
    if not len(judged.codes):
        return ()
    sampled = fitted.take(spread(len(fitted.codes), FIT_ROWS))
    constant = _constant(fitted, judged, task, classes)
    if len(np.unique(sampled.codes)) < 2:
        return (constant,)
    return (
        constant,
        _single_feature(sampled, judged, features, task, classes),
        _linear(sampled, judged, task, classes),
    )


def judge(
    candidate: Sample, found: Sequence[Baseline], *, name: str, estimator: str, is_linear: bool = False
) -> tuple[Check, Table]:
    """Whether the candidate beats the best baseline, and the table of all.

    is_linear: the candidate is a linear model itself. It may not lose to the linear baseline; where the two cannot be told
    apart, as models of one kind cannot, it must beat the others.
    """
    chosen = PRIMARY[candidate.task.value]
    estimates = [measure(chosen, sample) for sample in (candidate, *(each.sample for each in found))]
    told = [estimator, *(each.told for each in found)]
    rows = [_row(each, estimate) for each, estimate in zip(told, estimates, strict=True)]
    table = Table(
        "baselines",
        "Beside simpler models",
        ("model", "metric", "value", "low", "high", "rows"),
        tuple(rows),
        note="Limits hold the true value with a probability of 95 %.",
    )
    known = [
        (estimate.value, each)
        for estimate, each in zip(estimates[1:], found, strict=True)
        if estimate.value is not None
    ]
    if not known or estimates[0].value is None:
        return _undecided(chosen, name, estimates[0]), table
    is_greater = bool(metric(chosen).GREATER_IS_BETTER)
    ranked = [each for _, each in sorted(known, key=lambda item: item[0], reverse=is_greater)]
    checks = (
        _better(difference(chosen, candidate, each.sample), chosen, each, name, is_greater=is_greater)
        for each in ranked
    )
    check = next(checks)
    if is_linear and ranked[0].name == "linear" and check.verdict is Verdict.INCONCLUSIVE:
        check = next(checks, check)
    return check, table


def _better(gain: Estimate, chosen: str, best: Baseline, name: str, *, is_greater: bool) -> Check:
    sign = 1.0 if is_greater else -1.0
    limits = sorted(sign * limit for limit in (gain.low, gain.high) if limit is not None)
    value = sign * (gain.value or 0.0)
    verdict = Verdict.INCONCLUSIVE
    if len(limits) == 2:
        verdict = Verdict.PASS if limits[0] > 0 else Verdict.FAIL if limits[1] < 0 else Verdict.INCONCLUSIVE
    told = {Verdict.PASS: "beats", Verdict.FAIL: "loses to", Verdict.INCONCLUSIVE: "is not told apart from"}[verdict]
    between = f", between {limits[0]:.4f} and {limits[1]:.4f} with 95 %" if len(limits) == 2 else ""
    return Check(
        "baseline.better",
        name,
        verdict,
        f"the model {told} the baseline to beat ({best.told}) in {chosen} by {value:.4f}{between}, over {gain.rows:,} rows",
        value,
        0.0,
        fix="" if verdict is Verdict.PASS else "Add features or rows, or release the baseline: it is simpler.",
        evidence={"baseline": best.name, "metric": chosen, "limits": [float(limit) for limit in limits]},
    )


def _undecided(chosen: str, name: str, estimate: Estimate) -> Check:
    return Check(
        "baseline.better",
        name,
        Verdict.INCONCLUSIVE,
        f"{chosen} cannot be computed on the rows held out: {estimate.reason or 'the baselines gave none'}",
        fix="Hold out rows with labels of every class.",
    )


def _row(told: str, estimate: Estimate) -> tuple[Scalar, ...]:
    return told, estimate.metric, estimate.value, estimate.low, estimate.high, estimate.rows


def _constant(fitted: Data, judged: Data, task: Task, classes: int) -> Baseline:
    rows = len(judged.codes)
    if task is Task.REGRESSION:
        mean = float(fitted.codes.mean())
        return Baseline("constant", f"always the mean, {mean:.6g}", _sample(task, judged, np.full((rows, 1), mean)))
    shares = np.bincount(fitted.codes.astype(np.int64), minlength=classes) / len(fitted.codes)
    return Baseline("constant", "always the most frequent class", _sample(task, judged, np.tile(shares, (rows, 1))))


def _single_feature(sampled: Data, judged: Data, features: FittedFeatures, task: Task, classes: int) -> Baseline:
    """The feature whose small tree does best on rows that it was not fitted on; fitted again on all sampled rows."""
    first, second = sampled.take(slice(0, None, 2)), sampled.take(slice(1, None, 2))  # two rows at least: two labels
    chosen = metric(PRIMARY[task.value])
    sign = 1.0 if chosen.GREATER_IS_BETTER else -1.0
    best: tuple[float, str, slice] | None = None
    for label, items in _groups(features):
        value = chosen.compute(_small_tree(first, second, items, task, classes))
        score = -np.inf if value is None else sign * value
        if best is None or score > best[0]:
            best = (score, label, items)
    assert best is not None
    return Baseline("single_feature", f"{best[1]} alone", _small_tree(sampled, judged, best[2], task, classes))


def _groups(features: FittedFeatures) -> Iterator[tuple[str, slice]]:
    start = 0
    for feature in features.fitted:
        width = len(feature.names)
        yield feature.label, slice(start, start + width)
        start += width


def _small_tree(fitted: Data, judged: Data, items: slice, task: Task, classes: int) -> Sample:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if task is Task.REGRESSION else DecisionTreeClassifier
    tree = kind(max_leaf_nodes=8, min_samples_leaf=20, random_state=0)
    tree.fit(_bounded(fitted.vectors[:, items]), fitted.codes)
    return _sample(task, judged, _scores(tree, _bounded(judged.vectors[:, items]), task, classes))


def _linear(sampled: Data, judged: Data, task: Task, classes: int) -> Baseline:
    from sklearn.linear_model import LogisticRegression, Ridge

    scale = _Scale(sampled.vectors)
    linear = Ridge(alpha=1.0) if task is Task.REGRESSION else LogisticRegression(max_iter=100)
    with warnings.catch_warnings(), one_thread_of_blas():
        warnings.simplefilter("ignore")  # not yet converged is good enough for a baseline
        linear.fit(scale(sampled.vectors), sampled.codes)
        scores = _scores(linear, scale(judged.vectors), task, classes)
    return Baseline("linear", f"{type(linear).__name__} on all features", _sample(task, judged, scores))


class _Scale:
    """Mean 0 and deviation 1 by the fitted rows, missing values at the mean."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        bounded = _bounded(vectors).astype(np.float64)
        self._present = np.isfinite(bounded)
        count = np.maximum(self._present.sum(axis=0), 1)
        self._mean = np.where(self._present, bounded, 0).sum(axis=0) / count
        squares = np.where(self._present, bounded - self._mean, 0) ** 2
        deviation = np.sqrt(squares.sum(axis=0) / count)
        self._deviation = np.where(deviation > 0, deviation, 1.0)

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        scaled = (_bounded(vectors).astype(np.float64) - self._mean) / self._deviation
        return np.where(np.isnan(scaled), 0.0, np.clip(scaled, -1e6, 1e6))


def _bounded(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Infinities as the largest float32, which scikit-learn takes."""
    return np.nan_to_num(vectors, nan=np.nan)


def _scores(fitter: Any, vectors: NDArray[Any], task: Task, classes: int) -> NDArray[np.float64]:
    """float64 (rows, classes) or (rows, 1); a class that the sample had no row of gets 0."""
    if task is Task.REGRESSION:
        return np.asarray(fitter.predict(vectors), dtype=np.float64).reshape(-1, 1)
    scores = np.zeros((len(vectors), classes))
    scores[:, fitter.classes_] = fitter.predict_proba(vectors)
    return scores


def _sample(task: Task, judged: Data, scores: NDArray[np.float64]) -> Sample:
    decisions = None if task is Task.REGRESSION else scores.argmax(axis=1)
    return Sample(task, judged.codes, scores, decisions)
