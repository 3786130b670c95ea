"""scikit-learn's exporter beside scikit-learn itself: every estimator it names, and the ties and defaults that converters miss."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import ensemble, linear_model, tree

from seakeep.core.kinds import Task
from seakeep.testing.exporters import check_exporter, compare_hard, fit_and_export, hard_table
from seakeep.training import estimators
from seakeep.training.errors import ConfigurationRefused
from seakeep.training.exporters import sklearn as exporter
from seakeep.training.native import Native
from seakeep.training.parity import compare_vectors, estimator_session

BINARY, MULTICLASS, REGRESSION = Task.BINARY, Task.MULTICLASS, Task.REGRESSION
CLASSIFIERS = [
    tree.DecisionTreeClassifier(max_depth=8),
    tree.ExtraTreeClassifier(min_samples_leaf=3),
    ensemble.RandomForestClassifier(10, min_samples_leaf=3),
    ensemble.RandomForestClassifier(20, class_weight="balanced"),
    ensemble.ExtraTreesClassifier(10, min_samples_leaf=2),
    ensemble.GradientBoostingClassifier(n_estimators=15),
    ensemble.GradientBoostingClassifier(n_estimators=5, init="zero"),
    ensemble.HistGradientBoostingClassifier(max_iter=20),
    linear_model.LogisticRegression(max_iter=50),
    linear_model.LogisticRegressionCV(cv=2, max_iter=20),
    linear_model.SGDClassifier(loss="log_loss", max_iter=5, tol=None),
]
REGRESSORS = [
    tree.DecisionTreeRegressor(max_depth=8),
    tree.ExtraTreeRegressor(min_samples_leaf=3),
    ensemble.RandomForestRegressor(10, min_samples_leaf=3),
    ensemble.ExtraTreesRegressor(10, criterion="absolute_error", max_depth=4),
    *[
        ensemble.GradientBoostingRegressor(loss=loss, n_estimators=10)
        for loss in ("squared_error", "huber", "quantile")
    ],
    *[ensemble.HistGradientBoostingRegressor(loss=loss, max_iter=15) for loss in ("squared_error", "poisson", "gamma")],
    ensemble.HistGradientBoostingRegressor(loss="quantile", quantile=0.8, max_iter=15),
    linear_model.LinearRegression(),
    linear_model.Ridge(),
    linear_model.RidgeCV(),
    linear_model.Lasso(max_iter=50),
    linear_model.LassoCV(max_iter=50, cv=2),
    linear_model.ElasticNet(max_iter=50),
    linear_model.ElasticNetCV(max_iter=50, cv=2),
    linear_model.TweedieRegressor(max_iter=5),
    linear_model.TweedieRegressor(power=1.5, max_iter=5),
    linear_model.PoissonRegressor(max_iter=5),
    linear_model.GammaRegressor(max_iter=5),
]


def test_every_estimator_named_is_tried_here():
    tried = {type(given).__name__ for given in (*CLASSIFIERS, *REGRESSORS)}
    assert set(exporter.ESTIMATORS) == tried | {"SGDRegressor"}


@pytest.mark.parametrize("given", CLASSIFIERS, ids=str)
def test_a_classifier_agrees_with_its_graph(given):
    check_exporter("sklearn", [(given, BINARY), (given, MULTICLASS)])


@pytest.mark.parametrize("given", REGRESSORS, ids=str)
def test_a_regressor_agrees_with_its_graph(given):
    with np.errstate(
        all="ignore"
    ):  # unscaled identifiers overflow the exponential of linear models, here and there alike
        check_exporter("sklearn", [(given, REGRESSION)])


def test_a_stochastic_regressor_agrees_on_scaled_features():
    prepared = estimators.prepare(linear_model.SGDRegressor(max_iter=5, tol=None), seed=0)
    table = hard_table(500, missing=False)[:, :2]
    exported, native = fit_and_export_labelled(prepared, table, table[:, 0] * 2.0 + 1)
    compared = compare_vectors(estimator_session(exported, 2), native, table)
    assert compared.difference.max() < 1e-6


def fit_and_export_labelled(prepared, table, labels):
    estimators.fit(prepared, table.astype(np.float64), labels)
    takes = prepared.exporter.takes(prepared.fitter)
    return prepared.exporter.export(prepared.fitter, task=REGRESSION), Native(prepared.fitter, REGRESSION, takes)


def test_exponential_loss_has_a_steeper_sigmoid():
    check_exporter("sklearn", [(ensemble.GradientBoostingClassifier(loss="exponential", n_estimators=10), BINARY)])


def test_liblinear_has_one_sum():
    check_exporter("sklearn", [(linear_model.LogisticRegression(solver="liblinear"), BINARY)])


def test_missing_values_go_where_the_forest_sends_them_also_when_training_saw_none():
    prepared = estimators.prepare(ensemble.RandomForestClassifier(20), seed=0)
    exported, native = fit_and_export(prepared, BINARY, hard_table(1000, missing=False))
    compared = compare_hard(exported, native, rows=1000, missing=True)
    assert compared.difference.max() < 1e-6
    assert not compared.flipped.any()


def test_an_exact_tie_of_votes_is_decided_as_the_forest_decides_it():
    """Two trees that disagree on every row: 1/2 each. The first class wins, not what float32 happens to make of it."""
    rng = np.random.default_rng(0)
    table = rng.integers(0, 2, (400, 2)).astype(np.float32)
    forest = ensemble.RandomForestClassifier(40, max_depth=1, max_features=1, bootstrap=False, random_state=0)
    labels = (table[:, 0] != table[:, 1]).astype(np.int64)
    forest.fit(table, labels)
    shares = forest.predict_proba(table)
    forest_ties = np.abs(shares[:, 0] - 0.5) < 1e-9
    exported = exporter.export(forest, task=BINARY)
    native = Native(forest, BINARY, exporter.takes(forest))
    compared = compare_vectors(estimator_session(exported, 2), native, table)
    assert not compared.flipped.any()
    stumps = tree.DecisionTreeClassifier(max_depth=1).fit(np.array([[0.0], [1.0]]), [0, 1])
    forest.estimators_ = [stumps, _reversed()]
    forest.n_features_in_ = 1
    both = np.array([[0.0], [1.0]], dtype=np.float32)
    assert np.all(forest.predict_proba(both) == 0.5) or forest_ties.any()
    tied = Native(forest, BINARY, exporter.takes(forest))
    assert not compare_vectors(estimator_session(exporter.export(forest, task=BINARY), 1), tied, both).flipped.any()


def _reversed():
    return tree.DecisionTreeClassifier(max_depth=1).fit(np.array([[0.0], [1.0]]), [1, 0])


@pytest.mark.parametrize("seed", range(8))
def test_small_forests_with_many_ties_keep_every_decision(seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 3, (300, 3)).astype(np.float32)
    labels = rng.integers(0, 3, 300)
    forest = ensemble.RandomForestClassifier(6, min_samples_leaf=3, random_state=seed).fit(table, labels)
    native = Native(forest, MULTICLASS, exporter.takes(forest))
    compared = compare_vectors(estimator_session(exporter.export(forest, task=MULTICLASS), 3), native, table)
    assert not compared.flipped.any()


def test_gradient_boosting_at_a_sum_of_exactly_zero_decides_for_class_1():
    table, labels = np.array([[0.0], [0.0]], dtype=np.float32), np.array([0, 1])
    boosted = ensemble.GradientBoostingClassifier(n_estimators=2).fit(table, labels)
    assert boosted.decision_function(table).tolist() == [0.0, 0.0]
    native = Native(boosted, BINARY, exporter.takes(boosted))
    compared = compare_vectors(estimator_session(exporter.export(boosted, task=BINARY), 1), native, table)
    assert boosted.predict(table).tolist() == [1, 1]
    assert not compared.flipped.any()


def test_histogram_boosting_at_a_sum_of_exactly_zero_decides_for_class_0():
    table, labels = np.zeros((60, 1), dtype=np.float32), np.arange(60) % 2
    boosted = ensemble.HistGradientBoostingClassifier(max_iter=2).fit(table, labels)
    native = Native(boosted, BINARY, exporter.takes(boosted))
    compared = compare_vectors(estimator_session(exporter.export(boosted, task=BINARY), 1), native, table)
    assert boosted.predict(table[:1]).tolist() == [0]
    assert not compared.flipped.any()


def test_categorical_splits_are_refused_and_a_threshold_in_their_place_would_flip_decisions():
    rng = np.random.default_rng(0)
    table = rng.integers(0, 12, (2000, 1)).astype(np.float32)
    labels = np.isin(table[:, 0], [1, 4, 6, 9, 11]).astype(np.int64)
    boosted = ensemble.HistGradientBoostingClassifier(max_iter=5, categorical_features=[0]).fit(table, labels)
    with pytest.raises(ConfigurationRefused, match="categorical splits"):
        exporter.export(boosted, task=BINARY)
    for stage in boosted._predictors:
        for member in stage:
            member.nodes["is_categorical"] = 0  # what a naive export reads: thresholds that are not there
    naive = exporter.export(boosted, task=BINARY)
    boosted = ensemble.HistGradientBoostingClassifier(max_iter=5, categorical_features=[0]).fit(table, labels)
    native = Native(boosted, BINARY, exporter.takes(boosted))
    assert compare_vectors(estimator_session(naive, 1), native, table).flipped.sum() > 100


def test_linear_estimators_take_no_missing_values_and_trees_do():
    assert not exporter.takes(linear_model.LogisticRegression()).missing
    assert not exporter.takes(ensemble.GradientBoostingClassifier()).missing
    assert exporter.takes(ensemble.RandomForestClassifier()).missing
    with warnings.catch_warnings():
        assert exporter.takes(ensemble.HistGradientBoostingClassifier()).infinite
