"""Intervals and sets on request: from the evaluation's distances to the answer; refused where there are none."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from seakeep.core import Report, Task
from seakeep.data import read
from seakeep.evaluation import evaluate
from seakeep.registry import Registry
from seakeep.serving.runtimes.onnx import OnnxPredictor
from seakeep.serving.served import Served
from seakeep.serving.server.intervals import Interval
from seakeep.testing.example_models import example_frame, example_model

from .asking import asking

ROWS = 500


def labelled(model, rows, seed):
    """Rows, and labels as the model says, and as chance has it."""
    random, frame = np.random.default_rng(seed), example_frame(rows, seed=seed)
    scores = OnnxPredictor(model).predict(frame).scores.astype(np.float64)
    if model.task is Task.REGRESSION:
        return frame.with_columns(late=pl.Series(scores[:, 0] + random.standard_t(3, rows)))
    places = (scores.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1).clip(0, scores.shape[1] - 1)
    return frame.with_columns(late=pl.Series([model.classes[place] for place in places]))


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A release of each task, judged on ROWS rows; what it was judged by may be changed."""

    def make(task, *, change=lambda report: report):
        model = replace(example_model(task), name=task.value)
        report = evaluate(OnnxPredictor(model), model, read(labelled(model, ROWS, 1), label="late"), explain=False)
        with Registry(tmp_path_factory.mktemp("home")) as registry:
            return Served.load(registry.register(task.value, model, [change(report)], made_from={}, force=True).folder)

    return make


@pytest.fixture
def ask(tmp_path):
    with asking() as made:
        yield lambda served: made(served, tmp_path, missing="accept")


def asked_rows(frame):
    moments = frame["scheduled"].dt.strftime("%Y-%m-%dT%H:%M:%S")
    return frame.drop("late").with_columns(moments).to_dicts()


@pytest.mark.parametrize("task", list(Task))
def test_intervals_and_sets_hold_the_truth_as_often_as_they_say(released, ask, task):
    served = released(task)
    asked = ask(served)
    frame = labelled(served.model, 4000, 2)
    for level in (0.6, 0.9):
        found = asked(*asked_rows(frame), parameters={"interval": level})
        assert found["interval"] == level
        if task is Task.REGRESSION:
            held = [
                one["interval"][0] <= truth <= one["interval"][1]
                for one, truth in zip(found["predictions"], frame["late"], strict=True)
            ]
        else:
            held = [truth in one["set"] for one, truth in zip(found["predictions"], frame["late"], strict=True)]
            assert all(one["label"] in one["set"] for one in found["predictions"])
        assert np.mean(held) >= level - 4 * np.sqrt(level * (1 - level) * (1 / ROWS + 1 / len(held)))
        if task is Task.REGRESSION:
            assert np.mean(held) <= level + 4 * np.sqrt(level * (1 - level) * (1 / ROWS + 1 / len(held)))


def test_tensors_and_columns_have_their_intervals_too(released, ask):
    values = {"distance": ["FP64", [1.0, 9.0]], "seats": ["INT64", [1, 2]], "night": ["BOOL", [True, False]]}
    values |= {"carrier": ["BYTES", ["AA", "UA"]], "scheduled": ["INT64", [1_380_604_500_000_000] * 2]}
    tensors = [{"name": name, "shape": [2], "datatype": kind, "data": data} for name, (kind, data) in values.items()]
    columns = {name: data for name, (_, data) in values.items()} | {"scheduled": ["2013-10-01T05:15:00Z"] * 2}
    for task in (Task.REGRESSION, Task.MULTICLASS):
        asked = ask(released(task))
        body = {
            "inputs": tensors,
            "parameters": {"interval": 0.905},
            "outputs": [{"name": asked.engine._contract.outputs[0]}],
        }
        found = asked.sent(body)
        assert found["parameters"]["interval"] == 0.91
        outputs = {output["name"]: output for output in found["outputs"]}
        rows = asked.sent({"columns": columns, "parameters": {"interval": 0.905}})["columns"]
        if task is Task.REGRESSION:
            both = list(zip(outputs["lower"]["data"], outputs["upper"]["data"], strict=True))
            assert list(map(tuple, rows["interval"])) == both
            assert [(low + high) / 2 for low, high in both] == pytest.approx(outputs["value"]["data"])
            assert (outputs["lower"]["datatype"], outputs["lower"]["shape"]) == ("FP64", [2])
        else:
            flags = np.array(outputs["set"]["data"]).reshape(outputs["set"]["shape"])
            assert rows["set"] == [
                [name for name, flag in zip(asked.engine.served.model.classes, own, strict=True) if flag]
                for own in flags
            ]


@pytest.mark.parametrize("level", [0.4, 1, 1.0, 90, True, "0.9", [0.9], -1])
def test_a_level_that_is_none_is_refused(released, ask, level):
    found = ask(released(Task.BINARY))({}, parameters={"interval": level})
    assert found["code"] == "wrong_interval"
    assert found["error"] == f"parameters.interval is {level!r}, expected a share from 0.5 to below 1"


def test_a_level_beyond_what_the_rows_can_tell_is_refused(released, ask):
    found = ask(released(Task.BINARY))({}, parameters={"interval": 0.9995})
    assert (
        found["error"]
        == "parameters.interval is 0.9995, and this release's evaluation had rows enough for 0.998 at most"
    )
    assert found["fix"] == "Ask for 0.998, or evaluate on more rows."


def without_distances(report):
    return Report(
        report.kind,
        report.title,
        report.subject,
        report.checks,
        tuple(t for t in report.tables if t.name != "conformal"),
    )


def test_a_release_of_before_is_refused_with_what_to_do(released, ask):
    old = released(Task.BINARY, change=without_distances)
    for served in (old, Served.of(example_model())):
        asked = ask(served)
        found = asked({}, parameters={"interval": 0.9})
        assert (found["code"], found["field"]) == ("not_calibrated", "parameters.interval")
        assert found["error"] == f"the release {served.name}@{served.version} has no distances to make intervals of"
        assert "seakeep run" in found["fix"]
        assert "predictions" in asked({}, parameters={"interval": None})


def test_scores_that_are_no_numbers_leave_no_distances():
    from seakeep.evaluation.conformal import conformal
    from seakeep.evaluation.sample import Sample

    scores = np.array([[0.5, 0.5], [np.nan, np.nan]])
    assert conformal(Sample(Task.BINARY, np.array([0, 1]), scores, np.array([0, 0]))) == ()
    assert conformal(Sample(Task.BINARY, np.empty(0, np.int64), np.empty((0, 2)), np.empty(0, np.int64))) == ()
    (table,) = conformal(Sample(Task.REGRESSION, np.array([1.0, 2.0]), np.array([[1.5], [2.25]])))
    assert table.rows[0] == (0.5, 0.5)
    assert json.dumps(table.rows[-1]) == "[0.66, 0.5]"


def test_sets_of_many_rows_cost_what_their_rows_do():
    interval = Interval(0.9, 0.95, tuple("abcdefghij"))
    begun = time.process_time()
    rows = interval.rows([0.1, 0.0] * 50_000, [1] * 10_000)
    assert time.process_time() - begun < 1
    assert rows == [{"set": ["a", "b", "c", "e", "g", "i"]}] * 10_000
