"""Explanations over a real server: they add up, are those of a linear model where it is one, and leave no trace as predictions."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from seakeep.core import Task
from seakeep.data import profile_frame
from seakeep.serving.runtimes.onnx import OnnxPredictor
from seakeep.serving.served import Served
from seakeep.serving.server.ask import ROWS_TOGETHER
from seakeep.serving.server.explanations import Explaining, Explanations
from seakeep.serving.server.form import NO_HEADERS, Request
from seakeep.serving.server.forms.json import FORM
from seakeep.serving.server.lanes import Crossing, Lane
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.repository.waking import Waker
from seakeep.testing.example_models import example_model

from .asking import GOOD

BASE = {"distance": 1000.0, "seats": 150, "night": False, "carrier": "UA"}


def trained(task, name):
    """A model, and the statistics of a table whose typical row is BASE, at 2013-01-01."""
    frame = pl.DataFrame({column: [value] * 3 for column, value in BASE.items()})
    frame = frame.with_columns(scheduled=pl.Series([1_356_998_400_000_000] * 3).cast(pl.Datetime("us")))
    return replace(example_model(task, name=name), statistics=profile_frame(frame)), frame[:1]


@pytest.fixture(scope="module")
def explained(tmp_path_factory, start):
    """A server of three models, and what asks it for explanations; one without statistics too."""
    folder = tmp_path_factory.mktemp("explained")
    models = {task.value: trained(task, task.value)[0] for task in Task}
    models["bare"] = example_model(name="bare")
    for name, model in models.items():
        model.save(folder / name)
    with start(*(folder / name for name in models), "--home", str(folder / "home"), "--missing", "mark") as server:

        def ask(name, *rows, path="explain", **more):
            body = json.dumps({"rows": [{**GOOD, **row} for row in rows], **more}).encode()
            status, _, answer = server.ask("POST", f"/v2/models/{name}/{path}", body, content_type="application/json")
            return status, answer

        ask.server, ask.models = server, models
        yield ask


@pytest.mark.parametrize("task", list(Task))
def test_contributions_add_up_from_the_typical_row_to_the_answer(explained, task):
    _, predicted = explained(task.value, {}, {"carrier": None}, path="infer")
    status, answer = explained(task.value, {}, {"carrier": None})
    assert (status, answer["method"], len(answer["explanations"])) == (200, "shapley", 2)
    assert answer["baseline"] == {**BASE, "scheduled": "2013-01-01T00:00:00+00:00"}
    assert answer["scale"] == ("value" if task is Task.REGRESSION else "probability")
    model, base = trained(task, task.value)
    for one, own in zip(answer["explanations"], predicted["predictions"], strict=True):
        total = one["expected"] + sum(part["contribution"] for part in one["contributions"])
        score = (
            own["value"]
            if task is Task.REGRESSION
            else own["probabilities"][str(one["target"]).lower() if task is Task.BINARY else one["target"]]
        )
        assert one["score"] == score
        assert total == pytest.approx(score, abs=1e-9)
        assert abs(one["gap"]) < 1e-9
        place = model.classes.index(one["target"]) if model.classes else 0
        assert one["expected"] == OnnxPredictor(model).predict(base).scores[0, place]
    assert answer["broken"] == [{"rule": "carrier.missing", "rows": [1], "imputed": False}]


def test_a_linear_model_is_explained_by_its_own_terms(explained):
    model, base = trained(Task.REGRESSION, "regression")
    _, answer = explained("regression", {"seats": 150})
    found = {part["input"]: part for part in answer["explanations"][0]["contributions"]}
    row = {**GOOD, "seats": 150, "scheduled": None}
    frame = pl.DataFrame([row], schema=base.schema).with_columns(
        scheduled=pl.lit("2013-10-01T05:15:00").str.to_datetime()
    )
    predict = lambda frame: float(OnnxPredictor(model).predict(frame).scores[0, 0])  # noqa: E731
    for name in found:
        alone = base.with_columns(frame[name].cast(base.schema[name]))
        assert found[name]["contribution"] == pytest.approx(predict(alone) - predict(base), abs=1e-5)
    assert (found["seats"]["contribution"], found["seats"]["error"]) == (0.0, 0.0)
    assert found["scheduled"]["value"] == "2013-10-01T05:15:00+00:00"


def test_the_same_request_has_the_same_explanation_and_versions_have_theirs(explained):
    version = explained.server.ask("GET", "/v2/models/binary")[2]["versions"][0]
    one, two = explained("binary", {}, id="a"), explained("binary", {}, id="a", path=f"versions/{version}/explain/")
    assert one == two
    assert one[1]["id"] == "a"


def settled(server):
    """The metrics once the log's rows of earlier requests are counted: they are on the disk within a second."""
    time.sleep(1.2)
    return server.metrics()


