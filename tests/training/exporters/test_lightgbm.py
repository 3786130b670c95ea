"""LightGBM's exporter beside LightGBM itself: every objective and booster, every kind of missing value, and the refused ones."""

from __future__ import annotations

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor

from seakeep.core.kinds import Task
from seakeep.testing.exporters import check_exporter, compare_hard, fit_and_export, hard_labels, hard_table
from seakeep.training import estimators
from seakeep.training.ensemble import floored
from seakeep.training.errors import ConfigurationRefused
from seakeep.training.exporters import lightgbm as exporter
from seakeep.training.native import Native
from seakeep.training.parity import compare_vectors, estimator_session

BINARY, MULTICLASS, REGRESSION = Task.BINARY, Task.MULTICLASS, Task.REGRESSION
FOREST = {"boosting_type": "rf", "subsample": 0.7, "subsample_freq": 1}
BOOSTERS = [{}, {"boosting_type": "dart"}, FOREST, {"data_sample_strategy": "goss"}]
OBJECTIVES = ["regression", "l1", "huber", "fair", "quantile", "mape", "poisson", "gamma", "tweedie"]


@pytest.mark.parametrize(
    "settings", [*BOOSTERS, {"is_unbalance": True}, {"sigmoid": 2.5}, {"extra_trees": True}], ids=str
)
def test_a_classifier_agrees_with_its_graph(settings):
    given = LGBMClassifier(n_estimators=15, verbose=-1, **settings)
    check_exporter("lightgbm", [(given, BINARY), (given, MULTICLASS)])


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("settings", [{}, FOREST], ids=["gbdt", "rf"])
def test_a_regressor_agrees_with_its_graph(objective, settings):
    check_exporter(
        "lightgbm", [(LGBMRegressor(n_estimators=15, objective=objective, verbose=-1, **settings), REGRESSION)]
    )


def test_one_against_all_gives_each_class_its_own_sigmoid():
    check_exporter("lightgbm", [(LGBMClassifier(n_estimators=15, objective="multiclassova", verbose=-1), MULTICLASS)])


def test_cross_entropy_classifies():
    check_exporter("lightgbm", [(LGBMClassifier(n_estimators=15, objective="cross_entropy", verbose=-1), BINARY)])


@pytest.mark.parametrize("settings", [{}, {"use_missing": False}], ids=str)
@pytest.mark.parametrize("trained_on_missing", [True, False])
def test_missing_values_go_where_lightgbm_sends_them(settings, trained_on_missing):
    prepared = estimators.prepare(LGBMClassifier(n_estimators=20, verbose=-1, **settings), seed=0)
    exported, native = fit_and_export(prepared, BINARY, hard_table(2000, missing=trained_on_missing))
    compared = compare_hard(exported, native, rows=2000, missing=True)
    assert compared.difference.max() < 1e-6
    assert not compared.flipped.any()


def test_raw_sums_agree_to_the_last_bit():
    table = hard_table(2000, missing=True)
    prepared = estimators.prepare(LGBMRegressor(n_estimators=50, verbose=-1), seed=0)
    exported, _ = fit_and_export(prepared, REGRESSION, table)
    ours = estimator_session(exported, table.shape[1]).run(["value"], {"features": table})[0]
    assert np.array_equal(ours, prepared.fitter.predict(table).astype(np.float32))


def test_numbers_within_1e35_of_zero_are_on_zeros_side():
    """LightGBM reads them as 0 and splits right there; a threshold taken as it stands sends -1e-35 the other way."""
    rng = np.random.default_rng(0)
    table = rng.choice(np.array([-1.0, -1e-35, 0.0, 1e-35, 1.0], dtype=np.float32), (2000, 1))
    labels = (table[:, 0] >= -1e-30).astype(np.int64)
    model = LGBMClassifier(n_estimators=5, verbose=-1).fit(table, labels)
    native = Native(model, BINARY, exporter.takes(model))
    exported = exporter.export(model, task=BINARY)
    assert compare_vectors(estimator_session(exported, 1), native, table).difference.max() < 1e-6


