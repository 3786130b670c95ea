"""Every form: the same rows give bitwise equal scores in all of them, and what one refuses in words the others refuse too."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import datetime as dt
import gzip
import http.client
import io
import json
import struct
import tempfile
import threading
import time
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import ColumnSchema, Kind, Task
from seakeep.serving import OnnxPredictor
from seakeep.serving.served import Served
from seakeep.serving.server import streaming
from seakeep.serving.server.careful import CarefulReader
from seakeep.serving.server.choosing import _chosen, choose
from seakeep.serving.server.compression import _codecs, encodings, unpack
from seakeep.serving.server.contract import Contract
from seakeep.serving.server.converting import DATATYPES
from seakeep.serving.server.delimited import titled
from seakeep.serving.server.forms import arrow, binary, lines
from seakeep.serving.server.forms import csv as csv_form
from seakeep.serving.server.forms import json as json_form
from seakeep.serving.server.lanes import Crossing, Lane
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.patience import Patience
from seakeep.serving.server.raw import LETTERS, pack
from seakeep.serving.server.receiving import is_large
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.settings import Settings
from seakeep.testing.example_models import INPUTS, example_frame, example_model, example_schema

ROWS = 10_000
PATH = "/v2/models/flights/infer"
USUAL = {
    Kind.INTEGER: "INT64",
    Kind.NUMBER: "FP64",
    Kind.BOOLEAN: "BOOL",
    Kind.STRING: "BYTES",
    Kind.TIMESTAMP: "INT64",
}


@pytest.fixture(scope="module")
def frame():
    """Rows without missing integers, texts and booleans, which bytes cannot say."""
    return (
        example_frame(ROWS, seed=3)
        .with_columns(pl.col("seats").fill_null(7), pl.col("night").fill_null(True), pl.col("carrier").fill_null("ZZ"))
        .drop_nulls("scheduled")
    )


@pytest.fixture(scope="module")
def lenient(folders, start):
    limits = ("--row-limit", str(ROWS), "--body-limit-bytes", "9999999")
    with start(*folders.values(), "--missing", "accept", *limits) as server:
        yield server


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    return Contract(Served.of(example_model()), Settings(missing="accept", row_limit=600), Metrics(folder))


def packed(tensors, **members):
    """A body of binary tensors, and its header. tensors: (name, datatype, values)."""
    raws = [pack(values, datatype) for _, datatype, values in tensors]
    inputs = [
        {"name": name, "datatype": datatype, "shape": [len(values)], "parameters": {"binary_data_size": len(raw)}}
        for (name, datatype, values), raw in zip(tensors, raws, strict=True)
    ]
    head = json.dumps({"inputs": inputs, **members}).encode()
    return head + b"".join(raws), {"inference-header-content-length": str(len(head))}


def tensors_of(frame):
    """Each input's name, usual datatype and values, NaN where missing."""
    frame = frame.with_columns(pl.col("scheduled").to_physical(), pl.col("distance").fill_null(float("nan")))
    return [(item.name, USUAL[item.kind], frame[item.name].to_list()) for item in INPUTS]


def expected(frame, task=Task.BINARY):
    return OnnxPredictor(example_model(task)).predict(frame).scores


@pytest.mark.parametrize("size", [1, 16, 257, 3000])
def test_binary_tensors_are_equal_to_the_bit(lenient, frame, size):
    part = frame.head(size)
    wanted = [{"name": name, "parameters": {"binary_data": True}} for name in ("probabilities", "label")]
    body, headers = packed(tensors_of(part), outputs=wanted)
    status, told, content = lenient.ask("POST", PATH, body, **headers)
    assert status == 200, content
    length = int(told["inference-header-content-length"])
    answer = json.loads(content[:length])
    sizes = [output["parameters"]["binary_data_size"] for output in answer["outputs"]]
    assert sizes == [8 * size, size]
    assert content[length : length + 8 * size] == expected(part).tobytes()
    assert content[length + 8 * size :] == expected(part).argmax(axis=1).astype(bool).tobytes()


KINDS = {item.name: item.kind for item in INPUTS}


