"""Good requests: both forms, all outputs, policies, several models and versions, what is told of them, and what is counted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from seakeep.core import ColumnSchema, Kind, Task
from seakeep.serving import OnnxPredictor
from seakeep.testing.example_models import example_frame, example_model, example_schema


def in_process(task=Task.BINARY, rows=1):
    return OnnxPredictor(example_model(task)).predict(example_frame(rows).drop_nulls())


def test_tensors_are_answered_as_the_protocol_says(server, tensors, folders):
    status, answer = server.infer({"id": "a1", "inputs": tensors})
    assert status == 200
    assert answer["model_name"] == "flights"
    assert answer["id"] == "a1"
    assert [(output["name"], output["datatype"], output["shape"]) for output in answer["outputs"]] == [
        ("probabilities", "FP32", [1, 2]),
        ("label", "BOOL", [1]),
    ]
    assert answer["parameters"]["release"] == example_model().digest
    assert answer["outputs"][1]["data"][0] in (True, False)


def test_the_models_name_may_be_repeated_in_the_body_as_kserves_client_does(server, tensors):
    plain = server.infer({"inputs": tensors})[1]["outputs"]
    assert server.infer({"inputs": tensors, "model_name": "flights"})[1]["outputs"] == plain
    tensors[0]["data"] = [[1400.0]]
    assert server.infer({"inputs": tensors, "model_name": "flights"})[1]["outputs"] == plain
    assert server.infer({"inputs": tensors, "model_name": 1})[1]["code"] == "wrong_structure"


def test_rows_are_answered_as_rows(server, row):
    status, answer = server.infer({"rows": [row, {**row, "scheduled": None}], "id": "mine"})
    assert status == 200
    assert (answer["model"], answer["id"], len(answer["predictions"])) == ("flights", "mine", 2)
    first = answer["predictions"][0]
    assert first["probability"] == first["probabilities"]["true" if first["label"] else "false"]
    assert sum(first["probabilities"].values()) == pytest.approx(1)


def test_both_forms_give_the_same_scores(server, row, tensors):
    rows = server.infer({"rows": [row]})[1]["predictions"][0]["probabilities"]
    assert server.infer({"inputs": tensors})[1]["outputs"][0]["data"] == list(rows.values())


def test_classes_are_named_and_a_regression_gives_its_value(server, row, tensors):
    three = server.infer({"rows": [row]}, model="three")[1]["predictions"][0]
    assert set(three["probabilities"]) == {"early", "on time", "late"}
    assert three["label"] == max(three["probabilities"], key=three["probabilities"].get)
    minutes = server.infer({"rows": [row]}, model="minutes")[1]["predictions"][0]
    tensor = server.infer({"inputs": tensors}, model="minutes")[1]["outputs"]
    assert tensor == [{"name": "value", "datatype": "FP32", "shape": [1], "data": [minutes["value"]]}]


@pytest.mark.parametrize("wanted", [["label"], ["label", "probabilities"], ["probabilities"], ["label", "label"], []])
def test_only_the_outputs_asked_for_are_answered_in_their_order(server, tensors, wanted):
    outputs = server.infer({"inputs": tensors, "outputs": [{"name": name} for name in wanted]})[1]["outputs"]
    assert [output["name"] for output in outputs] == (list(dict.fromkeys(wanted)) or ["probabilities", "label"])


def test_an_output_may_have_parameters_that_ask_for_nothing_special(server, tensors):
    wanted = [{"name": "label", "parameters": {"binary_data": False}}]
    assert len(server.infer({"inputs": tensors, "outputs": wanted, "parameters": {"any": 1}})[1]["outputs"]) == 1


@pytest.mark.parametrize("shape", [[1], [1, 1]])
@pytest.mark.parametrize("data", [[1400], [1400.0], [[1400]], [[1400.0]]])
def test_a_tensor_may_be_flat_or_a_column(server, tensors, shape, data):
    plain = server.infer({"inputs": tensors})[1]["outputs"]
    tensors[0].update(shape=shape, data=data)
    assert server.infer({"inputs": tensors})[1]["outputs"] == plain


def test_tensors_may_come_in_any_order_and_with_parameters(server, tensors):
    plain = server.infer({"inputs": tensors})[1]["outputs"]
    tensors[1]["parameters"] = {"content_type": "np"}
    assert server.infer({"inputs": tensors[::-1]})[1]["outputs"] == plain


def test_a_float32_means_the_nearest_float32(server, tensors):
    tensors[0].update(datatype="FP32", data=[0.1])
    as_float32 = server.infer({"inputs": tensors})[1]["outputs"]
    tensors[0].update(datatype="FP64", data=[float(np.float32(0.1))])
    assert server.infer({"inputs": tensors})[1]["outputs"] == as_float32


@pytest.mark.parametrize(
    "text",
    [
        "2013-10-01T05:15:00Z",
        "2013-10-01T05:15:00",
        "2013-10-01 05:15:00+00:00",
        "2013-10-01T07:15:00+02:00",
        "2013-10-01T05:15:00.000000",
        "20131001T051500Z",
    ],
)
def test_times_are_read_as_iso_8601_and_without_zone_as_utc(server, tensors, row, text):
    numbered = server.infer({"inputs": tensors})[1]["outputs"][0]["data"]
    tensors[4].update(datatype="BYTES", data=[text])
    assert server.infer({"inputs": tensors})[1]["outputs"][0]["data"] == numbered
    rows = server.infer({"rows": [{**row, "scheduled": text}]})[1]["predictions"][0]
    assert list(rows["probabilities"].values()) == numbered


def test_columns_of_the_serving_table_that_the_model_does_not_read_may_be_sent(server, row, tensors):
    plain = server.infer({"rows": [row]})[1]
    assert server.infer({"rows": [{**row, "tail": "N14228"}]})[1] == plain
    assert server.infer({"rows": [{**row, "tail": {"any": ["thing"]}}]})[1] == plain
    more = {"name": "tail", "shape": [1], "datatype": "BYTES", "data": ["N14228"]}
    assert server.infer({"inputs": [more, *tensors]})[0] == 200


def test_escaped_names_and_texts_are_read(server, row):
    plain = server.infer({"rows": [row]})[1]
    body = json.dumps({"rows": [row]}).replace("carrier", "\\u0063arrier").replace("AA", "\\u0041A")
    assert server.infer(body.encode())[1] == plain


def test_what_is_served_is_told(server):
    root = server.ask("GET", "/v2")[2]
    assert (root["name"], {model["name"] for model in root["models"]}) == ("seakeep", {"flights", "three", "minutes"})
    told = server.ask("GET", "/v2/models/three")[2]
    assert told["inputs"][0] == {"name": "distance", "datatype": "FP64", "shape": [-1]}
    assert [output["name"] for output in told["outputs"]] == ["probabilities", "label"]
    assert told["outputs"][0]["shape"] == [-1, 3]
    assert told["parameters"]["classes"] == ["early", "on time", "late"]
    assert server.ask("GET", f"/v2/models/three/versions/{told['versions'][0]}")[2] == told
    assert server.ask("GET", "/v2/models")[2]["models"] == root["models"]


@pytest.mark.parametrize(
    "path", ["/v2/health/live", "/v2/health/ready", "/v2/models/flights/ready", "/v2/health/live/"]
)
def test_health_is_told_by_get_and_head(server, path):
    assert server.ask("GET", path)[0] == 200
    assert server.ask("HEAD", path)[::2] == (200, b"")


def test_a_version_may_be_named(server, row):
    version = server.ask("GET", "/v2/models/flights")[2]["versions"][0]
    path = f"/v2/models/flights/versions/{version}/infer"
    status, _, answer = server.ask("POST", path, json.dumps({"rows": [row]}).encode(), content_type="application/json")
    assert (status, answer["model"]) == (200, "flights")


def test_missing_values_are_let_in_where_the_schema_says(server, row):
    assert server.infer({"rows": [{**row, "distance": None}]})[0] == 200
    status, answer = server.infer({"rows": [{**row, "carrier": None}]})
    assert (status, answer["code"], answer["field"]) == (400, "missing_value", "carrier")


def test_values_outside_of_the_domain_are_counted_and_scored(server, row):
    before = server.metrics()
    assert server.infer({"rows": [{**row, "carrier": "ZZ", "distance": 99_999}]})[0] == 200
    assert server.infer({"rows": [{**row, "scheduled": None}]})[0] == 200
    after = server.metrics()
    version = example_model().digest[:12]

    def added(metric, column):
        series = f'seakeep_{metric}_values_total{{column="{column}",model="flights",version="{version}"}}'
        return after[series] - before[series]

    assert [added("outside", column) for column in ("carrier", "distance", "seats")] == [1, 1, 0]
    assert [added("missing", column) for column in ("scheduled", "distance")] == [1, 0]


def test_requests_and_refusals_are_counted(server, row):
    version = example_model().digest[:12]
    answered = f'seakeep_requests_total{{model="flights",role="pinned",status="200",version="{version}"}}'
    refused = f'seakeep_refusals_total{{model="flights",reason="unknown_input",version="{version}"}}'
    timed = f'seakeep_request_seconds_count{{model="flights",role="pinned",version="{version}"}}'
    before = server.metrics()
    for request in ({"rows": [row]}, {"rows": [row]}, {"rows": [{**row, "x": 1}]}):
        server.infer(request)
    after = server.metrics()
    assert [after[series] - before[series] for series in (answered, refused, timed)] == [2, 1, 2]


def test_no_request_can_make_a_new_series(server):
    before = set(server.metrics())
    for name in ("a", "b", "c"):
        server.ask("GET", f"/v2/models/{name}")
        server.ask("GET", f"/{name}")
    assert set(server.metrics()) == before


@pytest.mark.parametrize(
    ("arguments", "row_change", "code"),
    [
        (["--missing", "reject"], {"distance": None}, "missing_value"),
        (["--missing", "accept"], {"carrier": None}, None),
        (["--domain", "reject"], {"carrier": "ZZ"}, "outside_domain"),
        (["--domain", "reject"], {"distance": -1}, "outside_domain"),
        (["--domain", "reject"], {"scheduled": "1999-01-01"}, "outside_domain"),
        (["--domain", "reject"], {"distance": None}, None),
    ],
)
def test_policies_say_what_is_let_in(start, folders, row, arguments, row_change, code):
    with start(folders["flights"], *arguments) as server:
        status, answer = server.infer({"rows": [{**row, **row_change}]})
        assert (status, answer.get("code")) == ((200, None) if code is None else (400, code))
        if code:
            assert answer["field"] in row_change
            assert answer["expected"]


def test_an_input_that_a_table_need_not_have_may_be_left_out(start, tmp_path, row, tensors):
    schema = example_schema(distance=ColumnSchema(Kind.NUMBER, required=False))
    example_model(schema=schema).save(tmp_path)
    with start(tmp_path) as server:
        null = server.infer({"rows": [{**row, "distance": None}]})[1]["predictions"]
        del row["distance"]
        assert server.infer({"rows": [row]})[1]["predictions"] == null
        left_out = server.infer({"inputs": tensors[1:]})[1]["outputs"][0]["data"]
        assert left_out == list(null[0]["probabilities"].values())


def test_texts_are_held_to_their_lengths(start, tmp_path, row):
    schema = example_schema(carrier=ColumnSchema(Kind.STRING, missing_at_most=0.5, length_at_least=1, length_at_most=2))
    example_model(schema=schema).save(tmp_path)
    with start(tmp_path, "--domain", "reject") as server:
        for carrier, fits in (("AA", True), ("é", True), (None, True), ("", False), ("AAA", False)):
            status, answer = server.infer({"rows": [row, {**row, "carrier": carrier}]})
            assert (status, answer.get("code")) == ((200, None) if fits else (400, "outside_domain"))
            if not fits:
                assert (answer["field"], answer["expected"]) == ("carrier", "a text of 1 to 2 characters")


@pytest.mark.parametrize("name", ["flight delay", "délai/2", 'a"b\\c'])
def test_a_model_may_have_any_name(start, tmp_path, row, name):
    from urllib.parse import quote

    example_model(name=name).save(tmp_path)
    with start(tmp_path) as server:
        body = json.dumps({"rows": [row]}).encode()
        path = f"/v2/models/{quote(name, safe='')}"
        status, _, answer = server.ask("POST", f"{path}/infer", body, content_type="application/json")
        assert (status, answer.get("model")) == (200, name)
        assert server.metrics()
