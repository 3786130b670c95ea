"""The parity gate must fail when something is wrong: each check is shown a graph that is broken in its way."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.linear_model import LogisticRegression

from seakeep import data, features
from seakeep.core.kinds import Task
from seakeep.core.report import Verdict
from seakeep.training import estimators
from seakeep.training.fitting import fit, graph_of
from seakeep.training.native import Native, scaled_difference
from seakeep.training.parity import estimator_session, parity

DECLARED = features.Features(
    features.number("fare"), features.number("distance").log1p(), features.category("carrier").one_hot()
)


@dataclasses.dataclass
class Ready:
    """What parity is called with."""

    model: object
    fitted: object
    exported: object
    native: object
    real: object

    def checks(self, **changed):
        given = dataclasses.replace(self, **changed)
        alone = estimator_session(given.exported, len(given.model.features))
        found = parity(given.model, given.fitted, given.exported, given.native, real=given.real, alone=alone)
        return {check.code: check for check in found}


def ready(frame, given, label="late"):
    dataset = data.read(frame, label=label)
    statistics = data.profile(dataset)
    schema = data.infer_schema(statistics, label=label)
    prepared = estimators.prepare(given, seed=0)
    found = fit(dataset, DECLARED, prepared, schema=schema, statistics=statistics, name="model", keep_back=False)
    return Ready(found.model, found.features, found.exported, found.native, found.real_rows(dataset))


@pytest.fixture(scope="module")
def binary(frame):
    return ready(frame, LGBMClassifier(n_estimators=10))


def with_scores(ready, **changed):
    """The model with other trees in its graph; parity still compares with the true estimator."""
    exported = dataclasses.replace(ready.exported, scores=dataclasses.replace(ready.exported.scores, **changed))
    graph = graph_of(ready.fitted, exported, "model")
    return {"model": dataclasses.replace(ready.model, graph=graph), "exported": exported}


def test_a_right_graph_passes_every_check(binary):
    checks = binary.checks()
    assert set(checks) == {"parity.features", "parity.max_difference", "parity.flips", "parity.batch_invariance"}
    assert {check.verdict for check in checks.values()} == {Verdict.PASS}
    assert checks["parity.max_difference"].evidence["splits_tried"] > 10


def test_a_regression_has_no_decisions_to_flip(frame):
    checks = ready(frame, LGBMRegressor(n_estimators=5), label="tip").checks()
    assert "parity.flips" not in checks
    assert checks["parity.max_difference"].verdict is Verdict.PASS


def test_wrong_leaf_values_fail_and_name_the_rows(binary):
    wrong = binary.checks(**with_scores(binary, value=binary.exported.scores.value * 1.001))
    check = wrong["parity.max_difference"]
    assert check.verdict is Verdict.FAIL
    assert check.observed > check.threshold == 1e-5
    assert "the worst is a row where" in check.message
    assert check.fix


def test_missing_values_sent_the_wrong_way_fail(binary):
    scores = binary.exported.scores
    wrong = binary.checks(**with_scores(binary, missing_left=~scores.missing_left & ~scores.is_leaf))
    assert wrong["parity.max_difference"].verdict is Verdict.FAIL
    assert wrong["parity.flips"].verdict is Verdict.FAIL
    assert wrong["parity.flips"].evidence["causes"]


def test_thresholds_one_float32_too_high_fail(binary):
    higher = np.nextafter(binary.exported.scores.threshold, np.float32(np.inf))
    wrong = binary.checks(**with_scores(binary, threshold=higher))
    assert wrong["parity.max_difference"].verdict is Verdict.FAIL


def test_a_wrong_sign_flips_decisions(binary):
    wrong = binary.checks(**with_scores(binary, value=-binary.exported.scores.value))
    assert wrong["parity.flips"].verdict is Verdict.FAIL
    assert wrong["parity.flips"].observed > 100
    assert "decisions differ from LGBMClassifier(n_estimators=10)'s own" in wrong["parity.flips"].message


def test_features_that_lower_wrongly_are_named(binary, monkeypatch):
    true = type(binary.fitted).reference

    def off(self, frame):
        found = true(self, frame)
        found[:, 1] += 0.01
        return found

    monkeypatch.setattr(type(binary.fitted), "reference", off)
    check = binary.checks()["parity.features"]
    assert check.verdict is Verdict.FAIL
    assert check.subject == "distance.log1p"
    assert "differs from its NumPy reference" in check.message


def test_answers_that_change_with_the_batch_fail(binary, monkeypatch):
    from seakeep.training import parity as module

    class Uneven(module.Session):
        def run(self, outputs, feeds):
            found = super().run(outputs, feeds)
            if len(found[0]) == 7 and "probabilities" in outputs:
                found[0] = np.nextafter(found[0], np.float32(2))
            return found

    monkeypatch.setattr(module, "Session", Uneven)
    check = binary.checks()["parity.batch_invariance"]
    assert (check.verdict, check.observed) == (Verdict.FAIL, 448)


def test_rows_that_the_library_refuses_are_counted_and_left_out(frame, train_on, filled):
    found = train_on(frame.drop_nulls(), LogisticRegression(max_iter=200), features=filled)
    check = next(check for check in found.report.checks if check.code == "parity.max_difference")
    assert check.verdict is Verdict.PASS
    assert check.evidence["rows_the_library_refuses"] >= 0


def test_a_library_that_takes_nothing_leaves_no_row_to_compare():
    from seakeep.training.parity import _compared

    prepared = estimators.prepare(LogisticRegression(), seed=0)
    native = Native(prepared.fitter, Task.BINARY, prepared.exporter.takes(prepared.fitter))
    found = _compared(None, native, np.full((2, 1), np.nan, np.float32), ("real", "real"))
    assert (found.refused, len(found.difference)) == (2, 0)


numbers = st.floats(width=32)


@given(numbers, numbers)
def test_a_scaled_difference_is_zero_only_for_equal_answers(first, second):
    difference = scaled_difference(np.array([first]), np.array([second]))[0]
    same = first == second or (np.isnan(first) and np.isnan(second))
    assert difference >= 0
    assert (difference == 0) == bool(same) or abs(first - second) < 1e-300


def test_an_answer_beyond_float32_is_rightly_infinite():
    assert scaled_difference(np.array([np.inf], np.float32), np.array([1e300])).tolist() == [0.0]
    assert scaled_difference(np.array([1.0], np.float32), np.array([1e300])).tolist() == [np.inf]
