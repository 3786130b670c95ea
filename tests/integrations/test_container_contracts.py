"""The clouds' contracts of a container, by real processes started as those clouds start an image, asked as their documents write."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request

import pytest

from seakeep.testing.example_models import example_model

from .started import running

ROW = {"distance": 1400.0, "seats": 149, "night": True, "carrier": "AA", "scheduled": "2013-10-01T05:15:00Z"}
SEAKEEP = [sys.executable, "-c", "from seakeep.cli import main; main()", "serve"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("release")
    example_model(name="flights").save(place)
    return place


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(address, path, body, content_type="application/json", **headers):
    sent = {"content-type": content_type, **headers}
    with urllib.request.urlopen(urllib.request.Request(address + path, body, sent), timeout=20) as answer:
        return answer.status, dict(answer.headers), answer.read()


def local(address, port):
    assert address == f"http://0.0.0.0:{port}"
    return f"http://127.0.0.1:{port}"


def test_sagemaker_starts_the_image_as_serve_and_names_the_port(folder, tmp_path) -> None:
    """docs.aws.amazon.com/sagemaker: your-algorithms-inference-code, `docker run image serve`; SIGTERM ends it."""
    port = free_port()
    environment = {
        "SEAKEEP_SERVE_RELEASE": str(folder),
        "SEAKEEP_SERVE_HTTP": "127.0.0.1:1",
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SEAKEEP_HOME": str(tmp_path),
    }
    with running(SEAKEEP, ready="/ping", **environment) as address:
        here = local(address, port)
        status, headers, content = post(here, "/invocations", b"1400,149,true,AA,2013-10-01T05:15:00Z", "text/csv")
        assert (status, headers["content-type"], content.count(b",")) == (200, "text/csv", 2)
        assert headers["x-amzn-sagemaker-custom-attributes"].startswith("prediction_id=")
        features = {"instances": [{"features": list(ROW.values())}]}
        assert json.loads(post(here, "/invocations", json.dumps(features).encode())[2])["predictions"]


def test_vertex_names_port_and_routes(folder, tmp_path) -> None:
    """cloud.google.com/vertex-ai: custom-container-requirements; the default routes are of this form."""
    port = free_port()
    environment = {
        "SEAKEEP_SERVE_RELEASE": str(folder),
        "AIP_HTTP_PORT": str(port),
        "AIP_HEALTH_ROUTE": "/v1/endpoints/12/deployedModels/34",
        "AIP_PREDICT_ROUTE": "/v1/endpoints/12/deployedModels/34:predict",
        "SEAKEEP_HOME": str(tmp_path),
    }
    with running(SEAKEEP, ready=environment["AIP_HEALTH_ROUTE"], **environment) as address:
        body = json.dumps({"instances": [ROW], "parameters": {}}).encode()
        answer = json.loads(post(local(address, port), environment["AIP_PREDICT_ROUTE"], body)[2])
        assert list(answer) == ["predictions"]


def test_azure_ml_names_nothing_and_is_told_by_the_setting(folder, tmp_path) -> None:
    """learn.microsoft.com: how-to-deploy-custom-container; the routes are those of the deployment that is exported."""
    port = free_port()
    environment = {
        "SEAKEEP_SERVE_RELEASE": str(folder),
        "SEAKEEP_SERVE_DIALECTS": "azure_ml",
        "SEAKEEP_SERVE_HTTP": f"0.0.0.0:{port}",
        "SEAKEEP_HOME": str(tmp_path),
    }
    with running(SEAKEEP, **environment) as address:
        table = {"columns": list(ROW), "index": [0], "data": [list(ROW.values())]}
        answer = json.loads(post(local(address, port), "/score", json.dumps({"input_data": table}).encode())[2])
        assert answer["predictions"][0]["probabilities"]


def test_a_port_that_cannot_be_is_told_before_anything_starts(folder) -> None:
    done = subprocess.run(
        [*SEAKEEP, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={"AIP_PREDICT_ROUTE": "/p", "AIP_HTTP_PORT": "x"},
    )
    assert done.returncode == 3
    assert "AIP_HTTP_PORT is 'x', expected a port from 1 to 65535 (environment)" in done.stderr
