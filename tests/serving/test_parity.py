"""Equal to the bit: 10,000 raw rows through REST in both forms and any batch size, through batch scoring, and in process."""

from __future__ import annotations

import concurrent.futures
import http.client
import json

import numpy as np
import polars as pl
import pytest

from seakeep import data
from seakeep.core import Kind, Task
from seakeep.serving import OnnxPredictor, score
from seakeep.testing.example_models import INPUTS, example_frame, example_model

ROWS = 10_000
TASKS = {"flights": Task.BINARY, "three": Task.MULTICLASS, "minutes": Task.REGRESSION}
DATATYPES = {Kind.INTEGER: "INT64", Kind.NUMBER: "FP64", Kind.BOOLEAN: "BOOL", Kind.STRING: "BYTES"}


@pytest.fixture(scope="module")
def frame():
    return example_frame(ROWS, seed=3)


@pytest.fixture(scope="module")
def lenient(folders, start):
    with start(
        *folders.values(), "--missing", "accept", "--row-limit", str(ROWS), "--body-limit-bytes", "9999999"
    ) as server:
        yield server


def as_rows(frame):
    moments = pl.col("scheduled").dt.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return frame.with_columns(moments).to_dicts()


def as_tensors(frame, *, moments_as_numbers):
    moments = pl.col("scheduled").to_physical() if moments_as_numbers else pl.col("scheduled").dt.strftime("%FT%TZ")
    frame = frame.with_columns(moments)
    kinds = {**DATATYPES, Kind.TIMESTAMP: "INT64" if moments_as_numbers else "BYTES"}
    return [
        {"name": item.name, "shape": [frame.height], "datatype": kinds[item.kind], "data": frame[item.name].to_list()}
        for item in INPUTS
    ]


def of_rows(answer, task):
    if task is Task.REGRESSION:
        return [[one["value"]] for one in answer["predictions"]]
    return [list(one["probabilities"].values()) for one in answer["predictions"]]


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("size", [ROWS, 1000, 37])
def test_rows_over_http_are_equal_to_the_bit(lenient, frame, name, size):
    scores = []
    for begin in range(0, ROWS, size):
        status, answer = lenient.infer({"rows": as_rows(frame[begin : begin + size])}, model=name)
        assert status == 200, answer
        scores += of_rows(answer, TASKS[name])
    same_bits(scores, frame, TASKS[name])


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("moments_as_numbers", [True, False])
def test_tensors_over_http_are_equal_to_the_bit(lenient, frame, name, moments_as_numbers):
    request = {"inputs": as_tensors(frame, moments_as_numbers=moments_as_numbers)}
    status, answer = lenient.infer(request, model=name)
    assert status == 200, answer
    output = answer["outputs"][0]
    assert output["datatype"] == "FP32"
    same_bits(np.array(output["data"]).reshape(ROWS, -1), frame, TASKS[name])


def test_one_row_at_a_time_by_many_clients_at_once_is_equal_to_the_bit(lenient, frame):
    bodies = [json.dumps({"rows": [row]}) for row in as_rows(frame)]

    def ask(numbers):
        connection = http.client.HTTPConnection("127.0.0.1", lenient.port, timeout=30)
        scores = {}
        for number in numbers:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/v2/models/flights/infer", bodies[number], headers)
            scores[number] = of_rows(json.loads(connection.getresponse().read()), Task.BINARY)[0]
        connection.close()
        return scores

    clients = 32
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        parts = pool.map(ask, [range(first, ROWS, clients) for first in range(clients)])
    scores = {number: score for part in parts for number, score in part.items()}
    same_bits([scores[number] for number in range(ROWS)], frame, Task.BINARY)
    together = {name: count for name, count in lenient.metrics().items() if 'le="1"' in name and "run_rows" in name}
    assert together


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("chunk_rows", [ROWS, 999])
def test_batch_scores_are_equal_to_the_bit(tmp_path, frame, task, chunk_rows):
    out = tmp_path / "scores.parquet"
    score(example_model(task), data.read(frame), out, chunk_rows=chunk_rows)
    written = pl.read_parquet(out)
    names = [name for name in written.columns if name.startswith("probability_")] or ["prediction"]
    same_bits(written.select(names).to_numpy(), frame, task)


FLOATS = {"probability_false": pl.Float32, "probability_true": pl.Float32}
READERS = {
    "csv": lambda path: pl.read_csv(path, schema_overrides=FLOATS),
    "arrow": pl.read_ipc,
    "jsonl": lambda path: pl.read_ndjson(path, schema_overrides=FLOATS),
    "parquet": pl.read_parquet,
}


@pytest.mark.parametrize("ending", READERS)
@pytest.mark.parametrize("in_parts", [False, True])
def test_batch_scores_in_every_format_read_back_to_the_bit(tmp_path, frame, ending, in_parts):
    out = f"{tmp_path}/scores/" if in_parts else tmp_path / f"scores.{ending}"
    how = {"parts": ending, "part_rows": 3000} if in_parts else {}
    score(example_model(), data.read(frame), out, broken="mark", **how)
    files = sorted(tmp_path.glob(f"scores/part-*.{ending}")) if in_parts else [out]
    written = pl.concat(READERS[ending](path) for path in files)
    same_bits(written.select(*FLOATS).to_numpy(), frame, Task.BINARY)


def same_bits(scores, frame, task):
    found = np.asarray(scores, np.float32)
    expected = OnnxPredictor(example_model(task)).predict(frame).scores
    assert found.shape == expected.shape
    differing = (found.view(np.int32) != expected.view(np.int32)).any(axis=1)
    assert not differing.any(), (differing.sum(), frame.filter(pl.Series(differing)).head(3))
