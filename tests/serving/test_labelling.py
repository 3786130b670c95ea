"""Labels by REST are taken whole and durably, or refused in words; they join what was answered."""

from __future__ import annotations

import asyncio
import json
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Task
from seakeep.prediction_log import PredictionLog
from seakeep.serving.server import labelling
from seakeep.serving.server.labelling import read_labels
from seakeep.serving.server.refusals import CODES, Refusal
from seakeep.testing.example_models import example_model

MODELS = {task: example_model(task) for task in (Task.BINARY, Task.MULTICLASS, Task.REGRESSION)}


def read(content, task=Task.BINARY, limit=5):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_labels(body, MODELS[task], limit=limit)


def one(**item):
    return {"labels": [item]}


REFUSED = [
    (b"", "empty_body", "the body is empty"),
    (b"[", "malformed_json", "it ends too early"),
    ([], "wrong_structure", "the body is an array, expected an object"),
    ({}, "missing_member", "the body lacks 'labels'"),
    ({"label": []}, "unknown_member", "has a member 'label'"),
    ({"labels": {}}, "wrong_structure", "labels of the body is an object"),
    ({"labels": []}, "wrong_rows", "labels has no rows"),
    ({"labels": [{}] * 6}, "too_many_rows", "6 rows, more than the limit of 5"),
    ({"labels": [3]}, "wrong_structure", "labels[0] is 3, expected an object"),
    (one(prediction="a.0", label=True), "unknown_member", "labels[0] has a member 'prediction'"),
    (one(label=True), "wrong_prediction_id", "labels[0] has neither prediction_id nor key"),
    (one(prediction_id="a.0", key="a", label=True), "wrong_prediction_id", "labels[0] has prediction_id and key"),
    (
        one(prediction_id="a", label=True),
        "wrong_prediction_id",
        "prediction_id of labels[0] is 'a', expected an answer's",
    ),
    (one(prediction_id=7, label=True), "wrong_prediction_id", "prediction_id of labels[0] is 7"),
    (one(key=[1], label=True), "wrong_prediction_id", "key of labels[0] is [1], expected a text or a number"),
    (one(key="", label=True), "wrong_prediction_id", "key of labels[0] is '', expected a text or a number"),
    (one(key="a"), "wrong_label", "label of labels[0] is None, expected one of false, true"),
    (one(key="a", label=1), "wrong_label", "label of labels[0] is 1, expected one of false, true"),
    (one(key="a", label={}), "wrong_label", "label of labels[0] is {}, expected one of false, true"),
]


@pytest.mark.parametrize(("content", "code", "sentence"), REFUSED)
def test_what_is_no_label_is_refused_in_words(content, code, sentence):
    with pytest.raises(Refusal) as caught:
        read(content)
    answer = caught.value.as_answer()
    assert answer["code"] == code
    assert sentence in answer["error"]
    assert all(answer[part] for part in ("field", "found", "expected", "fix"))


def test_an_id_without_its_rows_number_is_told_what_to_send():
    with pytest.raises(Refusal) as caught:
        read(one(prediction_id="3f2a-1b", label=True))
    assert caught.value.cause == "The row's number is missing."
    assert caught.value.fix.endswith("3f2a-1b.0")


@pytest.mark.parametrize(
    ("task", "good", "bad"),
    [
        (Task.BINARY, True, "true"),
        (Task.MULTICLASS, "late", "tardy"),
        (Task.REGRESSION, 7, "7"),
        (Task.REGRESSION, 7.5, True),
    ],
)
def test_a_label_is_something_that_the_model_could_have_predicted(task, good, bad):
    (label,) = read(one(key=17, label=good), task)
    assert (label.by, label.name, label.label) == ("key", "17", good)
    with pytest.raises(Refusal, match="expected"):
        read(one(key=17, label=bad), task)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
items = st.fixed_dictionaries({}, optional={"prediction_id": anything, "key": anything, "label": anything}) | anything


@given(
    content=st.fixed_dictionaries({"labels": st.lists(items, max_size=4)}) | anything,
    task=st.sampled_from(list(MODELS)),
)
def test_labels_are_taken_whole_or_refused_with_a_known_code(content, task):
    try:
        labels = read(content, task)
    except Refusal as refusal:
        answer = refusal.as_answer()
        json.dumps(answer)
        found = answer["code"] in CODES
    else:
        found = len(labels) == len(content["labels"])
    assert found


def test_many_labels_are_read_beside_the_event_loop_and_few_in_it(monkeypatch):
    read_in, whole = [], labelling.read_labels
    monkeypatch.setattr(
        labelling,
        "read_labels",
        lambda *given, **named: read_in.append(threading.current_thread()) or whole(*given, **named),
    )
    for many in (10, 5000):
        body = json.dumps({"labels": [{"prediction_id": f"abc-1.{n}", "label": True} for n in range(many)]}).encode()
        taken = asyncio.run(labelling.take_labels(body, MODELS[Task.BINARY], limit=10_000))
        assert len(taken) == many
    assert [one is threading.main_thread() for one in read_in] == [True, False]


@given(body=st.binary(max_size=40))
def test_bytes_that_are_no_labels_are_refused(body):
    with pytest.raises(Refusal):
        read(body)


def post(server, content, path="/v2/models/flights/labels"):
    status, _, answer = server.ask("POST", path, json.dumps(content).encode(), content_type="application/json")
    return status, answer


def test_labels_join_what_was_answered_by_id_and_by_key(start, release, keyed, row):
    made = release(keyed(1))
    with start("--follow", "flights", "--home", made.home) as server:
        base = server.infer({"rows": [row, {**row, "flight": "AA1"}, row]})[1]["prediction_id"]
        labels = [{"prediction_id": f"{base}.0", "label": True}, {"key": "AA1", "label": False}]
        assert post(server, {"labels": labels}) == (200, {"accepted": 2})
        found = PredictionLog.of(made.home, "flights").scan().collect().sort("@id")
    assert found["@label"].to_list() == [True, False, None]


def test_labels_are_on_the_disk_before_they_are_accepted(start, release, keyed, row):
    made = release(keyed(1))
    with start("--follow", "flights", "--home", made.home, "--log-seconds", "60") as server:
        base = server.infer({"rows": [row]})[1]["prediction_id"]
        assert post(server, {"labels": [{"prediction_id": f"{base}.0", "label": True}]})[0] == 200
        found = PredictionLog.of(made.home, "flights").scan().collect()
        assert found.select("@id", "@label").rows() == [(f"{base}.0", True)]
        assert server.metrics()['seakeep_labels_total{model="flights"}'] == 1
        assert post(server, {"labels": [{"key": "a", "label": "x"}]})[1]["code"] == "wrong_label"
        assert server.ask("GET", "/v2/models/flights/labels")[1]["allow"] == "POST"
        server.process.send_signal(signal.SIGTERM)


def test_a_server_without_a_log_takes_no_labels(server):
    status, answer = post(server, {"labels": [{"key": "a", "label": True}]})
    assert (status, answer["code"]) == (404, "unknown_path")
