"""Every bad request is answered 4xx with field, found, expected and a fix, none is answered 500, and the server goes on."""

from __future__ import annotations

import contextlib
import copy
import json
import socket

import pytest

from seakeep.serving.server.refusals.refusal import shown

PATH = "/v2/models/flights/infer"
BIG = 10**30


def changed(tensors, tensor_name, **members):
    made = copy.deepcopy(tensors)
    next(tensor for tensor in made if tensor["name"] == tensor_name).update(members)
    return {"inputs": made}


def without(tensors, name):
    return {"inputs": [tensor for tensor in tensors if tensor["name"] != name]}


CASES = {
    # what the tables of other servers get wrong
    "missing feature": (lambda t, r: without(t, "seats"), "missing_input", "seats"),
    "shape and data differ": (lambda t, r: changed(t, "seats", shape=[2]), "wrong_shape", "seats"),
    "an input too many": (
        lambda t, r: {"inputs": [*t, {"name": "extra", "shape": [1], "datatype": "FP64", "data": [1]}]},
        "unknown_input",
        "extra",
    ),
    "texts for numbers": (lambda t, r: changed(t, "distance", data=["far"]), "wrong_value", "distance"),
    "a number as text": (lambda t, r: changed(t, "distance", data=["1400.0"]), "wrong_value", "distance"),
    "INT64 for FP64": (lambda t, r: changed(t, "distance", datatype="INT64"), "wrong_datatype", "distance"),
    "NaN": (lambda t, r: json.dumps({"rows": [{**r, "distance": float("nan")}]}).encode(), "malformed_json", "body"),
    "Infinity": (
        lambda t, r: json.dumps({"rows": [{**r, "distance": float("inf")}]}).encode(),
        "malformed_json",
        "body",
    ),
    "-Infinity": (
        lambda t, r: json.dumps({"rows": [{**r, "distance": -float("inf")}]}).encode(),
        "malformed_json",
        "body",
    ),
    "null where none may be": (lambda t, r: changed(t, "seats", data=[None]), "missing_value", "seats"),
    "a wrong name": (lambda t, r: changed(t, "distance", name="distanse"), "unknown_input", "distanse"),
    "malformed": (lambda t, r: b'{"inputs": [}', "malformed_json", "body"),
    "not JSON at all": (lambda t, r: b"\x89PNG\r\n\x1a\n", "malformed_json", "body"),
    "cut short": (lambda t, r: json.dumps({"inputs": t}).encode()[:-9], "malformed_json", "body"),
    "empty": (lambda t, r: b"", "empty_body", "body"),
    "blank": (lambda t, r: b" \n\t ", "empty_body", "body"),
    "an absurd shape": (lambda t, r: changed(t, "distance", shape=[10**12]), "wrong_shape", "distance"),
    "a shape beyond all integers": (lambda t, r: changed(t, "distance", shape=[BIG, BIG]), "wrong_shape", "distance"),
    "a negative shape": (lambda t, r: changed(t, "distance", shape=[-1]), "wrong_shape", "distance"),
    "a shape of three": (lambda t, r: changed(t, "distance", shape=[1, 1, 1]), "wrong_shape", "distance"),
    "an empty shape": (lambda t, r: changed(t, "distance", shape=[]), "wrong_shape", "distance"),
    "a shape of text": (lambda t, r: changed(t, "distance", shape="1"), "wrong_shape", "distance"),
    "a shape of booleans": (lambda t, r: changed(t, "distance", shape=[True]), "wrong_shape", "distance"),
    "a shape of fractions": (lambda t, r: changed(t, "distance", shape=[1.5]), "wrong_shape", "distance"),
    # further tensors
    "twice the same input": (lambda t, r: {"inputs": [*t, t[0]]}, "duplicate_input", "distance"),
    "rows that differ": (lambda t, r: changed(t, "carrier", shape=[2], data=["AA", "UA"]), "wrong_rows", "carrier"),
    "no rows in a tensor": (lambda t, r: changed(t, "distance", shape=[0], data=[]), "wrong_rows", "distance"),
    "no tensors": (lambda t, r: {"inputs": []}, "missing_input", "distance"),
    "two values a row": (
        lambda t, r: changed(t, "distance", shape=[1, 2], data=[[1.0, 2.0]]),
        "wrong_value",
        "distance",
    ),
    "nested three deep": (lambda t, r: changed(t, "distance", data=[[[1.0]]]), "wrong_value", "distance"),
    "data that is an object": (
        lambda t, r: changed(t, "distance", data={"0": 1.0}),
        "wrong_structure",
        "data of input",
    ),
    "data that is null": (lambda t, r: changed(t, "distance", data=None), "missing_member", "data"),
    "a tensor without data": (
        lambda t, r: {"inputs": [{"name": "distance", "shape": [1], "datatype": "FP64"}]},
        "missing_member",
        "data",
    ),
    "a tensor without a name": (
        lambda t, r: {"inputs": [{"shape": [1], "datatype": "FP64", "data": [1]}]},
        "missing_member",
        "name",
    ),
    "a name that is a number": (
        lambda t, r: changed(t, "distance", name=7),
        "wrong_structure",
        "name of inputs[0]",
    ),
    "a name that is null": (lambda t, r: changed(t, "distance", name=None), "missing_member", "name"),
    "an output whose name is a number": (
        lambda t, r: {"inputs": t, "outputs": [{"name": 7}]},
        "wrong_structure",
        "name of an item of outputs",
    ),
    "a tensor that is no object": (lambda t, r: {"inputs": [5]}, "wrong_structure", "inputs[0]"),
    "a datatype that is a number": (lambda t, r: changed(t, "distance", datatype=64), "wrong_datatype", "distance"),
    "a datatype that is a list": (lambda t, r: changed(t, "distance", datatype=["FP64"]), "wrong_datatype", "distance"),
    "an unknown datatype": (lambda t, r: changed(t, "distance", datatype="FP65"), "wrong_datatype", "distance"),
    "a member misspelt": (lambda t, r: changed(t, "distance", dtype="FP64"), "unknown_member", "dtype"),
    "binary data in a tensor": (
        lambda t, r: changed(t, "distance", parameters={"binary_data_size": 8}),
        "binary_tensors",
        "distance",
    ),
    "binary data asked for with a text": (
        lambda t, r: {"inputs": t, "outputs": [{"name": "label", "parameters": {"binary_data": "yes"}}]},
        "wrong_structure",
        "binary_data of parameters of an output",
    ),
    "all outputs in binary asked for with a number": (
        lambda t, r: {"inputs": t, "parameters": {"binary_data_output": 1}},
        "wrong_structure",
        "binary_data_output of parameters of the body",
    ),
    "columns beside rows": (lambda t, r: {"rows": [r], "columns": {}}, "wrong_structure", "columns"),
    "columns without values": (lambda t, r: {"columns": {}}, "missing_input", "distance"),
    "columns that are a list": (lambda t, r: {"columns": [[1]]}, "wrong_structure", "columns of the body"),
    "a column that is no list": (
        lambda t, r: {"columns": {**{name: [value] for name, value in r.items()}, "seats": 149}},
        "wrong_structure",
        "columns['seats']",
    ),
    "columns of two lengths": (
        lambda t, r: {"columns": {**{name: [value] for name, value in r.items()}, "seats": [149, 150]}},
        "wrong_rows",
        "seats",
    ),
    "an unknown column": (
        lambda t, r: {"columns": {**{name: [value] for name, value in r.items()}, "seat": [149]}},
        "unknown_input",
        "seat",
    ),
    "an INT8 beyond its range": (lambda t, r: changed(t, "seats", datatype="INT8", data=[149]), "wrong_value", "seats"),
    "a fraction as INT32": (
        lambda t, r: changed(t, "distance", datatype="INT32", data=[1.5]),
        "wrong_value",
        "distance",
    ),
    "an FP16 beyond its range": (
        lambda t, r: changed(t, "distance", datatype="FP16", data=[70000.0]),
        "wrong_value",
        "distance",
    ),
    "a negative UINT64": (lambda t, r: changed(t, "seats", datatype="UINT64", data=[-1]), "wrong_value", "seats"),
    "an unknown output": (lambda t, r: {"inputs": t, "outputs": [{"name": "labels"}]}, "unknown_output", "outputs"),
    "an output without a name": (lambda t, r: {"inputs": t, "outputs": [{}]}, "missing_member", "name"),
    "an output that is text": (lambda t, r: {"inputs": t, "outputs": ["label"]}, "wrong_structure", "outputs"),
    "outputs that are text": (lambda t, r: {"inputs": t, "outputs": "label"}, "wrong_structure", "outputs of the body"),
    "outputs beside rows": (lambda t, r: {"rows": [r], "outputs": [{"name": "label"}]}, "wrong_structure", "outputs"),
    "an id that is a number": (lambda t, r: {"inputs": t, "id": 7}, "wrong_structure", "id of the body"),
    "parameters that are a list": (
        lambda t, r: {"inputs": t, "parameters": []},
        "wrong_structure",
        "parameters of the body",
    ),
    # the whole
    "an array": (lambda t, r: [], "wrong_structure", "the body"),
    "a number": (lambda t, r: 5, "wrong_structure", "the body"),
    "null": (lambda t, r: None, "wrong_structure", "the body"),
    "inputs and rows": (lambda t, r: {"inputs": t, "rows": [r]}, "wrong_structure", "rows"),
    "neither inputs nor rows": (lambda t, r: {}, "missing_member", "inputs"),
    "a misspelt member": (lambda t, r: {"row": [r]}, "unknown_member", "row"),
    "inputs that are null": (lambda t, r: {"inputs": None}, "missing_member", "inputs"),
    "inputs that are an object": (lambda t, r: {"inputs": {"distance": 1}}, "wrong_structure", "inputs of the body"),
    "deep nesting": (lambda t, r: b'{"rows":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep", "body"),
    "deep nesting of objects": (lambda t, r: b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "too_deep", "body"),
    "invalid UTF-8": (lambda t, r: b'{"rows": [{"carrier": "\xff\xfe"}]}', "not_utf8", "body"),
    "a lone surrogate in bytes": (lambda t, r: b'{"rows": [{"carrier": "\xed\xa0\x80"}]}', "not_utf8", "body"),
    "a lone surrogate escaped": (lambda t, r: b'{"rows": [{"carrier": "\\ud800"}]}', "malformed_json", "body"),
    "a byte order mark": (lambda t, r: b"\xef\xbb\xbf" + json.dumps({"rows": [r]}).encode(), "malformed_json", "body"),
    "two documents": (lambda t, r: json.dumps({"rows": [r]}).encode() * 2, "malformed_json", "body"),
    "a comment": (lambda t, r: b'{"rows": [/* none */]}', "malformed_json", "body"),
    # rows
    "rows that are an object": (lambda t, r: {"rows": r}, "wrong_structure", "rows of the body"),
    "a row that is an array": (lambda t, r: {"rows": [list(r.values())]}, "wrong_structure", "rows[0]"),
    "a row that is null": (lambda t, r: {"rows": [r, None]}, "wrong_structure", "rows[1]"),
    "no rows": (lambda t, r: {"rows": []}, "wrong_rows", "rows"),
    "an empty row": (lambda t, r: {"rows": [{}]}, "missing_input", "distance"),
    "a column misspelt": (lambda t, r: {"rows": [{**r, "fare": 1}]}, "unknown_input", "fare"),
    "a column from the future": (lambda t, r: {"rows": [{**r, "arr_delay": 5}]}, "not_an_input", "arr_delay"),
    "the label": (lambda t, r: {"rows": [{**r, "late": True}]}, "not_an_input", "late"),
    "a text for a boolean": (lambda t, r: {"rows": [{**r, "night": "yes"}]}, "wrong_value", "night"),
    "a number for a boolean": (lambda t, r: {"rows": [{**r, "night": 1}]}, "wrong_value", "night"),
    "a boolean for a number": (lambda t, r: {"rows": [{**r, "distance": True}]}, "wrong_value", "distance"),
    "a fraction for an integer": (lambda t, r: {"rows": [{**r, "seats": 1.5}]}, "wrong_value", "seats"),
    "an integer beyond 64 bits": (lambda t, r: {"rows": [{**r, "seats": 2**63}]}, "wrong_value", "seats"),
    "an integer of 30 digits": (lambda t, r: {"rows": [{**r, "seats": BIG}]}, "wrong_value", "seats"),
    "an integer of 400 digits": (lambda t, r: {"rows": [{**r, "distance": 10**400}]}, "wrong_value", "distance"),
    "an integer of 5,000 digits": (
        lambda t, r: b'{"rows": [{"seats": ' + b"9" * 5000 + b"}]}",
        "number_out_of_range",
        "$.rows[0].seats",
    ),
    "a number beyond doubles": (
        lambda t, r: b'{"rows": [{"distance": 1e999}]}',
        "number_out_of_range",
        "$.rows[0].dist",
    ),
    "a number for a text": (lambda t, r: {"rows": [{**r, "carrier": 5}]}, "wrong_value", "carrier"),
    "an array for a text": (lambda t, r: {"rows": [{**r, "carrier": ["AA"]}]}, "wrong_value", "carrier"),
    "the reserved text": (
        lambda t, r: {"rows": [{**r, "carrier": "\ufdd0missing\ufdd0"}]},
        "reserved_value",
        "carrier",
    ),
    "a time that is none": (lambda t, r: {"rows": [{**r, "scheduled": "yesterday"}]}, "wrong_value", "scheduled"),
    "the 30th of February": (lambda t, r: {"rows": [{**r, "scheduled": "2013-02-30"}]}, "wrong_value", "scheduled"),
    "a time as a number in rows": (lambda t, r: {"rows": [{**r, "scheduled": 1380604500}]}, "wrong_value", "scheduled"),
    "a text as INT64 time": (lambda t, r: changed(t, "scheduled", data=["2013-10-01"]), "wrong_value", "scheduled"),
    "the reserved time": (lambda t, r: changed(t, "scheduled", data=[-(2**63)]), "reserved_value", "scheduled"),
    "a time beyond 64 bits": (lambda t, r: changed(t, "scheduled", data=[2**63]), "wrong_value", "scheduled"),
    "a float32 beyond float32": (
        lambda t, r: changed(t, "distance", datatype="FP32", data=[1e39]),
        "wrong_value",
        "distance",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_request_is_refused_with_field_found_and_expected(server, tensors, row, case):
    make, code, field = CASES[case]
    status, answer = server.infer(make(tensors, row))
    assert status == 400, answer
    assert answer["code"] == code, answer
    assert answer["field"].startswith(field), answer
    assert answer["error"]
    assert answer["found"] or case in ("NaN", "Infinity", "-Infinity"), answer
    assert answer["expected"], answer
    assert answer["fix"], answer
    assert server.infer({"rows": [row]})[0] == 200


def test_a_refusal_names_the_row(server, row):
    status, answer = server.infer({"rows": [row, row, {**row, "seats": "many"}]})
    assert (status, answer["error"]) == (400, "input 'seats' is 'many' in row 2, expected an integer")


def test_a_malformed_body_is_told_its_line_and_column(server):
    status, answer = server.infer(b'{\n "rows": [\n  {"distance": 1,}\n ]\n}')
    assert status == 400
    assert "line 3, column 18" in answer["error"]


def test_the_nearest_input_is_proposed(server, row):
    answer = server.infer({"rows": [{**row, "distnace": 1}]})[1]
    assert answer["fix"] == "Rename it to 'distance'."


def test_what_a_client_sent_is_shortened_before_it_is_said_back(server, row):
    status, _, _ = server.ask("POST", PATH, b"{}", content_type="application/json")
    answer = server.infer({"rows": [{**row, "x" * 100_000: 1}]})[1]
    assert status == 400
    assert len(json.dumps(answer)) < 2000


def test_too_many_rows_are_refused_with_413(server, row):
    few = {"carrier": "AA", "seats": 1, "night": True, "distance": 1, "scheduled": None}
    status, answer = server.infer({"rows": [few] * 20_001})
    assert (status, answer["code"], answer["expected"]) == (413, "too_many_rows", "at most 20000 rows")
    assert server.infer({"rows": [row]})[0] == 200


@pytest.mark.parametrize("size", [4_000_001, 30_000_000])
def test_a_body_beyond_the_limit_is_refused_with_413(server, size):
    status, answer = server.infer(b" " * size)
    assert (status, answer["code"], answer["field"]) == (413, "body_too_large", "body")


def test_a_chunked_body_beyond_the_limit_is_refused_while_it_streams(server):
    chunks = [b" " * 65536] * 200
    status, _, answer = server.ask("POST", PATH, iter(chunks), content_type="application/json")
    assert (status, answer["code"]) == (413, "body_too_large")


def test_a_chunked_body_within_the_limit_is_answered(server, row):
    body = json.dumps({"rows": [row]}).encode()
    status, _, _ = server.ask("POST", PATH, iter([body[:50], body[50:]]), content_type="application/json")
    assert status == 200


def test_a_body_just_within_the_limit_is_read(server, row):
    body = json.dumps({"rows": [row]}).encode()
    assert server.infer(body + b" " * (4_000_000 - len(body)))[0] == 200


def test_a_client_that_waits_to_be_told_is_refused_before_it_sends(server):
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
    assert b" 413 " in raw(server, f"{head}Content-Length: 99999999\r\n\r\n".encode())


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "x" * 500]
)
def test_another_content_type_is_refused_with_415(server, row, kind):
    body = json.dumps({"rows": [row]}).encode()
    status, _, answer = server.ask("POST", PATH, body, content_type=kind)
    assert (status, answer["code"], answer["field"]) == (415, "wrong_content_type", "Content-Type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", 'application/json;charset="UTF-8"']
)
def test_json_may_state_its_encoding(server, row, kind):
    assert server.ask("POST", PATH, json.dumps({"rows": [row]}).encode(), content_type=kind)[0] == 200


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "", "x" * 4000])
def test_an_unknown_content_encoding_is_refused_with_415(server, encoding):
    status, _, answer = server.ask("POST", PATH, b"{}", content_type="application/json", content_encoding=encoding)
    assert (status, answer["field"]) == (415, "Content-Encoding")