def test_an_explanation_is_no_prediction(explained):
    before = settled(explained.server)
    for _ in range(3):
        explained("multiclass", {})
    after = settled(explained.server)
    changed = {
        series.partition("{")[0]
        for series in after
        if "multiclass" in series and after[series] != before.get(series, 0.0)
    }
    assert {"seakeep_requests_total", "seakeep_request_seconds_count"} <= changed
    assert not {name for name in changed if "log_rows" in name or "run_rows" in name or "shadow" in name}
    requests = [
        series for series in after if series.startswith("seakeep_requests_total") and 'role="explain"' in series
    ]
    assert any(
        'model="multiclass"' in series and 'status="200"' in series and after[series] >= 3 for series in requests
    )


def test_rows_that_are_explained_are_counted_by_the_class_that_they_are_answered_with(explained):
    def classes():
        return {
            series.partition('class="')[2].partition('"')[0]: value
            for series, value in explained.server.metrics().items()
            if series.startswith("seakeep_predictions_total")
            and 'model="multiclass"' in series
            and 'role="explain"' in series
        }

    before = classes()
    _, answer = explained("multiclass", {}, {"carrier": None}, {"distance": 10.0})
    _, predicted = explained("multiclass", {}, {"carrier": None}, {"distance": 10.0}, path="infer")
    wanted = Counter(str(one["label"]) for one in predicted["predictions"])
    assert wanted == Counter(str(one["target"]) for one in answer["explanations"])
    assert Counter({name: value - before[name] for name, value in classes().items() if value > before[name]}) == wanted


def test_lanes_of_explanations_are_made_once_a_crossing(tmp_path):
    """Whoever asks, with a token or without, makes no series and no lanes; what is not asked for any more goes."""
    metrics, seen = Metrics(tmp_path), []

    async def way(crossing, form, headers, body):
        seen.append(crossing)

    explanations = Explanations(SimpleNamespace(metrics=metrics, waker=Waker(None, None), charge=None), way)
    crossing = Crossing(Lane(Served.of(example_model()), "pinned", metrics, engine=None))
    for _ in range(3):
        asyncio.run(explanations.answer(crossing, None, None, None))
    assert [one is seen[0] for one in seen] == [True] * 3
    assert seen[0].main.role == "explain"
    del crossing
    gc.collect()
    assert len(explanations._own) == 0


def test_a_token_pays_for_each_run_of_the_model(tmp_path):
    from .asking import asking

    paid = []
    with asking() as made:
        asked = made(Served.of(trained(Task.REGRESSION, "minutes")[0]), tmp_path)
        lane = Lane(asked.engine.served, "pinned", asked.metrics, engine=asked.engine)
        explaining = Explaining(lane, lambda _: None, charge=lambda headers, requests: paid.append((headers, requests)))
        request = Request(json.dumps({"rows": [GOOD, GOOD]}).encode(), FORM, {"authorization": "Bearer a"})
        reply = asked._loop.run_until_complete(explaining.answer(request))
    assert [headers for headers, _ in paid] == [{"authorization": "Bearer a"}] * 2
    assert sum(requests for _, requests in paid) == reply.answered.ask.rows / ROWS_TOGETHER > 0


@pytest.mark.parametrize("samples", [1, 1001, 2.5, True, "64"])
def test_samples_that_are_none_are_refused(explained, samples):
    status, answer = explained("binary", {}, parameters={"samples": samples})
    assert (status, answer["code"]) == (400, "wrong_samples")
    assert answer["error"].endswith("expected a whole number from 2 to 1000")


def test_what_cannot_be_explained_is_refused_with_what_to_do(explained):
    status, answer = explained("bare", {})
    assert (status, answer["code"]) == (400, "no_baseline")
    assert "seakeep run" in answer["fix"]
    status, answer = explained("binary", *[{}] * 101)
    assert (status, answer["code"], answer["expected"]) == (413, "too_many_rows", "at most 100 rows")
    assert explained("binary", {"seats": "many"})[1]["code"] == "wrong_value"
    assert explained("nobody", {})[0] == 404
    status, headers, _ = explained.server.ask("GET", "/v2/models/binary/explain")
    assert (status, headers["allow"]) == (405, "POST")


