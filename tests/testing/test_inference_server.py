"""The suite of the Open Inference Protocol: our server keeps all of it, a careless one breaks each sentence, and all is told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from seakeep.core import Task, Verdict
from seakeep.core.errors import UsageError
from seakeep.testing import check_inference_server
from seakeep.testing.example_models import example_model
from seakeep.testing.inference_server.__main__ import main
from seakeep.testing.inference_server.binary import BINARY
from seakeep.testing.inference_server.grpc import GRPC
from seakeep.testing.inference_server.rest import REST
from seakeep.testing.inference_server.tensors import fits, flat, made_up, nested, pack, repeated, unpack

from .wrong_inference import CARELESS, INPUTS, careless, careless_grpc

SUITES = {suite.prefix: suite for suite in (REST, BINARY, GRPC)}


@contextmanager
def serving(*folders):
    """Addresses of HTTP and gRPC of our own server."""
    command = [sys.executable, "-m", "seakeep.serving", *map(str, folders), "--port", "0", "--grpc", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            http, grpc = (process.stdout.readline().strip() for _ in range(2))
            yield http, grpc.removeprefix("grpc://")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    base = tmp_path_factory.mktemp("models")
    tasks = {"flights": Task.BINARY, "three": Task.MULTICLASS, "minutes": Task.REGRESSION}
    for name, task in tasks.items():
        example_model(task, name=name).save(base / name)
    with serving(*(base / name for name in tasks)) as addresses:
        yield addresses


def names(*suites):
    return [requirement.name for suite in suites for requirement in SUITES[suite].requirements]


def results(report):
    return {check.subject: check.evidence["result"] for check in report.checks}


@pytest.mark.parametrize("model", ["flights", "three", "minutes"])
def test_our_server_keeps_all_of_it(ours, model):
    report = check_inference_server(ours[0], model=model, grpc=ours[1])
    assert {check.subject: check.message for check in report.checks if check.verdict is not Verdict.PASS} == {}
    assert [check.subject for check in report.checks] == names("rest", "binary", "grpc")
    assert not report.table("not_offered").rows


@pytest.fixture(scope="module")
def broken():
    """Results of the suite for careless servers: wrong in what they say of themselves, and in what they answer."""
    example = [{"name": one["name"], "shape": [1], "datatype": one["datatype"], "data": [1]} for one in INPUTS]
    useless = {"name": "z", "datatype": "FP99", "shape": [1], "data": [1, 2]}
    with careless() as http, careless_grpc() as grpc, careless(output=useless) as other:
        first = check_inference_server(http, model="m", grpc=grpc, example=example)
        return first, check_inference_server(other, model="m", example=example)


@pytest.mark.parametrize("name", names("rest", "binary", "grpc"))
def test_a_careless_server_breaks_it(broken, name):
    assert "broken" in {results(report).get(name) for report in broken}


def test_a_broken_must_fails_and_a_broken_should_does_not(broken):
    checks = {check.subject: check for check in broken[0].checks}
    assert checks["rest.infer_id"].verdict is Verdict.FAIL
    assert checks["rest.infer_id"].message == "the id is None, expected 'a/1 ü'"
    assert checks["rest.infer_content_type"].verdict is Verdict.INCONCLUSIVE
    assert checks["rest.infer_content_type"].fix.startswith("Read https://")
    assert broken[0].verdict is Verdict.FAIL


def test_every_requirement_has_a_sentence_and_a_source():
    for suite in SUITES.values():
        for requirement in suite.requirements:
            assert requirement.sentence.endswith("."), requirement.name
            assert requirement.source.startswith("https://")


def test_what_is_not_offered_is_no_check(broken):
    pages = {**CARELESS, "v2": (200, {"name": "a", "version": "1", "extensions": []})}
    pages["v2/models/m"] = (200, {"name": "m", "platform": "", "inputs": INPUTS[:1], "outputs": []})
    with careless(pages) as http:
        report = check_inference_server(http, model="m")
    skipped = dict(report.table("not_offered").rows)
    assert skipped["rest.version_infer"] == "the model has no versions"
    assert skipped["rest.infer_order"] == "the model has one input"
    assert skipped["binary.binary_inputs"] == "the server does not list binary_tensor_data"
    assert results(report)["rest.model_metadata"] == "held"


def test_a_model_without_metadata_leaves_open_what_needs_a_request():
    pages = {**CARELESS, "v2/models/m": (200, {"name": "m", "platform": "", "inputs": [], "outputs": []})}
    with careless(pages) as http:
        report = check_inference_server(http, model="m")
    check = next(check for check in report.checks if check.subject == "rest.infer")
    assert (check.verdict, check.evidence["result"]) == (Verdict.INCONCLUSIVE, "unknown")
    assert check.message == "the model's metadata declare no inputs to make a request of"
    assert "--example FILE" in check.fix


def test_a_server_that_hangs_up_breaks_what_was_asked():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(UsageError) as caught:
        check_inference_server(f"http://127.0.0.1:{port}", model="m")
    assert f"nothing answers at http://127.0.0.1:{port}" in str(caught.value)


def test_the_command_line_tells_and_exits_by_the_verdict(ours, capsys, tmp_path):
    assert main([ours[0], "--model", "minutes", "--grpc", ours[1]]) == 0
    told = capsys.readouterr().out
    assert f"pass: {len(names('rest', 'binary', 'grpc'))} of" in told
    assert main([ours[0], "--model", "nothing", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "fail"
    (tmp_path / "example.json").write_text('{"inputs": [{"name": "x"}]}')
    assert main([ours[0], "--model", "minutes", "--example", str(tmp_path / "example.json")]) == 3
    assert "x is of datatype None" in capsys.readouterr().err


def test_tensors_are_made_up_repeated_and_packed():
    declared = [
        {"name": "a", "datatype": "FP32", "shape": [-1, 2]},
        {"name": "b", "datatype": "BYTES", "shape": [-1]},
        {"name": "c", "datatype": "BOOL", "shape": [1]},
    ]
    made = made_up(declared, 1)
    assert [one["data"] for one in made] == [[1.0, 1.0], ["1"], [True]]
    twice = repeated(made, 2)
    assert (twice[0]["shape"], nested(twice[0])["data"]) == ([2, 2], [[1.0, 1.0], [1.0, 1.0]])
    assert flat(nested(twice[0])["data"]) == twice[0]["data"]
    for one in twice:
        assert unpack(one["datatype"], pack(one)) == one["data"]
    assert not fits([2, 3], [-1, 2])
