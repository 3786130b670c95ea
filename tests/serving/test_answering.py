"""Answers are written with all digits, and what JSON has no word for is null."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Task
from seakeep.serving.served import Served
from seakeep.serving.server.answering import Answers
from seakeep.serving.server.ask import Ask
from seakeep.testing.example_models import example_model


def answers(task=Task.BINARY, classes=None):
    model = example_model(task)
    return Answers(Served.of(model if classes is None else replace(model, classes=classes)))


@pytest.mark.parametrize("natural", [True, False])
def test_a_score_that_is_not_finite_is_null(natural):
    ask = Ask([], 3, natural=natural)
    answer = json.loads(answers(Task.REGRESSION).write(ask, [float("nan"), float("inf"), 1.5], []))
    found = [one["value"] for one in answer["predictions"]] if natural else answer["outputs"][0]["data"]
    assert found == [None, None, 1.5]


def test_scores_read_back_as_the_same_float32():
    scores = np.random.default_rng(0).random(2000).astype(np.float32)
    answer = json.loads(answers(Task.REGRESSION).write(Ask([], 2000, natural=False), scores.tolist(), []))
    assert (np.array(answer["outputs"][0]["data"], np.float32).view(np.int32) == scores.view(np.int32)).all()


@pytest.mark.parametrize(
    ("classes", "datatype"),
    [((False, True), "BOOL"), ((0, 1), "INT64"), ((0.5, 1.5), "FP64"), (("no", "yes"), "BYTES")],
)
def test_labels_have_the_type_of_their_classes(classes, datatype):
    answer = json.loads(answers(classes=classes).write(Ask([], 2, natural=False), [0.9, 0.1, 0.2, 0.8], [0, 1]))
    label = answer["outputs"][1]
    assert (label["datatype"], label["data"]) == (datatype, list(classes))
    rows = json.loads(answers(classes=classes).write(Ask([], 1, natural=True), [0.9, 0.1], [0]))["predictions"][0]
    assert (rows["label"], rows["probability"]) == (classes[0], 0.9)


@given(
    classes=st.lists(st.text(max_size=4), min_size=2, max_size=5, unique=True)
    | st.just([False, True])
    | st.just([3, 1]),
    rows=st.integers(1, 9),
    data=st.data(),
)
def test_rendered_rows_are_what_encoding_them_would_be(classes, rows, data):
    width = len(classes)
    numbers = st.floats(width=32)
    scores = data.draw(st.lists(numbers, min_size=rows * width, max_size=rows * width))
    decisions = data.draw(st.lists(st.integers(0, width - 1), min_size=rows, max_size=rows))
    made = answers(classes=tuple(classes))
    told = json.loads(made.write(Ask([], rows, natural=True), scores, decisions))["predictions"]
    assert told == json.loads(msgspec.json.encode(made.labelled(scores, decisions)))