def test_tensors_in_binary_form_are_refused(server):
    headers = {"content_type": "application/json", "inference_header_content_length": "10"}
    status, _, answer = server.ask("POST", PATH, b"{}", **headers)
    assert (status, answer["code"]) == (400, "binary_tensors")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", PATH, "POST"),
        ("PUT", PATH, "POST"),
        ("DELETE", PATH, "POST"),
        ("OPTIONS", PATH, "POST"),
        ("POST", "/v2/health/ready", "GET, HEAD"),
        ("POST", "/metrics", "GET, HEAD"),
        ("DELETE", "/v2/models/flights", "GET, HEAD"),
    ],
)
def test_another_method_is_refused_with_405_and_allow(server, method, path, allow):
    status, headers, answer = server.ask(method, path)
    assert (status, headers["allow"], answer["code"]) == (405, allow, "wrong_method")


@pytest.mark.parametrize(
    ("path", "code", "proposed"),
    [
        ("/", "unknown_path", ""),
        ("/v1/models/flights:predict", "unknown_path", ""),
        ("/v2/health/raedy", "unknown_path", "/v2/health/ready"),
        ("/v2/models/flights/infre", "unknown_path", "/v2/models/flights/infer"),
        ("/v2/models/fligths/infer", "unknown_model", "'flights'"),
        ("/v2/models//infer", "unknown_model", ""),
        ("/v2/models/flights/versions/99/infer", "unknown_version", ""),
        ("/v2/models/%2e%2e/%2e%2e/etc/passwd", "unknown_model", ""),
        ("/" + "x" * 5000, "unknown_path", ""),
        ("/%ff%fe", "unknown_path", ""),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_refused_with_404_and_the_nearest(server, method, path, code, proposed):
    status, _, answer = server.ask(method, path, b"{}" if method == "POST" else None)
    assert (status, answer["code"]) == (404, code)
    assert proposed in answer["fix"]


RAW = {
    "no request": b"\r\n\r\n",
    "noise": bytes(range(256)) * 20,
    "no such protocol": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "a length that is no number": f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n".encode(),
    "a negative length": f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n".encode(),
    "two lengths": f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}".encode(),
    "an endless length": f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**30}\r\n\r\n".encode(),
    "a chunk that is none": f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".encode(),
    "a header without end": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1_000_000,
    "a thousand headers": b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(1000)) + b"\r\n",
    "a length that lies beside chunks": (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    ).encode(),
}