def test_many_inputs_are_sampled_with_a_stated_error(tmp_path):
    from seakeep.core import ColumnSchema, Input, Kind, Model, Schema, Statistics
    from seakeep.features.graph import GraphBuilder

    from .asking import asking

    names = [f"x{number}" for number in range(14)]
    builder = GraphBuilder()
    axis = builder.constant(np.array([1]))
    columns = [builder.node("Unsqueeze", [builder.input(name, np.float64), axis]) for name in names]
    features = builder.cast(builder.node("Concat", columns, axis=1), np.float32)
    sums = builder.node("ReduceSum", [builder.node("Mul", [features, features]), axis], keepdims=0)
    builder.output("features", features, np.float32, ["rows", len(names)])
    builder.output("value", builder.node("Sqrt", [sums]), np.float32, ["rows"])
    schema = Schema("norm", {name: ColumnSchema(Kind.NUMBER) for name in names})
    statistics = profile_frame(pl.DataFrame({name: [0.0] for name in names}))
    model = Model(
        "norm",
        Task.REGRESSION,
        builder.build("norm").SerializeToString(),
        tuple(Input(name, Kind.NUMBER) for name in names),
        schema,
        statistics,
        features=tuple(names),
    )
    assert isinstance(statistics, Statistics)
    with asking() as made:
        asked = made(Served.of(model), tmp_path)
        request = {"rows": [dict.fromkeys(names, 1.0)], "parameters": {"samples": 100}}
        one, two = (asked.explained(request)["explanations"][0] for _ in range(2))
    assert one == two
    parts = one["contributions"]
    assert sum(part["contribution"] for part in parts) == pytest.approx(14**0.5, abs=1e-6)
    exact = 14**0.5 / 14
    assert all(0 < part["error"] < 0.05 and abs(part["contribution"] - exact) < 5 * part["error"] for part in parts)


def test_a_large_body_is_explained_and_a_parameter_ends_the_waiting(tmp_path):
    from seakeep.serving.server.refusals import Refusal

    from .asking import asking

    with asking() as made:
        asked = made(Served.of(trained(Task.REGRESSION, "minutes")[0]), tmp_path)
        large = {"rows": [GOOD], "id": "x" * 200_000}
        plain = asked.explained({"rows": [GOOD]})
        assert asked.explained(large) == {**plain, "id": large["id"]}
        with pytest.raises(Refusal) as told:
            asked.explained({"rows": [GOOD], "parameters": {"timeout": 1}})
        assert told.value.code == "too_late"
        with pytest.raises(Refusal, match="100"):
            asked.explained({"rows": [GOOD] * 2000})


def test_a_lane_that_sleeps_is_woken_to_explain(tmp_path):
    from .asking import asking

    with asking() as made:
        asked = made(Served.of(trained(Task.REGRESSION, "minutes")[0]), tmp_path)
        lane = Lane(asked.engine.served, "pinned", asked.metrics, engine=None, rest="asleep")

        async def wake(asleep):
            assert asleep is lane
            return asked.engine

        explaining = Explaining(lane, wake)
        assert explaining.script(FORM).key(b"{}", NO_HEADERS) is None
        request = Request(json.dumps({"rows": [GOOD]}).encode(), FORM, NO_HEADERS)
        reply = asked._loop.run_until_complete(explaining.answer(request))
        assert len(json.loads(reply.content)["explanations"]) == 1


def test_a_key_has_the_explanation_of_the_release_that_answers_it(release, start):
    models = [replace(trained(Task.BINARY, "flights")[0], estimator=f"Number({number})") for number in (1, 2)]
    made = release(*models)
    made.canary(0.5, salt="a")
    with start("--follow", "flights", "--home", made.home, "--log", "off") as server:
        body = json.dumps({"rows": [GOOD]}).encode()
        said = {}
        for key in map(str, range(12)):
            named = {"content_type": "application/json", "seakeep_key": key}
            answers = [
                server.ask("POST", f"/v2/models/flights/{path}", body, **named)[2] for path in ("infer", "explain")
            ]
            assert answers[0]["version"] == answers[1]["version"]
            said[key] = answers[0]["version"]
        assert set(said.values()) == {"1", "2"}
