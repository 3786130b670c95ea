"""Dialects: each contract's documented requests against a started server, and what is wrong in words. Sources stand in each file."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from typing import get_args, get_type_hints

import pytest

from seakeep.core.kinds import Kind
from seakeep.core.model import Input
from seakeep.pipeline.settings import ServeSettings
from seakeep.prediction_log import PredictionLog
from seakeep.serving.server import dialect as found
from seakeep.serving.server.dialect import BadDialect, in_cloud
from seakeep.serving.server.refusals import Refusal

EXTENSIONS = ["binary_tensor_data", "rows", "columns", "streams", "explain", "metrics", "labels"]
DIALECTS = ("azure_ml", "kserve_v1", "sagemaker", "tensorflow", "vertex")
ROUTES = {
    "AIP_HTTP_PORT": "8080",
    "AIP_HEALTH_ROUTE": "/v1/endpoints/12/deployedModels/34",
    "AIP_PREDICT_ROUTE": "/v1/endpoints/12/deployedModels/34:predict",
}
PLACES = ("distance", "seats", "night", "carrier", "scheduled")
INPUTS = tuple(
    Input(name, kind)
    for name, kind in zip(PLACES, (Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN, Kind.STRING, Kind.TIMESTAMP), strict=True)
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def many(start, folders, home):
    """A server that speaks every dialect, with a log."""
    dialects = ",".join(found.names())
    with start(
        folders["flights"],
        "--dialects",
        dialects,
        "--home",
        home,
        "--log",
        "acknowledged",
        AIP_PREDICT_ROUTE="/predict",
    ) as server:
        yield server


def post(server, path, body, content_type="application/json", **headers):
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return server.ask("POST", path, sent, content_type=content_type, **headers)


def native(server, *rows):
    return server.infer({"rows": list(rows)})[1]["predictions"]


def placed(row):
    return [row[name] for name in PLACES]


def test_every_dialect_can_be_set():
    hint = get_type_hints(ServeSettings)["dialects"]
    assert get_args(get_args(hint)[0]) == found.names() == DIALECTS


def test_no_dialect_is_spoken_unasked(server):
    for path in ("/ping", "/v1/models", "/predict", "/"):
        assert server.ask("GET", path)[0] == 404
    for path in ("/invocations", "/v1/models/flights:predict", "/score"):
        assert post(server, path, {"instances": []})[0] == 404
    assert server.ask("GET", "/v2")[2]["extensions"] == EXTENSIONS


def test_the_dialects_are_told_of(many):
    assert set(found.names()) <= set(many.ask("GET", "/v2")[2]["extensions"])


# KServe V1


@pytest.mark.parametrize("member", ["instances", "inputs"])
def test_kserve_v1_answers_rows_and_arrays(many, row, member):
    for instance in (row, placed(row)):
        status, _, answer = post(many, "/v1/models/flights:predict", {member: [instance, instance]})
        assert (status, answer["predictions"]) == (200, native(many, row, row))
        assert answer["model"] == "flights"


def test_kserve_v1_tells_of_models(many):
    assert many.ask("GET", "/")[2] == {"status": "alive"}
    assert many.ask("GET", "/v1/models")[2] == {"models": ["flights"]}
    assert many.ask("GET", "/v1/models/flights")[::2] == (200, {"name": "flights", "ready": True})
    status, _, answer = many.ask("GET", "/v1/models/fligths")
    assert (status, answer["fix"]) == (404, "Did you mean 'flights'?")


def test_kserve_v1_explains_as_v2_does(many, row):
    status, _, answer = post(many, "/v1/models/flights:explain", {"instances": [row]})
    assert (status, answer["code"]) == (400, "no_baseline")  # the model has no statistics
    assert post(many, "/v2/models/flights/explain", {"rows": [row]})[::2] == (status, answer)
    status, headers, _ = many.ask("GET", "/v1/models/flights:explain")
    assert (status, headers["allow"]) == (405, "POST")


def test_kserve_v1_answers_for_each_of_several_models(start, folders, row):
    with start(folders["flights"], folders["minutes"], "--dialects", "kserve_v1") as server:
        answer = post(server, "/v1/models/minutes:predict", {"instances": [row]})[2]
        assert set(answer["predictions"][0]) == {"value"}
        assert server.ask("GET", "/v1/models")[2] == {"models": ["flights", "minutes"]}


# Amazon SageMaker


def test_sagemaker_is_pinged(many):
    assert many.ask("GET", "/ping")[0] == 200


@pytest.mark.parametrize("form", ["objects", "arrays", "features", "rows"])
def test_sagemaker_invocations_take_json(many, row, form):
    bodies = {
        "objects": {"instances": [row]},
        "arrays": {"instances": [placed(row)]},
        "features": {"instances": [{"features": placed(row)}]},
        "rows": {"rows": [row]},
    }
    status, headers, answer = post(many, "/invocations", bodies[form])
    assert (status, answer["predictions"]) == (200, native(many, row))
    assert headers["x-amzn-sagemaker-custom-attributes"] == f"prediction_id={answer['prediction_id']}"


def test_sagemaker_invocations_take_tensors(many, tensors):
    answer = post(many, "/invocations", {"inputs": tensors}, accept="text/csv")[2]
    assert answer["outputs"] == many.infer({"inputs": tensors})[1]["outputs"]


@pytest.mark.parametrize(
    ("media", "header"),
    [("text/csv", False), ("text/csv", True), ("text/csv; header=present", True), ("text/csv; header=absent", False)],
)
def test_sagemaker_invocations_take_csv(many, row, media, header):
    line = "1400,149,true,AA,2013-10-01T05:15:00Z\r\n"
    body = (",".join(PLACES) + "\r\n" if header else "") + line + ",149,0,AA,2013-10-01T05:15:00Z\n\n"
    status, headers, content = post(many, "/invocations", body.encode(), media)
    assert (status, headers["content-type"]) == (200, "text/csv")
    wanted = native(many, row, {**row, "distance": None, "night": False})
    told = [[json.loads(cell) for cell in cells] for cells in csv.reader(io.StringIO(content.decode()))]
    assert told == [[one["label"], *one["probabilities"].values()] for one in wanted]


def test_sagemaker_answers_in_the_type_that_is_accepted(many, row):
    body = "1400,149,true,AA,2013-10-01T05:15:00Z"
    answer = post(many, "/invocations", body.encode(), "text/csv", accept="application/json")[2]
    assert answer["predictions"] == native(many, row)
    content = post(many, "/invocations", {"instances": [row]}, accept="image/png, text/csv;q=0.5")[2]
    assert content.decode().count(",") == 2
    assert post(many, "/invocations", {"instances": [row]}, accept="*/*")[2]["predictions"] == native(many, row)


def test_sagemaker_takes_json_lines_as_batch_transform_splits_them(many, row):
    body = "\n".join(json.dumps(one) for one in (row, {**row, "carrier": "UA"})) + "\n"
    status, headers, content = post(many, "/invocations", body.encode(), "application/jsonlines")
    assert (status, headers["content-type"]) == (200, "application/jsonlines")
    assert [json.loads(line) for line in content.splitlines()] == native(many, row, {**row, "carrier": "UA"})


def test_a_regression_is_a_value_a_line(start, folders, row):
    with start(folders["minutes"], "--dialects", "sagemaker") as server:
        body = "1400,149,true,AA,2013-10-01T05:15:00Z"
        status, headers, content = post(server, "/invocations", body.encode(), "text/csv")
        assert float(content) == server.infer({"rows": [row]}, model="minutes")[1]["predictions"][0]["value"]
        assert (status, "x-amzn-sagemaker-custom-attributes" in headers) == (200, False)


# Vertex AI


def test_vertex_takes_instances_and_answers_predictions_alone(many, row):
    for instance in (row, placed(row)):
        status, _, answer = post(many, "/predict", {"instances": [instance, instance], "parameters": {"key": "a"}})
        assert (status, list(answer)) == (200, ["predictions"])
        ids = [one.pop("prediction_id") for one in answer["predictions"]]
        assert answer["predictions"] == native(many, row, row)
        assert [one.rpartition(".")[2] for one in ids] == ["0", "1"]
    assert many.ask("GET", "/health")[0] == 200


def test_vertex_lets_a_megabyte_and_a_half_through(many, row):
    padded = {"instances": [row], "parameters": {"pad": "x" * 1_500_000}}
    status, _, answer = post(many, "/predict", padded)
    assert (status, answer["code"]) == (413, "body_too_large")
    short = [1400, 149, 1, "AA", "2013-10-01"]
    short[2] = True
    status, _, answer = post(many, "/predict", {"instances": [short] * 10_000})
    assert (status, answer["code"]) == (413, "answer_too_large")
    assert "Vertex AI lets through" in answer["error"]
    assert answer["fix"] == "Send fewer instances at once."


def test_vertex_is_switched_on_by_its_own_variables(start, folders, row):
    with start(
        folders["flights"], **{name: value for name, value in ROUTES.items() if name != "AIP_HTTP_PORT"}
    ) as server:
        assert post(server, ROUTES["AIP_PREDICT_ROUTE"], {"instances": [row]})[0] == 200
        assert server.ask("GET", ROUTES["AIP_HEALTH_ROUTE"])[::2] == (200, {"ready": True})
        assert server.ask("GET", "/ping")[0] == 404


# Azure Machine Learning


def test_azure_ml_takes_the_body_of_no_code_deployments(many, row):
    names = ["carrier", *(name for name in PLACES if name != "carrier")]
    table = {"columns": names, "index": [0], "data": [[row[name] for name in names]]}
    for body in ({"input_data": table}, {"input_data": [placed(row)]}, {"input_data": [row]}, {"data": [row]}):
        status, _, answer = post(many, "/score", body)
        assert (status, answer["predictions"]) == (200, native(many, row))
    assert many.ask("GET", "/")[0] == 200


# One predict path


def test_every_answer_and_refusal_is_logged_and_counted(many, home, row):
    before = PredictionLog.of(home, "flights").scan().collect().height
    counted = {name: value for name, value in many.metrics().items() if name.startswith("seakeep_requests_total{")}
    asked = (
        ("/v1/models/flights:predict", {"instances": [row]}, 200),
        ("/invocations", {"instances": [row, row]}, 200),
        ("/predict", {"instances": [row]}, 200),
        ("/score", {"data": [row]}, 200),
        ("/score", {"data": [{**row, "x": 1}]}, 400),
        ("/invocations", {"instances": [[1]]}, 400),
    )
    for path, body, status in asked:
        assert post(many, path, body)[0] == status
    many.until(lambda: PredictionLog.of(home, "flights").scan().collect().height - before == 7)
    after = many.metrics()
    added = {name: after[name] - value for name, value in counted.items()}
    ok = next(name for name in added if 'model="flights"' in name and 'status="200"' in name)
    bad = next(name for name in added if 'model="flights"' in name and 'status="400"' in name)
    assert (added[ok], added[bad]) == (4, 2)


def test_a_key_in_parameters_and_in_a_header_is_kept(many, home, row):
    post(many, "/predict", {"instances": [row], "parameters": {"key": "of-parameters"}})
    post(many, "/invocations", {"instances": [row]}, seakeep_key="of-header")
    keys = PredictionLog.of(home, "flights").scan().collect()["@key"].to_list()
    assert {"of-parameters", "of-header"} <= set(keys)


def test_a_large_body_is_read_beside_the_loop_and_answered_alike(many, row):
    body = "\n".join(["1400,149,true,AA,2013-10-01T05:15:00Z"] * 5_000)
    status, _, content = post(many, "/invocations", body.encode(), "text/csv")
    assert (status, len(content.splitlines())) == (200, 5_000)


# Refusals


@pytest.mark.parametrize(
    ("path", "body", "media", "status", "code", "words"),
    [
        ("/invocations", b"", "application/json", 400, "empty_body", "the body is empty"),
        ("/invocations", b"", "text/csv", 400, "empty_body", "the body is empty"),
        ("/invocations", b"a,\xff", "text/csv", 400, "not_utf8", "at byte 2"),
        ("/invocations", b'1,"2', "text/csv", 400, "malformed_csv", "line 1"),
        ("/invocations", b"1,2", "text/csv", 400, "wrong_shape", "row 0 has 2 values, expected 5"),
        (
            "/invocations",
            b"distance,distance\n1,2",
            "text/csv",
            400,
            "duplicate_input",
            "'distance' is given more than",
        ),
        ("/invocations", b"x,1,1,AA,2013-10-01", "text/csv", 400, "wrong_value", "'distance' is 'x' in row 0"),
        ("/invocations", b"nan,1,1,AA,2013-10-01", "text/csv", 400, "wrong_value", "expected a number"),
        ("/invocations", b"1,1.5,1,AA,2013-10-01", "text/csv", 400, "wrong_value", "'seats' is '1.5'"),
        ("/invocations", b"distanse\n1", "text/csv;header=present", 400, "unknown_input", "no input 'distanse'"),
        ("/invocations", b"{}", "text/html", 415, "wrong_content_type", "text/html"),
        ("/invocations", b"{}", "application/json", 400, "missing_member", "lacks 'instances'"),
        ("/invocations", b'{"instances": 1}', "application/json", 400, "wrong_structure", "an array of rows"),
        ("/invocations", b'{"instances": [1]}', "application/json", 400, "wrong_structure", "instances[0] is a number"),
        ("/invocations", b'{"instances": []}', "application/json", 400, "wrong_rows", "has no rows"),
        ("/invocations", b'{"instances": [[1], 2]}', "application/json", 400, "wrong_structure", "instances[1]"),
        ("/invocations", b'{"instances": [{"features": [1]}]}', "application/json", 400, "wrong_shape", "expected 5"),
        ("/invocations", b'{"instances": [{"features": []}, 1]}', "application/json", 400, "wrong_shape", "0 values"),
        ("/invocations", b'{"a": 1}\n{', "application/jsonlines", 400, "malformed_json", "line 2"),
        ("/invocations", b"\n", "application/jsonlines", 400, "wrong_rows", "has no rows"),
        ("/predict", b'{"instances": [', "application/json", 400, "malformed_json", "ends too early"),
        ("/predict", b'{"instancs": []}', "application/json", 400, "unknown_member", "instancs"),
        ("/predict", b'{"instances": null}', "application/json", 400, "missing_member", "lacks 'instances'"),
        ("/predict", b'{"instances": [{}]}', "application/json", 400, "missing_input", "is missing from row 0"),
        ("/predict", b"[]", "application/json", 400, "wrong_structure", "the body is an array"),
        ("/predict", b'{"instances": [{}], "parameters": 1}', "application/json", 400, "wrong_structure", "parameters"),
        ("/predict", b"x", "text/csv", 415, "wrong_content_type", "text/csv"),
        ("/v1/models/flights:predict", b"{}", "application/json", 400, "missing_member", "neither"),
        ("/v1/models/flights:predict", b'{"inputs": {}}', "application/json", 400, "wrong_structure", "array of rows"),
        ("/score", b'{"input_data": {"columns": ["a"]}}', "application/json", 400, "missing_member", "lacks 'data'"),
        (
            "/score",
            b'{"input_data": {"columns": 1, "data": []}}',
            "application/json",
            400,
            "wrong_structure",
            "columns",
        ),
        (
            "/score",
            b'{"input_data": {"columns": ["a", "a"], "data": []}}',
            "application/json",
            400,
            "duplicate_input",
            "'a'",
        ),
        ("/score", b'{"input_data": [], "data": []}', "application/json", 400, "missing_member", "input_data and data"),
        ("/score", b'{"x": 1}', "application/json", 400, "unknown_member", "'x'"),
    ],
)
def test_what_is_wrong_is_refused_in_words(many, path, body, media, status, code, words):
    answered, _, answer = post(many, path, body, media)
    assert (answered, answer["code"]) == (status, code), answer
    assert words in answer["error"] + answer["expected"] + answer["field"]
    assert answer["fix"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/invocations"), ("PUT", "/predict"), ("POST", "/ping")])
def test_a_path_takes_its_own_method(many, method, path):
    assert many.ask(method, path)[0] == 405


def test_compressed_bodies_are_read(many, row):
    body = gzip.compress(json.dumps({"instances": [row]}).encode())
    assert post(many, "/invocations", body, content_encoding="gzip")[0] == 200
    assert post(many, "/invocations", body, content_encoding="br")[0] == 415


# TensorFlow Serving


def test_tensorflow_serving_answers_rows(tensorflow, row):
    one = native(tensorflow, row)[0]
    expected = {"label": one["label"], "probabilities": list(one["probabilities"].values())}
    for instance in (row, placed(row)):
        status, headers, answer = post(tensorflow, "/v1/models/flights:predict", {"instances": [instance, instance]})
        assert (status, answer) == (200, {"predictions": [expected, expected]})
        assert headers["seakeep-release"]


def test_tensorflow_serving_answers_columns(tensorflow, row):
    for wrap in (lambda value: value, lambda value: [value]):
        columns = {name: [wrap(value)] for name, value in row.items()}
        request = {"signature_name": "serving_default", "inputs": columns}
        status, _, answer = post(tensorflow, "/v1/models/flights:predict", request)
        one = native(tensorflow, row)[0]
        probabilities = [list(one["probabilities"].values())]
        assert (status, answer) == (200, {"outputs": {"label": [one["label"]], "probabilities": probabilities}})


def test_tensorflow_serving_answers_one_output_bare(tensorflow, row):
    value = tensorflow.infer({"rows": [row]}, model="minutes")[1]["predictions"][0]["value"]
    columns = {name: [value] for name, value in row.items()}
    assert post(tensorflow, "/v1/models/minutes:predict", {"instances": [row]})[2] == {"predictions": [value]}
    assert post(tensorflow, "/v1/models/minutes:predict", {"inputs": columns})[2] == {"outputs": [value]}


def test_tensorflow_serving_reads_texts_in_base64(tensorflow, row):
    coded = {**row, "carrier": {"b64": base64.b64encode(b"AA").decode()}}
    plain = post(tensorflow, "/v1/models/flights:predict", {"instances": [row]})[2]
    assert post(tensorflow, "/v1/models/flights:predict", {"instances": [coded]})[2] == plain
    for bad in ("?", "/w==", 7):
        coded["carrier"] = {"b64": bad}
        assert post(tensorflow, "/v1/models/flights:predict", {"instances": [coded]})[0] == 400
    deep = b'{"instances":' + b"[" * 700 + b'{"b64": ""}' + b"]" * 700 + b"}"
    status, _, answer = tensorflow.ask("POST", "/v1/models/flights:predict", deep, content_type="application/json")
    assert (status, answer["code"]) == (400, "too_deep")


def test_tensorflow_serving_tells_of_versions_and_signatures(tensorflow, row):
    told = tensorflow.ask("GET", "/v1/models/flights")[2]["model_version_status"]
    version = told[0]["version"]
    assert told == [{"version": version, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]
    assert tensorflow.ask("GET", f"/v1/models/flights/versions/{version}")[2]["model_version_status"] == told
    assert tensorflow.ask("GET", "/v1/models/flights/versions/77")[0] == 404
    metadata = tensorflow.ask("GET", "/v1/models/flights/metadata")[2]
    signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"]["distance"]["dtype"] == "DT_DOUBLE"
    assert post(tensorflow, f"/v1/models/flights/versions/{version}:predict", {"instances": [row]})[0] == 200


@pytest.mark.parametrize(
    ("path", "request_body", "code"),
    [
        ("/v1/models/flights:classify", {"examples": []}, "unknown_path"),
        ("/v1/models/boats:predict", {"instances": []}, "unknown_model"),
        ("/v1/models/flights:predict", {"signature_name": "other", "instances": [{}]}, "wrong_structure"),
        ("/v1/models/flights:predict", {"instances": [{}], "inputs": {}}, "missing_member"),
        ("/v1/models/flights:predict", {"inputs": [1]}, "wrong_structure"),
        ("/v1/models/flights:predict", {"inputs": {"distance": 1}}, "wrong_structure"),
        ("/v1/models/flights:predict", {"instances": []}, "wrong_rows"),
    ],
)
def test_tensorflow_serving_refuses_in_words(tensorflow, path, request_body, code):
    status, _, answer = post(tensorflow, path, request_body)
    assert status in (400, 404)
    assert answer["code"] == code


@pytest.fixture(scope="module")
def tensorflow(start, folders):
    with start(folders["flights"], folders["minutes"], "--dialects", "tensorflow") as server:
        yield server


# What a cloud says of itself


def test_nothing_is_switched_on_without_variables():
    assert in_cloud(("kserve_v1",), "127.0.0.1", 9000, {}) == (("kserve_v1",), "127.0.0.1", 9000)


def test_a_cloud_switches_its_dialect_on_and_names_the_port():
    assert in_cloud((), "127.0.0.1", 9000, ROUTES) == (("vertex",), "0.0.0.0", 8080)
    assert in_cloud(("vertex",), "127.0.0.1", 9000, {"AIP_PREDICT_ROUTE": "/p"}) == (("vertex",), "127.0.0.1", 9000)
    assert in_cloud((), "127.0.0.1", 9000, {"SAGEMAKER_BIND_TO_PORT": "9001"}) == (("sagemaker",), "0.0.0.0", 9001)


@pytest.mark.parametrize("text", ["", "0", "65536", "80a", "-1", "８０"])
def test_a_port_that_is_none_is_refused(text):
    with pytest.raises(BadDialect) as caught:
        in_cloud((), "127.0.0.1", 9000, {"SAGEMAKER_BIND_TO_PORT": text})
    assert str(caught.value) == (
        f"SAGEMAKER_BIND_TO_PORT is {text!r}, expected a port from 1 to 65535 (environment)\n"
        "  The platform that starts the container sets it.\n"
        "  Correct it in the platform's specification of the container, or unset SAGEMAKER_BIND_TO_PORT."
    )


def test_a_route_that_is_none_is_refused():
    with pytest.raises(BadDialect) as caught:
        found.load(("vertex",), {"AIP_PREDICT_ROUTE": "predict"})
    assert str(caught.value).startswith(
        "AIP_PREDICT_ROUTE is 'predict', expected a path that begins with / (environment)"
    )


def test_a_path_that_names_no_model_needs_there_to_be_one():
    dialects = found.load(found.names(), {})
    found.check_models(dialects, ["a", "a"])
    with pytest.raises(BadDialect) as caught:
        found.check_models(dialects, ["a", "b"])
    assert str(caught.value) == (
        "azure_ml asks at /score, which names no model, and 2 models are served: a, b\n"
        "  One container of that contract answers for one model.\n"
        "  Serve one of them, or leave 'azure_ml' out of serve.dialects."
    )


def test_a_column_called_features_is_a_column():
    from seakeep.serving.server.dialects import sagemaker

    own = (Input("features", Kind.NUMBER),)
    assert sagemaker.read(b'{"instances": [{"features": 1}]}', "application/json", own) == b'{"rows":[{"features": 1}]}'
    assert (
        sagemaker.read(b'{"instances": [1, 2]}', "application/json", own) == b'{"rows":[{"features":1},{"features":2}]}'
    )


def test_values_pass_as_they_came():
    from seakeep.serving.server.dialects import vertex

    body = b'{"instances": [[1e400, 123456789012345678901234567890, "\\u00e9", [], {}]]}'
    told = vertex.read(body, "application/json", INPUTS)
    assert b'"distance":1e400,"seats":123456789012345678901234567890,"night":"\\u00e9"' in told


@pytest.mark.parametrize("body", [b'{"instances": [[1], "a"]}', b'{"instances": [{"features": [1,2,3,4,5]}, 1]}'])
def test_rows_of_several_forms_are_refused(body):
    from seakeep.serving.server.dialects import vertex

    with pytest.raises(Refusal) as caught:
        vertex.read(body, "application/json", INPUTS)
    assert "instances[1]" in str(caught.value)