@pytest.mark.parametrize("case", RAW)
def test_what_is_hardly_http_leaves_the_server_alive(server, row, case):
    assert not raw(server, RAW[case]).startswith(b"HTTP/1.1 5")
    assert server.infer({"rows": [row]})[0] == 200


def raw(server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(OSError):
            while part := connection.recv(65536):
                answer += part
    return answer


def test_a_body_that_does_not_come_is_refused_with_408(start, folders, row):
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{{"
    with start(folders["flights"], "--read-seconds", "1") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(head.encode())
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"body_too_slow" in answer
        assert server.infer({"rows": [row]})[0] == 200


def test_a_value_that_is_nested_too_deeply_to_be_written_is_named_by_its_kind():
    value: list[object] = []
    for _ in range(5_000):
        value = [value]
    assert shown(value) == "an array"


def test_no_bad_request_was_answered_500(server):
    counted = server.metrics()
    faults = {series: value for series, value in counted.items() if 'status="500"' in series and value}
    assert not faults


@pytest.mark.parametrize("size", [500, 300_000])
@pytest.mark.parametrize("path", [PATH, PATH.replace("infer", "explain"), "/v2/repository/index"])
def test_who_closes_half_a_connection_within_a_body_is_told_that_the_mistake_is_not_the_servers(server, path, size):
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(head.encode() + b'{"rows": [')
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")