@st.composite
def binary_requests(draw):
    """Bodies that are right, and some that are not."""
    count = draw(st.sampled_from([1, 2, 40, 300]))
    made = []
    for item in INPUTS:
        datatype = draw(st.sampled_from(DATATYPES[item.kind]))
        size = draw(st.sampled_from([count, count, count, count, count, count - 1]))
        if datatype == "BYTES":
            texts = st.text(max_size=4) if item.kind is Kind.STRING else st.just("2013-10-01T05:15:00Z")
            values = draw(st.lists(texts, min_size=size, max_size=size))
            made.append((item.name, datatype, values))
        else:
            width = struct.calcsize(f"<{LETTERS[datatype]}")
            usual = struct.pack(f"<{LETTERS[datatype]}", 1)
            raw = draw(st.sampled_from([usual * size, draw(st.binary(min_size=width, max_size=width)) * size]))
            made.append((item.name, datatype, raw))
    return draw(st.permutations(made)), count


@given(request=binary_requests())
def test_the_quick_reader_of_bytes_takes_nothing_that_the_careful_one_would_not(contract, request):
    tensors, count = request
    raws = [values if isinstance(values, bytes) else pack(values, datatype) for _, datatype, values in tensors]
    inputs = [
        {"name": name, "datatype": datatype, "shape": [count], "parameters": {"binary_data_size": len(raw)}}
        for (name, datatype, _), raw in zip(tensors, raws, strict=True)
    ]
    head, tail = json.dumps({"inputs": inputs}).encode(), b"".join(raws)
    quick = outcome(binary.Reader(contract).read, head + tail, {"inference-header-content-length": str(len(head))})
    careful = outcome(CarefulReader(contract).read, head, binary=tail)
    if isinstance(quick, Refusal) or isinstance(careful, Refusal):
        assert (quick.code, quick.field) == (careful.code, careful.field)
        return
    for column, own, other, array in zip(contract.columns, quick.columns, careful.columns, quick.arrays, strict=True):
        same_array(column.array(list(own)), column.array(list(other)))
        same_array(array, column.array(list(other)))


def outcome(read, *arguments, **named):
    try:
        return read(*arguments, **named)
    except Refusal as refusal:
        return refusal


def same_array(one, other):
    assert one.dtype == other.dtype
    np.testing.assert_array_equal(one, other)


def as_rows(frame):
    return frame.with_columns(pl.col("scheduled").dt.strftime("%Y-%m-%dT%H:%M:%S.%f")).to_dicts()


def as_lines(frame):
    return b"".join(json.dumps(row).encode() + b"\n" for row in as_rows(frame)), "application/x-ndjson"


def as_csv(frame):
    table = frame.with_columns(pl.col("scheduled").dt.strftime("%Y-%m-%dT%H:%M:%S.%f"))
    return table.write_csv().encode(), "text/csv"


def as_columns(frame):
    table = frame.with_columns(pl.col("scheduled").dt.strftime("%Y-%m-%dT%H:%M:%S.%f"))
    return json.dumps({"columns": table.to_dict(as_series=False)}).encode(), "application/json"


def as_arrow(frame):
    sink = io.BytesIO()
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    with pa.ipc.new_stream(sink, table.schema) as written:
        written.write_table(table, max_chunksize=999)
    return sink.getvalue(), "application/vnd.apache.arrow.stream"


def as_arrow_file(frame):
    sink = io.BytesIO()
    frame.write_ipc(sink)
    return sink.getvalue(), "application/vnd.apache.arrow.file"


FORMS = {"lines": as_lines, "csv": as_csv, "columns": as_columns, "arrow": as_arrow, "arrow file": as_arrow_file}


def scores_of(content, media):
    """The scores in an answer, in the form that its type says."""
    if media.startswith("application/json"):
        answer = content["columns"]
        made = [answer["value"]] if "value" in answer else list(answer["probabilities"].values())
        return np.array(made, np.float32).T
    if media.startswith("application/x-ndjson"):
        answers = [json.loads(line) for line in content.splitlines()]
        return np.array([[a["value"]] if "value" in a else [*a["probabilities"].values()] for a in answers], np.float32)
    if media.startswith("text/csv"):
        table = pl.read_csv(content, infer_schema_length=None)
    else:
        whole = pa.ipc.open_file if media.endswith("file") else pa.ipc.open_stream
        table = pl.from_arrow(whole(content).read_all())
    names = [name for name in table.columns if name.startswith("probability_")] or ["prediction"]
    return table.select(pl.col(names).cast(pl.Float32)).to_numpy()


