"""A server with a target keeps what it promised: who is late, too many or gone gets no run of the model."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import time

import pytest

PATH = "/v2/models/flights/infer"


@pytest.fixture(scope="module")
def server(start, folders):
    with start(
        folders["flights"], "--latency-target-ms", "200", "--concurrency", "6", "--row-limit", "100000"
    ) as running:
        yield running


def asked(server, row, parameters=None, rows=1, **headers):
    body = {"rows": [row] * rows} | ({"parameters": parameters} if parameters else {})
    return server.ask("POST", PATH, json.dumps(body).encode(), content_type="application/json", **headers)


def runs(server):
    return sum(value for name, value in server.metrics().items() if name.startswith("seakeep_run_rows_count"))


@contextlib.contextmanager
def under_way(server, count):
    """Clients that have begun a request and do not go on."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            client.sendall(head.encode() + b'{"rows": [')
        yield


@pytest.mark.parametrize("late", [{"headers": {"seakeep-timeout-ms": "0.001"}}, {"parameters": {"timeout": 1}}])
def test_what_would_come_too_late_is_not_run(server, row, late):
    before = runs(server)
    status, _, answer = asked(server, row, late.get("parameters"), **late.get("headers", {}))
    assert (status, answer["code"]) == (504, "too_late")
    assert runs(server) == before


def test_what_comes_in_time_is_answered(server, row):
    urgent = {"timeout": 10_000_000, "priority": 1}
    assert asked(server, row, urgent, seakeep_timeout_ms="10000", seakeep_priority="1")[0] == 200


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("wrong_timeout", {"seakeep_timeout_ms": "soon"}),
        ("wrong_priority", {"seakeep_priority": "9"}),
    ],
)
def test_urgency_that_cannot_be_read_is_refused(server, row, code, wrong):
    status, _, answer = asked(server, row, **wrong)
    assert (status, answer["code"]) == (400, code)


def test_more_than_may_be_under_way_is_turned_away_before_its_body_is_read(server, row):
    def turned_away():
        with under_way(server, 12):  # whose bodies are awaited for a moment
            status, headers, answer = asked(server, row)
        return status == 429 and (answer["code"], headers["retry-after"]) == ("too_busy", "1")

    server.until(turned_away)
    server.until(lambda: asked(server, row)[0] == 200)
    counted = server.metrics()
    assert any('reason="too_busy"' in name and value for name, value in counted.items())
    assert any('model="flights"' in name and 'status="429"' in name and value for name, value in counted.items())


def test_who_sends_no_body_takes_nobodys_place(server, row):
    with under_way(server, 50):
        server.until(lambda: asked(server, row)[0] == 200)
        time.sleep(0.1)
        assert [asked(server, row)[0] for _ in range(5)] == [200] * 5


def test_a_client_that_hangs_up_while_it_waits_gives_its_place_to_others(server, row):
    body = json.dumps({"rows": [row] * 20_000}).encode()
    before = runs(server)
    clients = []
    for _ in range(6):
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        client.request("POST", PATH, body, {"Content-Type": "application/json"})
        clients.append(client)
    for client in clients[1:]:
        client.close()
    with contextlib.closing(clients[0]) as client:
        assert json.loads(client.getresponse().read())["predictions"]
    assert asked(server, row, rows=2)[0] == 200
    assert runs(server) - before < 6


def test_probes_are_apart(server):
    assert [server.ask("GET", f"/v2/health/{name}")[0] for name in ("live", "started", "ready")] == [200] * 3


def test_a_worker_that_cannot_start_again_ends_alone_and_is_tried_again(start, folders, row, tmp_path):
    code = (
        "import sys; from pathlib import Path; from seakeep.serving import serve; from seakeep.serving.runtimes import onnx\n"
        "make, broken = onnx.OnnxPredictor.__init__, Path(sys.argv[2])\n"
        "def made(self, model, **options):\n"
        "    if broken.exists():\n"
        "        raise OSError('the disk is gone')\n"
        "    make(self, model, **options)\n"
        "onnx.OnnxPredictor.__init__ = made\n"
        "serve([sys.argv[1]], port=0, workers=2, announce=lambda address: print(address, flush=True))\n"
    )
    broken = tmp_path / "broken"

    def is_answered():
        with contextlib.suppress(OSError, http.client.HTTPException):  # the dead one's connections
            return server.infer({"rows": [row]})[0] == 200
        return False

    with start(folders["flights"], broken, code=code) as server:
        broken.touch()
        dead, other = server.workers
        os.kill(dead, signal.SIGKILL)
        server.until(is_answered)
        time.sleep(2.5)
        assert other in server.workers
        assert is_answered()
        broken.unlink()
        server.until(lambda: len(server.workers) == 2)
        assert server.process.poll() is None