def test_float32_thresholds_that_are_rounded_instead_of_floored_would_flip_decisions():
    """The cure of the number contract, shown on identifiers near 1e8 that lie eight apart in float32."""
    rng = np.random.default_rng(0)
    table = rng.integers(100_000_000, 100_000_200, (5000, 1)).astype(np.float32)
    labels = ((table[:, 0].astype(np.int64) // 8) % 2).astype(np.int64)
    model = LGBMClassifier(n_estimators=10, min_child_samples=1, verbose=-1).fit(table, labels)
    text = model.booster_.model_to_string()
    lines = [line.partition("=")[2] for line in text.splitlines() if line.startswith("threshold=")]
    threshold = np.array(" ".join(lines).split(), dtype=np.float64)
    rounded = threshold.astype(np.float32)
    wrong = (table <= rounded[None, :]) != (table.astype(np.float64) <= threshold[None, :])
    right = (table <= floored(threshold)[None, :]) != (table.astype(np.float64) <= threshold[None, :])
    assert wrong.any()
    assert not right.any()
    check_exporter("lightgbm", [(LGBMClassifier(n_estimators=10, min_child_samples=1, verbose=-1), BINARY)])


def test_a_model_without_a_single_split_answers_its_constant():
    table, labels = np.zeros((50, 2), dtype=np.float32), np.arange(50) % 2
    model = LGBMClassifier(n_estimators=3, verbose=-1).fit(table, labels)
    native = Native(model, BINARY, exporter.takes(model))
    compared = compare_vectors(estimator_session(exporter.export(model, task=BINARY), 2), native, table)
    assert compared.difference.max() < 1e-6
    assert not compared.flipped.any()


def _refused(settings, name, *, table=None, **fit):
    """The fitted model is refused by name; returns it, with its table and labels."""
    table = hard_table(2000, missing=False) if table is None else table
    labels = hard_labels(hard_table(2000, missing=False), BINARY)
    model = LGBMClassifier(n_estimators=10, verbose=-1, **settings).fit(table, labels, **fit)
    with pytest.raises(ConfigurationRefused) as caught:
        exporter.export(model, task=BINARY)
    assert caught.value.name == name
    return model, table


def _naive(model, monkeypatch):
    monkeypatch.setattr(exporter, "_refuse_unsayable", lambda _: None)
    return exporter.export(model, task=BINARY)


def test_linear_trees_are_refused_and_dropping_their_slopes_would_be_wrong(monkeypatch):
    table = hard_table(2000, missing=False)[:, :5]
    model, table = _refused({"linear_tree": True}, "lightgbm.linear_tree", table=table)
    session = estimator_session(_naive(model, monkeypatch), table.shape[1])
    assert compare_vectors(session, Native(model, BINARY, exporter.takes(model)), table).difference.max() > 1e-3


def test_zero_as_missing_is_refused_and_one_way_for_nan_would_be_wrong(monkeypatch):
    model, table = _refused({"zero_as_missing": True}, "lightgbm.zero_as_missing")
    session = estimator_session(_naive(model, monkeypatch), table.shape[1])
    assert compare_vectors(session, Native(model, BINARY, exporter.takes(model)), table).difference.max() > 1e-3


def test_categorical_splits_are_refused_and_thresholds_in_their_place_would_flip_decisions(monkeypatch):
    table = np.random.default_rng(0).integers(0, 40, (2000, 2)).astype(np.float32)
    model, table = _refused({}, "lightgbm.categorical_feature", table=table, categorical_feature=[0, 1])
    session = estimator_session(_naive(model, monkeypatch), 2)
    assert compare_vectors(session, Native(model, BINARY, exporter.takes(model)), table).flipped.sum() > 10


def test_an_unknown_objective_is_refused():
    table = hard_table(500, missing=False)
    model = LGBMRegressor(n_estimators=3, objective="cross_entropy_lambda", verbose=-1)
    model.fit(table, hard_labels(table, BINARY))
    with pytest.raises(ConfigurationRefused, match="cross_entropy_lambda"):
        exporter.export(model, task=REGRESSION)