@pytest.mark.parametrize("model", ["flights", "three", "minutes"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_equal_to_the_bit(lenient, model, form):
    frame = example_frame(ROWS, seed=3)
    body, media = FORMS[form](frame)
    status, headers, content = lenient.ask("POST", f"/v2/models/{model}/infer", body, content_type=media)
    assert status == 200, content
    task = {"flights": Task.BINARY, "three": Task.MULTICLASS, "minutes": Task.REGRESSION}[model]
    np.testing.assert_array_equal(
        scores_of(content, headers["content-type"]).view(np.int32), expected(frame, task).view(np.int32)
    )


@pytest.mark.parametrize("accept", ["text/csv", "application/x-ndjson", "application/vnd.apache.arrow.stream"])
@pytest.mark.parametrize("form", FORMS)
def test_accept_decides_what_the_answer_is(lenient, form, accept):
    frame = example_frame(50, seed=4)
    body, media = FORMS[form](frame)
    status, headers, content = lenient.ask("POST", PATH, body, content_type=media, accept=f"{accept}, */*;q=0.1")
    assert status == 200, content
    np.testing.assert_array_equal(scores_of(content, headers["content-type"]), expected(frame))


def test_the_body_may_be_packed_and_so_is_a_large_answer(lenient):
    frame = example_frame(2000, seed=5)
    body, media = as_lines(frame)
    ways = [(encoding, pack_body(body, encoding)) for encoding in encodings()]
    for encoding, sent in (*ways, ("deflate", raw_deflate(body))):
        headers = {"content_type": media, "content_encoding": encoding, "accept_encoding": encoding}
        status, told, content = lenient.ask("POST", PATH, sent, **headers)
        assert (status, told["content-encoding"], told["vary"]) == (200, encoding, "accept-encoding")
        plain = unpack(content, encoding, 9_999_999)
        np.testing.assert_array_equal(scores_of(plain, media), expected(frame))


def pack_body(body, encoding):
    return _codecs()[encoding].pack(body)


def raw_deflate(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize("encoding", encodings())
@given(body=st.binary(max_size=3000), cut=st.integers(0, 3000), junk=st.binary(max_size=30))
def test_what_was_packed_is_unpacked_whole_or_refused(encoding, body, cut, junk):
    packed_body = pack_body(body, encoding)
    assert unpack(packed_body, encoding, len(body)) == body
    assert unpack(packed_body + packed_body, encoding, 2 * len(body)) == body + body
    if body:
        with pytest.raises(Refusal) as told:
            unpack(packed_body, encoding, len(body) - 1)
        assert told.value.status == 413
    if 0 < cut < len(packed_body):
        with pytest.raises(Refusal) as told:
            unpack(packed_body[:cut], encoding, 10_000)
        assert told.value.code == "malformed_encoding"
    with contextlib.suppress(Refusal):
        unpack(junk, encoding, 10_000)
        unpack(packed_body + junk, encoding, 10_000)


@pytest.mark.parametrize("encoding", encodings())
def test_a_bomb_is_refused_before_it_grows(encoding):
    bomb = pack_body(bytes(80_000_000), encoding)
    twice = pack_body(bomb, encoding)
    tracemalloc.start()
    try:
        for body in (bomb, bomb * 3):
            with pytest.raises(Refusal) as told:
                unpack(body, encoding, 1_000_000)
            assert told.value.status == 413
        unpack(twice, encoding, 2_000_000)
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_over_http_is_413(lenient):
    body = gzip.compress(bytes(40_000_000))
    status, _, answer = lenient.ask("POST", PATH, body, content_type="application/json", content_encoding="gzip")
    assert (status, answer["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("encoding", encodings())
def test_thousands_of_empty_streams_in_one_body_are_unpacked_at_once(encoding):
    empty = pack_body(b"", encoding)
    many = empty * (2_000_000 // len(empty))
    begun = time.process_time()
    assert unpack(many, encoding, 1000) == b""
    assert time.process_time() - begun < 2


def test_a_header_of_thousands_of_columns_is_read_at_once():
    names = [f"{number:x}" for number in range(25_000)]
    begun = time.process_time()
    assert titled(iter([names, names]), ["a"], {"a"}, header=True)[0] == names
    with pytest.raises(Refusal, match="'7'"):
        titled(iter([[*names, "7"]]), ["a"], {"a"}, header=True)
    assert time.process_time() - begun < 1


def test_what_is_in_chunks_is_not_taken_for_large():
    assert is_large({"content-length": "9999999"})
    assert not is_large({"content-length": "9999999", "transfer-encoding": "chunked"})


def test_of_long_headers_no_more_is_read_than_a_type_may_need():
    before = _chosen.cache_info().currsize
    for number in range(50):
        sent = {"content-type": "application/json", "accept": f"text/csv, x/{'0' * 999}{number}"}
        assert choose(sent).name == "json to csv"
        assert choose({"content-type": f"text/csv; {' ' * 999}header=present{number}"}).name == "unreadable to json"
    assert _chosen.cache_info().currsize <= before + 2


def test_a_type_that_no_form_has_is_refused_whatever_its_length(lenient):
    for kind in ("text/csv;" + " " * 999 + "header=present", "text/plain"):
        status, _, answer = lenient.ask("POST", PATH, b"a", content_type=kind)
        assert (status, answer["code"]) == (415, "wrong_content_type")


def test_a_stream_has_an_answer_for_every_line_in_order(lenient):
    frame = example_frame(ROWS, seed=6)
    body, media = as_lines(frame)
    pieces = [body[begin : begin + 7001] for begin in range(0, len(body), 7001)]
    status, content = streamed(lenient, pieces, media)
    assert status == 200
    np.testing.assert_array_equal(scores_of(content, media), expected(frame))


def test_a_line_at_fault_costs_no_other_line_its_answer(lenient):
    frame = example_frame(700, seed=7)
    body, media = as_lines(frame)
    whole = body.splitlines()
    for place, bad in ((0, b"{}"), (300, b"{nonsense"), (301, b'{"distance": 1}'), (699, b"[1]")):
        whole[place] = bad
    status, content = streamed(lenient, [b"\n\n".join(whole)], media)
    assert status == 200
    answers = [json.loads(line) for line in content.splitlines()]
    assert [place for place, answer in enumerate(answers) if "error" in answer] == [0, 300, 301, 699]
    good = [place for place, answer in enumerate(answers) if "error" not in answer]
    found = [[*answers[place]["probabilities"].values()] for place in good]
    np.testing.assert_array_equal(np.array(found, np.float32), expected(frame[good]))


def test_a_stream_that_cannot_begin_is_refused(lenient):
    assert streamed(lenient, [b"\n \n"], "application/x-ndjson")[0] == 400
    assert streamed(lenient, [b"{}"], "application/json")[0] == 415
    assert lenient.ask("POST", "/v2/models/none/stream", b"{}")[0] == 404
    assert lenient.ask("GET", "/v2/models/flights/stream")[0] == 405
    headers = {"content_type": "application/x-ndjson", "content_encoding": "gzip"}
    assert lenient.ask("POST", "/v2/models/flights/stream", gzip.compress(b"{}"), **headers)[0] == 415


@pytest.fixture(scope="module")
def strict(folders, start):
    limits = ("--body-limit-bytes", "1000", "--read-seconds", "1")
    with start(folders["flights"], "--missing", "accept", *limits) as server:
        yield server


def test_a_stream_that_stalls_ends_with_a_refusal(strict):
    line = as_lines(example_frame(1, seed=1))[0]
    connection = http.client.HTTPConnection("127.0.0.1", strict.port, timeout=20)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/v2/models/flights/stream")
        connection.putheader("content-type", "application/x-ndjson")
        connection.putheader("transfer-encoding", "chunked")
        connection.endheaders()
        connection.send(b'%x\r\n%s\r\n5\r\n{"dis\r\n' % (len(line), line))
        answers = connection.getresponse().read().splitlines()
    assert "label" in json.loads(answers[0])
    assert [json.loads(answer)["code"] for answer in answers[1:]] == ["body_too_slow"]


def test_a_stream_has_a_most(monkeypatch, tmp_path):
    lane = Lane(Served.of(example_model()), "pinned", Metrics(tmp_path), engine=None)
    monkeypatch.setattr(streaming, "MOST_BYTES", 1000)

    async def answer(*request):
        body = await request[-1]
        return 200, [], b"x" * 100 * (body.count(b"\n") + 1)

    class Scope:
        headers: ClassVar = {"content-type": "application/x-ndjson"}

    class Protocol:
        sent = b""

        async def __aiter__(self):
            for _ in range(50):
                yield b"{}\n"

        def response_stream(self, *_):
            return self

        async def send_bytes(self, content):
            self.sent += content

    async def run():
        patience = Patience(asyncio.get_running_loop(), 5)
        return await streaming.Stream(answer, lambda: Crossing(lane), Scope(), limit=100, patience=patience).run(
            protocol
        )

    protocol = Protocol()
    assert asyncio.run(run()) is None
    assert protocol.sent.startswith(b"x" * 1100)
    assert json.loads(protocol.sent[1100:])["code"] == "answer_too_large"


def test_a_streams_parts_are_not_as_large_as_it_is():
    seen = []

    async def answer(*request):
        seen.append((is_large(request[2]), "content-length" in request[2], request[2].get("seakeep-key")))
        request[-1].close()
        return 200, [], b"{}\n"

    class Scope:
        headers: ClassVar = {"content-type": "application/x-ndjson", "content-length": "9999999", "seakeep-key": "a"}

    async def run():
        patience = Patience(asyncio.get_running_loop(), 5)
        await streaming.Stream(answer, object, Scope(), limit=100, patience=patience)._answered([b"{}"])

    asyncio.run(run())
    assert seen == [(False, False, "a")]


def test_a_line_in_thousands_of_pieces_is_put_together_once():
    pieces = [b'{"a":"', *[b"x" * 4096] * 4096, b'"}\n{}', b"\n{", b"}"]

    class Scope:
        headers: ClassVar = {}

    class Protocol:
        async def __aiter__(self):
            for piece in pieces:
                yield piece

    async def run():
        patience = Patience(asyncio.get_running_loop(), 5)
        stream = streaming.Stream(object, object, Scope(), limit=2**25, patience=patience)
        return [part async for part in stream._parts(Protocol())]

    begun = time.process_time()
    parts = asyncio.run(run())
    assert time.process_time() - begun < 2
    assert b"\n".join(line for part in parts for line in part) == b"".join(pieces)


def test_a_line_that_never_ends_is_refused(strict):
    status, content = streamed(strict, [b" " * 500, b"x" * 5000], "application/x-ndjson")
    assert (status, json.loads(content)["code"]) == (413, "body_too_large")


def streamed(server, pieces, media):
    """Status and content of a stream that is sent in pieces and read at the same time."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest("POST", "/v2/models/flights/stream")
        for name, value in (("content-type", media), ("transfer-encoding", "chunked")):
            connection.putheader(name, value)
        connection.endheaders()
        sent = threading.Thread(target=send, args=(connection.sock, pieces))
        sent.start()
        answer = connection.getresponse()
        content = answer.read()
        sent.join()
    return answer.status, content


def send(sock, pieces):
    with contextlib.suppress(OSError):
        for piece in pieces:
            sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        sock.sendall(b"0\r\n\r\n")


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
moments = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31))
whole_rows = st.fixed_dictionaries(
    {
        "distance": st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        "seats": st.integers(-(2**63), 2**63 - 1) | st.none(),
        "night": st.booleans() | st.none(),
        "carrier": texts | st.none(),
        "scheduled": moments | st.none(),
    }
)
TYPES = {
    "distance": pl.Float64,
    "seats": pl.Int64,
    "night": pl.Boolean,
    "carrier": pl.String,
    "scheduled": pl.Datetime("us"),
}


@given(rows=st.lists(whole_rows, min_size=1, max_size=5))
def test_any_rows_are_the_same_in_every_form(contract, readers, rows):
    frame = pl.DataFrame(rows, schema=TYPES)
    written = [{**row, "scheduled": row["scheduled"] and row["scheduled"].isoformat()} for row in rows]
    columns = {name: [row[name] for row in written] for name in TYPES}
    bodies = {
        "json": json.dumps({"rows": written}).encode(),
        "columns": json.dumps({"columns": columns}).encode(),
        "lines": "\n".join(map(json.dumps, written)).encode(),
        "csv": delimited(written),
        "arrow": as_arrow(frame)[0],
    }
    asks = {form: readers[form](body, {}) for form, body in bodies.items()}
    for place, column in enumerate(contract.columns):
        made = {form: column.array(ask.columns[place]) for form, ask in asks.items()}
        for array in made.values():
            same_array(array, made["json"])
        same_array(asks["arrow"].arrays[place], made["json"])


@pytest.fixture(scope="module")
def readers(contract):
    made = {"json": json_form, "columns": json_form, "lines": lines, "csv": csv_form, "arrow": arrow}
    return {name: form.reader(contract).read for name, form in made.items()}


def delimited(rows):
    written = io.StringIO(newline="")
    lines_of = csv.writer(written)
    lines_of.writerow(TYPES)
    for row in rows:
        cells = (json.dumps(row[name]) if isinstance(row[name], bool) else row[name] for name in TYPES)
        lines_of.writerow(repr(cell) if isinstance(cell, float) else cell for cell in cells)
    return written.getvalue().encode()


def spoilt(frame, change):
    """A body of binary tensors whose JSON was changed, and its header."""
    body, headers = packed(tensors_of(frame))
    length = int(headers["inference-header-content-length"])
    request = json.loads(body[:length])
    tail = change(request, request["inputs"]) or b""
    head = json.dumps(request).encode()
    return head + body[length:] + tail, {"inference-header-content-length": str(len(head))}


BINARY_FAULTS = {
    "bytes too many": (lambda r, t: b"x", "binary_tensors", "binary_data_size"),
    "a size too large": (
        lambda r, t: t[0]["parameters"].update(binary_data_size=10**9),
        "binary_tensors",
        "binary_data",
    ),
    "a negative size": (
        lambda r, t: t[0]["parameters"].update(binary_data_size=-1),
        "wrong_structure",
        "binary_data_size",
    ),
    "a size of text": (
        lambda r, t: t[0]["parameters"].update(binary_data_size="8"),
        "wrong_structure",
        "binary_data_size",
    ),
    "data too": (lambda r, t: t[0].update(data=[1.0, 2.0]), "binary_tensors", "distance"),
    "no size": (lambda r, t: t[0].pop("parameters") and None, "binary_tensors", "binary_data_size"),
    "a shape that lies": (lambda r, t: t[0].update(shape=[3]), "wrong_shape", "distance"),
    "another datatype": (lambda r, t: t[0].update(datatype="FP32"), "wrong_shape", "distance"),
    "an unknown datatype": (lambda r, t: t[0].update(datatype="BF16"), "wrong_datatype", "distance"),
    "a name twice": (lambda r, t: t[1].update(name="distance", datatype="FP64"), "duplicate_input", "distance"),
    "an unknown name": (lambda r, t: t[0].update(name="distanse"), "unknown_input", "distanse"),
    "an unknown output": (lambda r, t: r.update(outputs=[{"name": "labels"}]), "unknown_output", "outputs"),
    "rows beside it": (lambda r, t: r.update(rows=[{}]), "wrong_structure", "rows"),
    "rows instead": (lambda r, t: r.update(rows=[{}], inputs=None), "binary_tensors", "binary_data_size"),
    "an unknown member": (lambda r, t: r.update(input=[]), "unknown_member", "input"),
}


@pytest.mark.parametrize("fault", BINARY_FAULTS)
def test_bytes_that_do_not_fit_are_refused_in_words(lenient, frame, fault):
    change, code, field = BINARY_FAULTS[fault]
    body, headers = spoilt(frame.head(2), change)
    status, _, answer = lenient.ask("POST", PATH, body, **headers)
    assert (status, answer["code"]) == (400, code), answer
    assert answer["field"].startswith(field), answer


@pytest.mark.parametrize("length", ["-1", "x", "", "1e3", "99999", "9" * 40, "\xb2"])
def test_a_length_of_the_json_that_is_none_is_refused(lenient, frame, length):
    body, _ = packed(tensors_of(frame.head(2)))
    headers = {"inference_header_content_length": length}
    status, _, answer = lenient.ask("POST", PATH, body, **headers)
    assert (status, answer["code"]) == (400, "binary_tensors")


def test_a_byte_that_is_no_truth_and_a_text_that_is_not_utf8_are_refused(lenient, frame):
    for name, raw in (
        ("night", b"\2\1"),
        ("carrier", b"\1\0\0\0\xff\1\0\0\0a"),
        ("distance", struct.pack("<2d", 1, np.inf)),
    ):
        tensors = [(own, datatype, values) for own, datatype, values in tensors_of(frame.head(2))]
        raws = {own: pack(values, datatype) for own, datatype, values in tensors} | {name: raw}
        inputs = [
            {"name": own, "datatype": datatype, "shape": [2], "parameters": {"binary_data_size": len(raws[own])}}
            for own, datatype, _ in tensors
        ]
        head = json.dumps({"inputs": inputs}).encode()
        headers = {"inference_header_content_length": str(len(head))}
        status, _, answer = lenient.ask("POST", PATH, head + b"".join(raws.values()), **headers)
        assert (status, answer["code"], answer["field"]) == (400, "wrong_value", name)


def test_json_may_ask_for_bytes_and_bytes_for_json(lenient, frame):
    tensors = [
        {"name": name, "datatype": datatype, "shape": [2], "data": [None if v != v else v for v in values]}
        for name, datatype, values in tensors_of(frame.head(2))
    ]
    request = json.dumps({"inputs": tensors, "parameters": {"binary_data_output": True}}).encode()
    status, headers, content = lenient.ask("POST", PATH, request, content_type="application/json")
    assert status == 200
    length = int(headers["inference-header-content-length"])
    assert content[length : length + 16] == expected(frame.head(2)).tobytes()
    body, headers = packed(tensors_of(frame.head(2)))
    answer = lenient.ask("POST", PATH, body, **headers)[2]
    assert answer["outputs"][0]["data"] == expected(frame.head(2)).ravel().tolist()


def test_the_key_of_binary_tensors_is_read():
    schema = example_schema(flight=ColumnSchema(Kind.STRING))
    model = replace(example_model(), schema=replace(schema, key="flight"))
    contract = Contract(Served.of(model), Settings(missing="accept"), Metrics(Path(tempfile.mkdtemp())))
    tensors = [*tensors_of(example_frame(40, seed=9).drop_nulls().head(2)), ("flight", "BYTES", ["UA1", "UA2"])]
    reader = binary.Reader(contract)
    body, headers = packed(tensors)
    assert reader.key(body, headers) == "UA1"
    assert reader.read(body, headers).keys == ["UA1", "UA2"]
    body, headers = packed(tensors, parameters={"key": "mine"})
    assert reader.key(body, headers) == "mine"
    assert reader.key(b"{", {}) is None
    rows = "flight,distance,seats,night,carrier,scheduled\nUA7,1,2,true,AA,2013-10-01\n"
    assert csv_form.Reader(contract).key(rows.encode(), {"content-type": "text/csv"}) == "UA7"


CSV_FAULTS = {
    "a text for a number": ("seats", "many", "wrong_value"),
    "an underscore in a number": ("seats", "1_0", "wrong_value"),
    "an integer of 400 digits": ("seats", "9" * 400, "wrong_value"),
    "an integer of 5000 digits": ("seats", "9" * 5000, "wrong_value"),
    "a fraction for an integer": ("seats", "1.5", "wrong_value"),
    "not a number": ("distance", "nan", "wrong_value"),
    "infinity": ("distance", "inf", "wrong_value"),
    "a number beyond doubles": ("distance", "1e999", "wrong_value"),
    "no truth": ("night", "yes", "wrong_value"),
    "no time": ("scheduled", "noon", "wrong_value"),
    "an unclosed quotation mark": ("carrier", '"AA', "malformed_csv"),
    "a cell too many": ("carrier", "AA,AA", "wrong_shape"),
}


@pytest.mark.parametrize("fault", CSV_FAULTS)
def test_a_cell_at_fault_is_refused_in_words(lenient, row, fault):
    name, cell, code = CSV_FAULTS[fault]
    cells = {**row, "night": "true", name: cell}
    body = ",".join(cells) + "\n" + ",".join(map(str, cells.values())) + "\n"
    status, _, answer = lenient.ask("POST", PATH, body.encode(), content_type="text/csv")
    assert (status, answer["code"]) == (400, code), answer


def test_a_csv_may_lack_its_header_and_its_end(lenient, row):
    values = b"1400.0,149,TRUE,AA,2013-10-01T05:15:00Z"
    expected_answer = lenient.infer({"rows": [row]})[1]["predictions"][0]
    for body, kind in ((values, "text/csv"), (b"\xef\xbb\xbf" + values + b"\r\n\r\n", "text/csv; header=absent")):
        status, _, content = lenient.ask("POST", PATH, body, content_type=kind, accept="application/json")
        assert (status, content["predictions"]) == (200, [expected_answer])
    status, _, answer = lenient.ask("POST", PATH, values + b"\n" + values, content_type="text/csv; header=present")
    assert (status, answer["code"]) == (400, "unknown_input")
