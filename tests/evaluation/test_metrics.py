"""Every metric: equal to scikit-learn's, with influences that are derivatives, and defined where nothing can be computed."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Task, plugins
from seakeep.evaluation.estimate import GROUP, measure, metric, metrics_of
from seakeep.evaluation.sample import Sample

BINARY = {
    "accuracy": lambda y, p, d, w: sk.accuracy_score(y, d, sample_weight=w),
    "average_precision": lambda y, p, d, w: sk.average_precision_score(y, p[:, 1], sample_weight=w),
    "balanced_accuracy": lambda y, p, d, w: sk.balanced_accuracy_score(y, d, sample_weight=w),
    "brier": lambda y, p, d, w: sk.brier_score_loss(y, p[:, 1], sample_weight=w),
    "f1": lambda y, p, d, w: sk.f1_score(y, d, sample_weight=w),
    "log_loss": lambda y, p, d, w: sk.log_loss(y, p, sample_weight=w, labels=[0, 1]),
    "precision": lambda y, p, d, w: sk.precision_score(y, d, sample_weight=w),
    "recall": lambda y, p, d, w: sk.recall_score(y, d, sample_weight=w),
    "roc_auc": lambda y, p, d, w: sk.roc_auc_score(y, p[:, 1], sample_weight=w),
    "specificity": lambda y, p, d, w: sk.recall_score(y, d, pos_label=0, sample_weight=w),
}
MULTICLASS = {
    "accuracy": lambda y, p, d, w: sk.accuracy_score(y, d, sample_weight=w),
    "balanced_accuracy": lambda y, p, d, w: sk.balanced_accuracy_score(y, d, sample_weight=w),
    "log_loss": lambda y, p, d, w: sk.log_loss(y, p, sample_weight=w, labels=range(p.shape[1])),
    "macro_f1": lambda y, p, d, w: sk.f1_score(y, d, average="macro", sample_weight=w),
    "roc_auc": lambda y, p, d, w: sk.roc_auc_score(y, p, multi_class="ovr", average="macro", sample_weight=w),
    "top_3_accuracy": lambda y, p, d, w: sk.top_k_accuracy_score(y, p, k=3, sample_weight=w, labels=range(p.shape[1])),
}
REGRESSION = {
    "bias": lambda y, v, w: np.average(v - y, weights=w),
    "mae": lambda y, v, w: sk.mean_absolute_error(y, v, sample_weight=w),
    "mape": lambda y, v, w: sk.mean_absolute_percentage_error(y, v, sample_weight=w),
    "median_absolute_error": lambda y, v, w: np.median(np.repeat(np.abs(v - y), 1 if w is None else w.astype(int))),
    "mse": lambda y, v, w: sk.mean_squared_error(y, v, sample_weight=w),
    "r2": lambda y, v, w: sk.r2_score(y, v, sample_weight=w),
    "rmse": lambda y, v, w: sk.root_mean_squared_error(y, v, sample_weight=w),
}
HAND_WRITTEN = {"calibration_error"}


def classified(rows: int, classes: int, seed: int, *, ties: bool = True) -> Sample:
    random = np.random.default_rng(seed)
    raw = random.normal(size=(rows, classes))
    scores = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    if ties and classes == 2:
        positive = np.round(scores[:, 1], 1).clip(0.05, 0.95)
        scores = np.column_stack([1 - positive, positive])
    labels = np.concatenate([np.arange(classes), (raw + random.gumbel(size=raw.shape)).argmax(axis=1)[classes:]])
    task = Task.BINARY if classes == 2 else Task.MULTICLASS
    return Sample(task, labels.astype(np.int64), scores, scores.argmax(axis=1).astype(np.int64))


def measured(rows: int, seed: int) -> Sample:
    random = np.random.default_rng(seed)
    labels = random.normal(5, 2, rows)
    return Sample(Task.REGRESSION, labels, (labels + random.standard_t(4, rows))[:, None])


def sample_of(task: Task, rows: int = 200, seed: int = 0) -> Sample:
    return measured(rows, seed) if task is Task.REGRESSION else classified(rows, 2 if task is Task.BINARY else 4, seed)


EVERY = [(name, task) for task in Task for name in metrics_of(task)]
SMOOTH = [(name, task) for name, task in EVERY if hasattr(metric(name), "influence")]


def test_every_built_in_metric_has_an_oracle_here():
    assert set(plugins.names(GROUP)) == {*BINARY, *MULTICLASS, *REGRESSION, *HAND_WRITTEN}


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("weighted", [False, True])
@given(seed=st.integers(0, 10**6), rows=st.integers(8, 60))
def test_a_binary_metric_equals_scikit_learns(name, weighted, seed, rows):
    sample = classified(rows, 2, seed)
    weights = np.random.default_rng(seed).integers(1, 5, rows).astype(float) if weighted else None
    if name in ("precision", "f1") and not (sample.chosen == 1).any():
        return
    expected = BINARY[name](sample.labels, sample.scores, sample.chosen, weights)
    assert metric(name).compute(sample if weights is None else sample.weighted(weights)) == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize("name", MULTICLASS)
@pytest.mark.parametrize("weighted", [False, True])
@given(seed=st.integers(0, 10**6), rows=st.integers(20, 80))
def test_a_multiclass_metric_equals_scikit_learns(name, weighted, seed, rows):
    sample = classified(rows, 4, seed)
    weights = np.random.default_rng(seed).integers(1, 5, rows).astype(float) if weighted else None
    expected = MULTICLASS[name](sample.labels, sample.scores, sample.chosen, weights)
    assert metric(name).compute(sample if weights is None else sample.weighted(weights)) == pytest.approx(
        expected, abs=1e-12
    )


@pytest.mark.parametrize("name", REGRESSION)
@pytest.mark.parametrize("weighted", [False, True])
@given(seed=st.integers(0, 10**6), rows=st.integers(2, 60))
def test_a_regression_metric_equals_scikit_learns(name, weighted, seed, rows):
    sample = measured(rows, seed)
    weights = np.random.default_rng(seed).integers(1, 5, rows).astype(float) if weighted else None
    expected = REGRESSION[name](sample.labels, sample.scores[:, 0], weights)
    found = metric(name).compute(sample if weights is None else sample.weighted(weights))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_the_calibration_error_is_the_mean_gap_between_stated_and_observed_shares():
    scores = np.array([0.02, 0.04, 0.51, 0.52, 0.99])
    labels = np.array([0, 1, 1, 0, 1])
    sample = Sample(Task.BINARY, labels, np.column_stack([1 - scores, scores]), (scores > 0.5).astype(np.int64))
    by_hand = (abs(0.06 - 1) + abs(1.03 - 1) + abs(0.99 - 1)) / 5
    assert metric("calibration_error").compute(sample) == pytest.approx(by_hand, abs=1e-12)


def test_the_calibration_error_of_several_classes_is_about_the_decided_one():
    scores = np.array([[0.8, 0.1, 0.1], [0.81, 0.1, 0.09], [0.3, 0.4, 0.3]])
    sample = Sample(Task.MULTICLASS, np.array([0, 1, 1]), scores, scores.argmax(axis=1))
    assert metric("calibration_error").compute(sample) == pytest.approx((abs(1 - 1.61) + abs(1 - 0.4)) / 3, abs=1e-12)


@pytest.mark.parametrize(("name", "task"), EVERY)
def test_a_weight_of_two_is_the_row_twice_and_a_weight_of_none_is_no_row(name, task):
    sample = sample_of(task, 120)
    weights = np.random.default_rng(1).integers(0, 4, sample.rows)
    weights[:4] = 1
    repeated = sample.take(np.repeat(np.arange(sample.rows), weights))
    found = metric(name).compute(sample.weighted(weights.astype(float)))
    assert found == pytest.approx(metric(name).compute(repeated), rel=1e-12)


@pytest.mark.parametrize(("name", "task"), SMOOTH)
@pytest.mark.parametrize("weighted", [False, True])
def test_an_influence_is_the_derivative_by_the_rows_weight_and_they_sum_to_nothing(name, task, weighted):
    sample = sample_of(task, 60, seed=3)
    mass = np.random.default_rng(2).integers(1, 4, sample.rows).astype(float) if weighted else np.ones(sample.rows)
    sample = sample.weighted(mass)
    influence = metric(name).influence(sample)
    step = 1e-6
    for row in range(0, sample.rows, 7):
        bump = np.where(np.arange(sample.rows) == row, step, 0.0)
        rise = metric(name).compute(sample.weighted(mass + bump)) - metric(name).compute(sample.weighted(mass - bump))
        assert influence[row] == pytest.approx(rise / (2 * step), rel=1e-4, abs=1e-7)
    assert float(influence @ mass) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("name", "task"), EVERY)
def test_an_interval_holds_the_estimate_and_stays_in_the_metrics_range(name, task):
    for seed in range(5):
        found = measure(name, sample_of(task, 150, seed))
        low, high = metric(name).RANGE
        assert low <= found.low <= found.value <= found.high <= high


@pytest.mark.parametrize(("name", "task"), EVERY)
def test_a_higher_level_makes_a_wider_interval(name, task):
    sample = sample_of(task, 300)
    narrow, wide = measure(name, sample, level=0.8), measure(name, sample, level=0.99)
    assert wide.low <= narrow.low
    assert wide.high >= narrow.high
    assert wide.high - wide.low > narrow.high - narrow.low


@pytest.mark.parametrize(("name", "task"), EVERY)
@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_very_few_rows_are_a_value_or_none_and_never_a_crash_or_a_warning(name, task, rows):
    sample = sample_of(task).take(np.arange(rows))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(name, sample)
    assert found.value is None or math.isfinite(found.value)
    assert (found.low is None) == (found.high is None)
    assert found.reason if found.value is None else not found.reason


@pytest.mark.parametrize(("name", "task"), [(name, task) for name, task in EVERY if task is not Task.REGRESSION])
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("decided", [0, 1])
def test_one_class_and_one_decision_only_are_a_value_or_none(name, task, label, decided):
    scores = np.tile([0.7, 0.3] if task is Task.BINARY else [0.7, 0.2, 0.1], (10, 1))
    sample = Sample(task, np.full(10, label), scores, np.full(10, decided))
    found = measure(name, sample)
    assert found.value is None or math.isfinite(found.value)
    if name in ("roc_auc", "balanced_accuracy"):
        assert found.value is None


@pytest.mark.parametrize(("name", "task"), EVERY)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_makes_every_metric_unknown(name, task, bad):
    sample = sample_of(task)
    scores = sample.scores.copy()
    scores[7, 0] = bad
    found = measure(name, Sample(task, sample.labels, scores, sample.decisions))
    assert found.value is None
    assert "not finite" in found.reason


def test_perfect_and_hopeless_rankings_have_intervals_that_are_not_points():
    truth = np.array([0] * 20 + [1] * 20)
    for scores in (truth * 0.8 + 0.1, 0.9 - truth * 0.8):
        sample = Sample(Task.BINARY, truth, np.column_stack([1 - scores, scores]), (scores > 0.5).astype(np.int64))
        for name in ("roc_auc", "average_precision", "accuracy", "f1", "balanced_accuracy"):
            found = measure(name, sample)
            assert found.high - found.low > 0.05, name


def test_equal_scores_rank_by_chance():
    sample = Sample(Task.BINARY, np.array([0, 1] * 50), np.full((100, 2), 0.5), np.zeros(100, np.int64))
    assert measure("roc_auc", sample).value == 0.5
    assert measure("average_precision", sample).value == 0.5


def test_r2_of_equal_labels_and_mape_of_zero_labels_are_unknown():
    flat = Sample(Task.REGRESSION, np.full(10, 3.0), np.arange(10.0)[:, None])
    assert measure("r2", flat).value is None
    zero = Sample(Task.REGRESSION, np.arange(10.0), np.arange(10.0)[:, None])
    assert measure("mape", zero).value is None


def test_a_probability_of_zero_for_the_label_costs_much_and_not_infinitely():
    sample = Sample(Task.BINARY, np.array([1, 0]), np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 0]))
    assert measure("log_loss", sample).value == pytest.approx(36.04 / 2, abs=0.01)


def test_an_average_over_a_draw_without_positives_is_unknown():
    sample = classified(20, 2, 0)
    weights = np.where(sample.truth, 0.0, 1.0)
    for name in ("roc_auc", "average_precision", "recall", "balanced_accuracy"):
        assert metric(name).compute(sample.weighted(weights)) is None


def test_metrics_of_a_task_are_those_that_judge_it():
    assert set(metrics_of(Task.BINARY)) == {*BINARY, "calibration_error"}
    assert set(metrics_of(Task.MULTICLASS)) == {*MULTICLASS, "calibration_error"}
    assert set(metrics_of(Task.REGRESSION)) == set(REGRESSION)
