"""Every form: the same rows give bitwise equal scores in all of them, and what one refuses in words the others refuse too."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Kind, Task
from seakeep.serving import OnnxPredictor
from seakeep.serving.served import Served
from seakeep.serving.server.careful import CarefulReader
from seakeep.serving.server.columns import DATATYPES
from seakeep.serving.server.contract import Contract
from seakeep.serving.server.forms import binary
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.raw import LETTERS, pack
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.settings import Settings
from seakeep.testing.example_models import INPUTS, example_frame, example_model

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
