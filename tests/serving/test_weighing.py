"""Bodies that would take many times their size are refused by their signs; texts that look like values are not."""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from seakeep.serving import Served
from seakeep.serving.server.contract import Contract
from seakeep.serving.server.grpc.fields import has_more_fields
from seakeep.serving.server.keys import Peek
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.pieces import cut_rows
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.settings import Settings
from seakeep.testing.example_models import example_model

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "serving"))

import body_memory

SIZE = 700_000
ROW = body_memory.ROW
HOSTILE = [
    "JSON rows, empty",
    "JSON rows, arrays",
    "JSON columns, short values",
    "JSON parameters",
    "V2, short texts",
    "JSON lines, empty",
    "CSV, too many rows",
    "CSV, a long line",
    "CSV, a long line of texts",
    "binary, INT8",
    "binary, FP16",
    "TensorFlow, empty",
    "TensorFlow, texts in base64",
    "TensorFlow, columns",
    "gRPC, typed texts",
    "gRPC, empty inputs",
    "gRPC, empty parameters",
]


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What reads a body of a kind, for a server that takes so many rows."""
    served = Served("flights", "1", "d" * 64, example_model(name="flights"))

    def make(kind, row_limit=1000):
        contract = Contract(served, Settings(row_limit=row_limit), Metrics(tmp_path_factory.mktemp("metrics")))
        return body_memory.form(kind).script(contract, served).read

    return make


@pytest.mark.parametrize("name", HOSTILE)
def test_a_body_that_stands_for_too_much_is_refused_before_it_is_decoded(read, name):
    kind, make = body_memory.CASES[name]
    body, script = make(SIZE), read(kind)
    headers = {"content-type": kind if "/" in kind else "application/json"}
    if kind == "binary":
        headers = {"inference-header-content-length": str(body.index(b"}]}") + 3)}
    tracemalloc.start()
    try:
        with pytest.raises(Refusal) as caught:
            script(body, headers)
        grew = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (caught.value.status, caught.value.code) == (413, "too_many_rows")
    assert grew < 3 * len(body)


@pytest.mark.parametrize("sign", ["{", "[", ",", '\\"', "},{"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson", "tensorflow", "text/csv"])
def test_texts_that_look_like_values_are_not_counted(read, sign, kind):
    text = sign * 40_000
    rows = [{**ROW, "carrier": text}, ROW]
    body = {
        "application/json": lambda: json.dumps({"rows": rows}),
        "tensorflow": lambda: json.dumps({"instances": rows}),
        "application/x-ndjson": lambda: "\n".join(map(json.dumps, rows)),
        "text/csv": lambda: (
            f'{",".join(ROW)}\n1400,149,true,"{text.replace(chr(34), chr(34) * 2)}",2013-10-01T05:15:00Z\n'
        ),
    }[kind]()
    headers = {"content-type": kind if "/" in kind else "application/json"}
    asked = read(kind, 100)(body.encode(), headers)
    assert asked.columns[3][0] == text


def test_what_is_nested_deeply_is_told_so(read):
    body = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
    with pytest.raises(Refusal) as caught:
        read("application/json")(body, {"content-type": "application/json"})
    assert caught.value.code == "too_deep"


@pytest.mark.parametrize("tail", ["", ',"id":"7"', ',"parameters":{"key":"k"}'])
@pytest.mark.parametrize("carrier", ["AA", "}, {", '"}, {"', "}]"])
def test_rows_cut_in_pieces_are_the_rows(read, tail, carrier):
    rows = [{**ROW, "seats": 1 + number % 900, "carrier": carrier} for number in range(3000)]
    body = f'{{"rows": {json.dumps(rows)}{tail}}}'.encode()
    asked = read("application/json", 10_000)(body, {"content-type": "application/json"})
    assert asked.rows == 3000
    assert list(asked.columns[1]) == [row["seats"] for row in rows]
    assert set(asked.columns[3]) == {carrier}
    assert (asked.id, asked.key) == ("7" if "id" in tail else None, "k" if "key" in tail else None)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"inputs":[]}', b'{"rows":[]}', b'{"rows":[1,2]}', b'{"id":"1","rows":[{}]}']
)
def test_what_has_no_rows_in_front_is_not_cut(body):
    assert cut_rows(body) is None


def test_a_fault_in_a_late_piece_names_its_row(read):
    rows = [ROW] * 3000 + [{**ROW, "seats": "many"}]
    with pytest.raises(Refusal, match="in row 3000"):
        read("application/json", 10_000)(json.dumps({"rows": rows}).encode(), {"content-type": "application/json"})


def test_lines_in_pieces_are_the_lines(read):
    rows = [{**ROW, "seats": 1 + number % 900} for number in range(3000)]
    body = "\n\n".join(map(json.dumps, rows)).encode()
    asked = read("application/x-ndjson", 10_000)(body, {"content-type": "application/x-ndjson"})
    assert list(asked.columns[1]) == [row["seats"] for row in rows]


def test_blank_lines_of_csv_leave_others_their_turn(read):
    begun = time.process_time()
    with pytest.raises(Refusal) as caught:
        read("text/csv")(b"\n" * 1_000_000, {"content-type": "text/csv"})
    assert caught.value.code == "empty_body"
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "body",
    [b"\x2a", b"\x2a\x05", b"\x0b\x0b", b"\xff" * 20, b"\x08\x80", b"\x2a\xff\xff\xff\xff\x0f\x2a\x00", b"\x09\1"],
)
def test_fields_of_what_is_no_message_are_left_to_protobuf(body):
    assert not has_more_fields(body, 1000)


def test_fields_are_counted_in_what_is_inside():
    from seakeep.serving.server.grpc.messages import messages

    request = messages().InferRequest(model_name="flights")
    tensor = request.inputs.add(name="carrier", datatype="BYTES", shape=[300])
    tensor.contents.bytes_contents.extend([b"AA"] * 300)
    tensor.parameters["a"].string_param = "x" * 200
    body = request.SerializeToString()
    assert has_more_fields(body, 300)
    assert not has_more_fields(body, 312)


@pytest.mark.parametrize(
    ("more", "expected"),
    [("", "UA 7"), (',"parameters":{"key":"k"}', "k"), (',"p\\u0061rameters":{"key":"k"}', "k"), (',"id":"7"', "UA 7")],
)
def test_the_key_of_a_large_body_is_the_one_that_it_names_wherever_that_stands(more, expected):
    rows = [{**ROW, "flight": f"UA {number}"} for number in range(7, 3007)]
    body = f'{{"rows": {json.dumps(rows)}{more}}}'.encode()
    assert Peek("flight").key(body) == expected
