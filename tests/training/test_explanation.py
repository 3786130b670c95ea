"""The explanation file: its contract, its reproducible bytes, and that its sums are the library's."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from xgboost import XGBClassifier, XGBRegressor

from seakeep.core.kinds import Task
from seakeep.testing.exporters import fit_and_export, hard_table
from seakeep.training import estimators
from seakeep.training.explanation import explanation


def explained(given, task, table):
    exported, native = fit_and_export(estimators.prepare(given, seed=0), task, table)
    content = explanation(exported, table)
    return dict(np.load(io.BytesIO(content), allow_pickle=False).items()), native, content


def margins(arrays, table):
    """Base plus one leaf a tree, walked by hand."""
    total = np.tile(arrays["base"], (len(table), 1))
    for root in arrays["root"]:
        node = np.full(len(table), root)
        while np.any(arrays["feature"][node] >= 0):
            inner = arrays["feature"][node] >= 0
            value = table[np.arange(len(table)), arrays["feature"][node]]
            left = (value <= arrays["threshold"][node]) | (np.isnan(value) & arrays["missing_left"][node])
            node = np.where(inner, np.where(left, arrays["left"][node], arrays["right"][node]), node)
        total += arrays["value"][node]
    return total


@pytest.mark.parametrize(
    ("given", "raw"),
    [
        (LGBMClassifier(n_estimators=10, verbose=-1), lambda m, x: m.predict(x, raw_score=True)),
        (LGBMClassifier(n_estimators=10, sigmoid=2.0), lambda m, x: 2 * m.predict(x, raw_score=True)),
        (XGBClassifier(n_estimators=10), lambda m, x: m.predict(x, output_margin=True)),
        (XGBRegressor(n_estimators=10), lambda m, x: m.predict(x)),
        (RandomForestClassifier(10), lambda m, x: m.predict_proba(x)),
    ],
    ids=["lightgbm", "sigmoid", "xgboost", "regressor", "forest"],
)
def test_leaf_values_and_base_add_up_to_what_the_link_is_applied_to(given, raw):
    table = hard_table(500, missing=True)
    task = Task.REGRESSION if isinstance(given, XGBRegressor) else Task.BINARY
    arrays, native, _ = explained(given, task, table)
    expected = raw(native.fitter, table).reshape(len(table), -1)
    assert np.abs(margins(arrays, table) - expected).max() < 1e-4 * max(1, np.abs(expected).max())


def test_covers_count_the_training_rows_that_reach_a_node():
    table = hard_table(500, missing=True)
    arrays, _, _ = explained(LGBMClassifier(n_estimators=3), Task.BINARY, table)
    assert (arrays["cover"][arrays["root"]] == 500).all()
    inner = np.flatnonzero(arrays["feature"] >= 0)
    children = arrays["cover"][arrays["left"][inner]] + arrays["cover"][arrays["right"][inner]]
    assert np.array_equal(arrays["cover"][inner], children)


def test_linear_weights_and_means():
    table = hard_table(500, missing=False)[:, [0, 4]]
    exported, native = fit_small(LogisticRegression(), table)
    arrays = dict(np.load(io.BytesIO(explanation(exported, table)), allow_pickle=False).items())
    assert arrays["kind"] == "linear"
    assert arrays["link"] == "sigmoid"
    assert np.allclose(arrays["mean"], table.mean(axis=0), atol=1e-6)
    sums = table @ arrays["coefficients"] + arrays["intercept"]
    assert np.allclose(sums[:, 0], native.decision_function(table), atol=1e-5)


def fit_small(given, table):
    prepared = estimators.prepare(given, seed=0)
    estimators.fit(prepared, table, (table[:, 0] > 0).astype(np.int64))
    return prepared.exporter.export(prepared.fitter, task=Task.BINARY), prepared.fitter


def test_the_link_names_are_those_of_the_contract():
    table = hard_table(300, missing=True)
    forest, _, _ = explained(RandomForestClassifier(3), Task.MULTICLASS, table)
    boosted, _, _ = explained(LGBMClassifier(n_estimators=3), Task.MULTICLASS, table)
    assert (forest["link"], boosted["link"]) == ("identity", "softmax")


def test_shares_have_no_additive_explanation():
    table = hard_table(300, missing=False)[:, [0, 4]]
    prepared = estimators.prepare(SGDClassifier(loss="log_loss"), seed=0)
    estimators.fit(prepared, table, np.digitize(table[:, 0], [-0.5, 0.5]))
    exported = prepared.exporter.export(prepared.fitter, task=Task.MULTICLASS)
    assert explanation(exported, table) == b""


def test_bytes_depend_on_the_content_only():
    table = hard_table(300, missing=True)
    first, second = (explained(LGBMClassifier(n_estimators=3), Task.BINARY, table)[2] for _ in range(2))
    assert first == second
    times = {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(first)).infolist()}
    assert times == {(1980, 1, 1, 0, 0, 0)}
