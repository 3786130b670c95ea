"""Links and decisions of sums that are given, one formula at a time."""

from __future__ import annotations

import numpy as np
import pytest

from seakeep.core.kinds import Task
from seakeep.training import lowering
from seakeep.training.ensemble import Answers, Ensemble, Exported, Linear, Tree
from seakeep.training.errors import ConfigurationRefused
from seakeep.training.parity import estimator_session

X = np.linspace(-40, 40, 801, dtype=np.float32)[:, None]


def answers_of(answers, coefficients):
    """Sums are x times each coefficient."""
    linear = Linear(np.array([coefficients], dtype=np.float64), np.zeros(len(coefficients)))
    names = ["value"] if answers.task is Task.REGRESSION else ["probabilities", "decision"]
    return estimator_session(Exported(linear, answers), 1).run(names, {"features": X})


def test_sigmoid_with_a_scale():
    probabilities, decision = answers_of(Answers(Task.BINARY, "sigmoid", scale=2.0), [1.0])
    expected = 1 / (1 + np.exp(-2.0 * X[:, 0].astype(np.float64)))
    assert np.abs(probabilities[:, 1] - expected).max() < 2e-7
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 2e-7
    assert np.array_equal(decision, (X[:, 0] > 0).astype(np.int64))


def test_a_sum_at_the_cut_is_class_0_unless_the_library_says_otherwise():
    at = int(np.flatnonzero(X[:, 0] == 0)[0])
    assert answers_of(Answers(Task.BINARY, "sigmoid"), [1.0])[1][at] == 0
    assert answers_of(Answers(Task.BINARY, "sigmoid", at_cut=True), [1.0])[1][at] == 1


def test_softmax_and_first_of_equal_sums():
    probabilities, decision = answers_of(Answers(Task.MULTICLASS, "softmax"), [1.0, -1.0, 1.0])
    sums = X.astype(np.float64) * [1.0, -1.0, 1.0]
    raised = np.exp(sums - sums.max(axis=1, keepdims=True))
    assert np.abs(probabilities - raised / raised.sum(axis=1, keepdims=True)).max() < 3e-7
    assert np.array_equal(decision, sums.argmax(axis=1))


def test_softmax_of_sums_beyond_float32():
    probabilities, decision = answers_of(Answers(Task.MULTICLASS, "softmax"), [1e39, 2e39, -1e39])
    assert np.array_equal(probabilities[X[:, 0] > 0], np.tile([0.0, 1.0, 0.0], (400, 1)))
    assert np.array_equal(probabilities[X[:, 0] < 0], np.tile([0.0, 0.0, 1.0], (400, 1)))
    assert np.array_equal(decision[X[:, 0] != 0], probabilities.argmax(axis=1)[X[:, 0] != 0])


def test_sigmoids_each_for_itself_decided_where_they_saturate():
    probabilities, decision = answers_of(Answers(Task.MULTICLASS, "sigmoids", decide="probabilities"), [1.0, 2.0, -1.0])
    sigmoids = 1 / (1 + np.exp(-X.astype(np.float64) * [1.0, 2.0, -1.0]))
    assert np.abs(probabilities - sigmoids).max() < 2e-7
    assert np.array_equal(decision, sigmoids.argmax(axis=1))


def test_shares_add_to_one_and_are_even_where_every_sigmoid_is_zero():
    probabilities, _ = answers_of(Answers(Task.MULTICLASS, "shares"), [1.0, 2.0, 100.0])
    assert np.abs(probabilities.sum(axis=1) - 1).max() < 1e-6
    assert np.isfinite(probabilities).all()


def test_an_exponential_answer():
    value = answers_of(Answers(Task.REGRESSION, "exp"), [0.5])[0]
    assert np.abs(value / np.exp(0.5 * X[:, 0].astype(np.float64)) - 1).max() < 2e-6


def test_an_ensemble_too_large_for_a_file_is_refused(monkeypatch):
    monkeypatch.setattr(lowering, "MOST_NODES", 2)
    tree = Tree(
        feature=np.array([0, -1, -1], dtype=np.int32),
        threshold=np.array([1, 0, 0], dtype=np.float32),
        left=np.array([1, -1, -1], dtype=np.int32),
        right=np.array([2, -1, -1], dtype=np.int32),
        missing_left=np.zeros(3, dtype=np.bool_),
        value=np.array([[0.0], [1.0], [2.0]]),
        cover=np.ones(3),
    )
    exported = Exported(Ensemble.of([tree], base=np.zeros(1)), Answers(Task.REGRESSION, "identity"))
    with pytest.raises(ConfigurationRefused, match="the trees have 3 nodes, expected at most 2"):
        estimator_session(exported, 1)
