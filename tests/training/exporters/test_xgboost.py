"""XGBoost's exporter beside XGBoost itself: every booster and objective, strict splits, float32 sums, and the refused ones."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from seakeep.core.kinds import Task
from seakeep.testing.exporters import check_exporter, compare_hard, fit_and_export, hard_labels, hard_table
from seakeep.training import estimators
from seakeep.training.errors import ConfigurationRefused
from seakeep.training.exporters import xgboost as exporter
from seakeep.training.native import Native
from seakeep.training.parity import compare_vectors, estimator_session

BINARY, MULTICLASS, REGRESSION = Task.BINARY, Task.MULTICLASS, Task.REGRESSION
SETTINGS = [
    {},
    {"booster": "dart", "rate_drop": 0.3},
    {"tree_method": "exact"},
    {"tree_method": "approx"},
    {"subsample": 0.5, "num_parallel_tree": 3},
    {"grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0},
]
OBJECTIVES = [
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:quantileerror",
    "count:poisson",
    "reg:gamma",
    "reg:tweedie",
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_classifier_agrees_with_its_graph(settings):
    given = XGBClassifier(n_estimators=15, **settings)
    check_exporter("xgboost", [(given, BINARY), (given, MULTICLASS)])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_regressor_agrees_with_its_graph(objective):
    settings = {"quantile_alpha": 0.3} if objective == "reg:quantileerror" else {}
    check_exporter("xgboost", [(XGBRegressor(n_estimators=15, objective=objective, **settings), REGRESSION)])


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:logistic"])
@pytest.mark.parametrize("base_score", [None, 0.2])
def test_a_base_score_is_a_probability_where_the_link_is_a_sigmoid(objective, base_score):
    given = XGBClassifier(n_estimators=15, objective=objective, base_score=base_score)
    check_exporter("xgboost", [(given, BINARY)])


def test_random_forests_agree():
    check_exporter(
        "xgboost", [(XGBRFClassifier(n_estimators=10), BINARY), (XGBRFRegressor(n_estimators=10), REGRESSION)]
    )


def test_raw_sums_agree_to_the_last_bit():
    table = hard_table(2000, missing=True)
    prepared = estimators.prepare(XGBRegressor(n_estimators=100), seed=0)
    exported, _ = fit_and_export(prepared, REGRESSION, table)
    ours = estimator_session(exported, table.shape[1]).run(["value"], {"features": table})[0]
    assert np.array_equal(ours, prepared.fitter.predict(table))


def test_the_trees_after_the_best_iteration_are_left_out():
    table = hard_table(1000, missing=True)
    labels = hard_labels(table, BINARY)
    model = XGBClassifier(n_estimators=200, learning_rate=0.5, early_stopping_rounds=3)
    model.fit(table[:500], labels[:500], eval_set=[(table[500:], labels[500:])], verbose=False)
    exported = exporter.export(model, task=BINARY)
    assert len(exported.scores.root) == model.best_iteration + 1 < 200
    native = Native(model, BINARY, exporter.takes(model))
    assert not compare_hard(exported, native, rows=1000, missing=True).flipped.any()


def test_a_row_at_a_threshold_goes_right_as_strictly_less_demands():
    table = np.array([[1.0], [2.0]] * 50, dtype=np.float32)
    model = XGBClassifier(n_estimators=1, tree_method="exact").fit(table, np.arange(100) % 2)
    exported = exporter.export(model, task=BINARY)
    native_threshold = float(model.get_booster().trees_to_dataframe()["Split"].dropna()[0])
    assert exported.scores.threshold[0] < np.float32(native_threshold)


@pytest.mark.parametrize("margin", [0.0, 5.9e-8, 8.9e-8, 9.0e-8, 1.2e-7, -1e-7])
def test_class_1_is_decided_where_the_float32_sigmoid_is_above_one_half(margin):
    table = np.zeros((1, 1), dtype=np.float32)
    booster = XGBClassifier(n_estimators=1).fit(np.zeros((4, 1)), [0, 1, 0, 1]).get_booster()
    matrix = xgboost.DMatrix(table, base_margin=np.array([margin], dtype=np.float32))
    decided = booster.predict(matrix)[0] > 0.5
    assert (np.float32(margin) > np.float32(exporter._SIGMOID_CUT)) == decided


def test_categorical_splits_are_refused_and_thresholds_in_their_place_would_flip_decisions(monkeypatch):
    table = np.random.default_rng(0).integers(0, 12, (2000, 1)).astype(np.float32)
    labels = np.isin(table[:, 0], [1, 4, 6, 9, 11]).astype(np.int64)
    model = XGBClassifier(n_estimators=3, feature_types=["c"], enable_categorical=True, max_cat_to_onehot=2)
    model.fit(table, labels)
    with pytest.raises(ConfigurationRefused, match="categorical splits"):
        exporter.export(model, task=BINARY)
    original = exporter._tree
    monkeypatch.setattr(exporter, "_tree", lambda tree, **given: original({**tree, "split_type": []}, **given))
    naive = exporter.export(model, task=BINARY)
    native = Native(model, BINARY, exporter.takes(model))
    assert compare_vectors(estimator_session(naive, 1), native, table).flipped.sum() > 100


def test_a_linear_booster_is_refused():
    model = XGBClassifier(n_estimators=2, booster="gblinear").fit(np.eye(4), [0, 1, 0, 1])
    with pytest.raises(ConfigurationRefused, match="gblinear"):
        exporter.export(model, task=BINARY)


def test_bare_decisions_are_refused():
    model = XGBClassifier(n_estimators=2, objective="binary:hinge").fit(np.eye(4), [0, 1, 0, 1])
    with pytest.raises(ConfigurationRefused, match="binary:hinge"):
        exporter.export(model, task=BINARY)
