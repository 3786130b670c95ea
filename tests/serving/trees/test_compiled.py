"""Compiled trees answer as ONNX Runtime does, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.core.kinds import Task
from seakeep.features.session import Session
from seakeep.serving.runtimes.compiled import CompiledSession
from seakeep.training.ensemble import Answers

from .forests import forest, graph, rows

CLASSES, VALUE = ("probabilities", "decision"), ("value",)


def differing(graph, outputs, x):
    """Bytes that differ between the compiled trees' answers and ONNX Runtime's."""
    whole = Session(graph)
    compiled = CompiledSession(graph, outputs, whole)
    compiled.least_rows = 1
    expected, found = whole.run(outputs, {"x": x}), compiled.run(outputs, {"x": x})
    assert [a.dtype for a in found] == [a.dtype for a in expected]
    assert [a.shape for a in found] == [a.shape for a in expected]
    return sum(int((a.view(np.uint8) != b.view(np.uint8)).sum()) for a, b in zip(found, expected, strict=True))


@given(
    seed=st.integers(0, 2**32),
    trees=st.integers(1, 40),
    leaves=st.sampled_from([1, 2, 3, 31, 32, 33, 63, 64, 65, 200]),
    outputs=st.integers(1, 4),
    single=st.booleans(),
    count=st.sampled_from([1, 2, 31, 32, 33, 64, 100]),
)
@settings(max_examples=40)
def test_any_trees_answer_as_in_onnx_runtime(seed, trees, leaves, outputs, single, count):
    rng = np.random.default_rng(seed)
    ensemble = forest(rng, trees, leaves, outputs=outputs, single=single)
    assert differing(graph(ensemble), VALUE, rows(rng, ensemble, count)) == 0


@pytest.mark.parametrize("leaves", [8, 32, 64, 300])
@pytest.mark.parametrize("single", [False, True])
def test_a_hundred_thousand_hard_rows(leaves, single):
    rng = np.random.default_rng(leaves)
    ensemble = forest(rng, 30, leaves, single=single)
    assert differing(graph(ensemble), VALUE, rows(rng, ensemble, 100_000)) == 0


@pytest.mark.parametrize(
    "answers",
    [
        Answers(Task.REGRESSION, "identity"),
        Answers(Task.REGRESSION, "exp"),
        Answers(Task.BINARY, "sigmoid", cut=0.25),
        Answers(Task.BINARY, "sigmoid", at_cut=True),
        Answers(Task.BINARY, "votes", decide="probabilities"),
        Answers(Task.MULTICLASS, "softmax"),
        Answers(Task.MULTICLASS, "sigmoids", decide="probabilities"),
        Answers(Task.MULTICLASS, "shares"),
        Answers(Task.MULTICLASS, "votes", decide="probabilities"),
    ],
    ids=lambda answers: f"{answers.task}-{answers.link}",
)
def test_what_follows_the_trees_is_the_same(answers):
    rng = np.random.default_rng(5)
    ensemble = forest(rng, 20, 40, outputs=3 if answers.task is Task.MULTICLASS else 1)
    outputs = VALUE if answers.task is Task.REGRESSION else CLASSES
    assert differing(graph(ensemble, answers=answers), outputs, rows(rng, ensemble, 1000)) == 0
