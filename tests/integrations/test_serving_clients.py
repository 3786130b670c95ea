"""Triton's and KServe's own clients ask a started server, over HTTP and gRPC, waiting and asynchronous: all get the same answers."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from seakeep.core import Task
from seakeep.serving import OnnxPredictor
from seakeep.testing.example_models import example_model

from .started import served

pytestmark = pytest.mark.platform

HERE = Path(__file__).parent
PLATFORMS = HERE.parents[1] / ".platforms"
ROWS = 40
COLUMNS = ["distance", "seats", "night", "carrier", "scheduled"]


@pytest.fixture(scope="module")
def addresses(tmp_path_factory):
    """Of HTTP and of gRPC: a server with three models that may be unloaded."""
    base = tmp_path_factory.mktemp("models")
    for name, task in (("flights", Task.BINARY), ("three", Task.MULTICLASS), ("minutes", Task.REGRESSION)):
        example_model(task, name=name).save(base / name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        grpc = f"127.0.0.1:{probe.getsockname()[1]}"
    with served(*sorted(base.iterdir()), "--grpc", grpc, "--repository", "change") as http:
        yield http.removeprefix("http://"), grpc


@pytest.fixture(scope="module")
def expected():
    """The model's own answers, by number of rows."""
    scheduled = datetime(2013, 10, 1, 5, 15, tzinfo=UTC)

    def scores(rows):
        frame = pl.DataFrame(
            {
                "distance": [1400.0 + row for row in range(rows)],
                "seats": [149] * rows,
                "night": [True] * rows,
                "carrier": ["AA"] * rows,
                "scheduled": [scheduled] * rows,
            },
            schema_overrides={"scheduled": pl.Datetime("us", "UTC")},
        )
        return OnnxPredictor(example_model(name="flights")).predict(frame).scores.tolist()

    return scores


def run(environment, program, *arguments):
    command = [PLATFORMS / environment / "bin/python", HERE / "foreign" / program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def triton(addresses):
    return run("serving-clients", "triton_clients.py", *addresses, ROWS)


@pytest.mark.parametrize("client", ["http binary", "http json", "grpc"])
def test_tritons_waiting_clients_are_answered_in_every_call(triton, expected, client):
    told = triton[client]
    assert told["live"]
    assert told["ready"] == [True, True]
    assert told["name"] == "seakeep"
    assert told["inputs"] == COLUMNS
    assert told["unloaded"] is False
    assert told["index"] == [["flights", "READY"], ["minutes", "READY"], ["three", "READY"]]
    assert [answer["scores"] for answer in told["answers"]] == [expected(ROWS)] * 3
    assert told["no_outputs_but_label"]
    assert told["timeout"] == ["True"]


@pytest.mark.parametrize(
    ("client", "statuses"),
    [
        ("http binary", ["404", "400"]),
        ("http json", ["404", "400"]),
        ("grpc", ["StatusCode.NOT_FOUND", "StatusCode.INVALID_ARGUMENT"]),
    ],
)
def test_tritons_clients_are_refused_in_words(triton, client, statuses):
    unknown, short = triton[client]["unknown"], triton[client]["short"]
    assert [unknown[0], short[0]] == statuses
    assert "there is no model 'nothing'" in unknown[1]
    assert "input 'night' is missing" in short[1]


@pytest.mark.parametrize("client", ["http aio", "grpc aio"])
def test_tritons_asynchronous_clients_get_their_own_answers(triton, expected, client):
    assert triton[client]["live"]
    assert triton[client]["scores"] == [expected(rows) for rows in range(1, 17)]
    assert triton[client]["answers"][0]["scores"] == expected(ROWS)


def test_tritons_callbacks_are_called_with_answers(triton, expected):
    assert [answer["scores"] for answer in triton["grpc callbacks"]["answers"]] == [expected(ROWS)] * 5


def test_kserves_grpc_client_is_answered_in_every_call(addresses, expected):
    told = run("kserve", "kserve_grpc.py", addresses[1], ROWS)
    assert told["live"]
    assert told["ready"] == [True, True]
    for form in ("typed", "binary"):
        assert (told[form]["id"], told[form]["scores"]) == ("mine", expected(ROWS))
    assert told["unknown"] == "NOT_FOUND"
    assert told["repository"] == ["three", True, False, True]
    assert told["metadata"] == "seakeep"
    assert [name for name, _ in told["inputs"]] == COLUMNS


OWN = {
    "distance": '("FP64", np.array([1400.0]))',
    "seats": '("INT64", np.array([149]))',
    "night": '("BOOL", np.array([True]))',
    "carrier": '("BYTES", np.array(["UA"], np.object_))',
    "scheduled": '("INT64", np.array([1381170600000000]))',
}
"""The columns of this server's model, in the place of those of the guide's."""


def test_the_guides_program_gets_an_answer(addresses, tmp_path):
    guide = (HERE.parents[1] / "docs/guides/serve-grpc.md").read_text("utf-8")
    program = guide.partition("```python\n")[2].partition("```")[0]
    own = f"columns = {{{', '.join(f'{name!r}: {value}' for name, value in OWN.items())}}}\n"
    program, count = re.subn(r"columns = \{.*?\n\}\n", own, program, flags=re.DOTALL)
    assert count == 1
    for old, new in {"127.0.0.1:9000": addresses[1], '"trips"': '"flights"'}.items():
        assert old in program
        program = program.replace(old, new)
    (tmp_path / "ask.py").write_text(program, "utf-8")
    done = subprocess.run(
        [PLATFORMS / "serving-clients/bin/python", tmp_path / "ask.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "[[" in done.stdout
