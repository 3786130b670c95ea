"""A server begins, drains, loses workers and dies without losing answers, ports or processes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from seakeep.serving import serve
from seakeep.serving.server.run import PortTaken, claim
from seakeep.serving.server.settings import BadSetting
from seakeep.testing.example_models import example_model

PATH = "/v2/models/flights/infer"


def until(holds, seconds=15.0):
    """Wait for something to become so; False if it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


class Load(threading.Thread):
    """Asks one connection after another until told to stop; keeps what went wrong."""

    def __init__(self, port: int, row: dict) -> None:
        super().__init__(daemon=True)
        self.port, self.body = port, json.dumps({"rows": [row] * 200}).encode()
        self.answered, self.statuses, self.broken = 0, set(), []
        self.going = True

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        while self.going:
            try:
                connection.request("POST", PATH, self.body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                self.statuses.add(answer.status)
                assert len(json.loads(answer.read())["predictions"]) == 200
                self.answered += 1
            except ConnectionRefusedError:
                return
            except (OSError, http.client.HTTPException) as error:
                self.broken.append(error)
                connection.close()


def test_a_first_answer_comes_and_sigterm_ends_with_0(start, folders, row):
    with start(folders["flights"]) as server:
        assert server.infer({"rows": [row]})[0] == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0


def begun(folder, **options):
    """A server's process, nothing of which was waited for."""
    command = [sys.executable, "-m", "seakeep.serving", str(folder), "--port", "0"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, **options)


@pytest.mark.parametrize("starts", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_a_request_is_answered_as_soon_as_the_address_was_told(folders, running, starts):
    for _ in range(starts):
        with begun(folders["flights"]) as process:
            server = running(process, int(process.stdout.readline().decode().rpartition(":")[2]))
            status = server.ask("GET", "/v2/health/live")[0]
            process.send_signal(signal.SIGTERM)
            assert (status, process.wait(20)) == (200, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_as_soon_as_the_address_was_told_ends_with_0(folders, tmp_path, number):
    for _ in range(5):
        with begun(folders["flights"], env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
            process.stdout.readline()
            process.send_signal(number)
            assert process.wait(20) == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("moment", ["run.gather", "run.claim", "worker.WorkerStart.__call__"])
def test_a_signal_while_the_server_begins_ends_it_with_0(folders, tmp_path, number, moment):
    """Whether it comes before there are workers, or while one cannot drain yet."""
    holder, _, name = moment.rpartition(".")
    code = (
        "import os, signal, sys; from seakeep.serving.server import run; from seakeep.serving.server.processes import worker\n"
        f"parent, whole = os.getpid(), {moment}\n"
        "def late(*arguments):\n"
        f"    os.kill(parent, signal.{number})\n"
        f"    os.kill(os.getpid(), signal.{number})\n"
        "    return whole(*arguments)\n"
        f"{holder}.{name} = late\n"
        "run.serve(sys.argv[1:], port=0)\n"
    )
    command = [sys.executable, "-c", code, str(folders["flights"])]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    ended = subprocess.run(command, env=environment, capture_output=True, timeout=20, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert not list(tmp_path.iterdir())


def test_a_worker_that_heeds_a_signal_before_its_parent_does_is_no_accident(folders):
    """The parent gets it 0.1 seconds after the worker has ended."""
    code = (
        "import os, signal, subprocess, sys; from seakeep.serving.server import run; from seakeep.serving.server.processes import worker\n"
        "parent, begin, clean = os.getpid(), worker.WorkerStart.__call__, worker.Lifeline.clean\n"
        "def told(self):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return begin(self)\n"
        "def over(self):\n"
        "    clean(self)\n"
        "    subprocess.Popen(['sh', '-c', f'sleep 0.1; kill -TERM {parent}'])\n"
        "worker.WorkerStart.__call__, worker.Lifeline.clean = told, over\n"
        "run.serve(sys.argv[1:], port=0)\n"
    )
    command = [sys.executable, "-c", code, str(folders["flights"])]
    ended = subprocess.run(command, capture_output=True, timeout=20, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("other", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_twice_drains_as_if_told_once(other):
    """Granian's own handler waits for ever at the second time."""
    code = (
        "import asyncio, os, signal; from seakeep.serving.server.processes.heeding import end_signal\n"
        "loop = asyncio.new_event_loop()\n"
        "held = end_signal(loop)\n"
        f"for number in (signal.SIGTERM, {int(other)}, signal.SIGTERM): os.kill(os.getpid(), number)\n"
        "loop.run_until_complete(asyncio.sleep(0.1)); print('drained')\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"drained\n", b"")


def test_workers_that_are_told_as_their_server_is_end_at_once(start, folders):
    for _ in range(5):
        with start(folders["flights"], "--workers", "2") as server:
            for pid in (*server.workers, *server.workers, server.process.pid):
                with contextlib.suppress(ProcessLookupError):  # a worker may be gone when it is told again
                    os.kill(pid, signal.SIGTERM)
            assert server.process.wait(10) == 0


def test_an_error_of_who_is_told_the_address_ends_the_server(folders, tmp_path):
    code = "import sys; from seakeep.serving import serve; serve(sys.argv[1:], port=0, announce=lambda _: 1 / 0)"
    command = [sys.executable, "-c", code, str(folders["flights"])]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    ended = subprocess.run(command, env=environment, capture_output=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert b"ZeroDivisionError" in ended.stderr
    assert not list(tmp_path.iterdir())


def test_ctrl_c_ends_with_0(start, folders):
    with start(folders["flights"]) as server:
        for pid in (*server.workers, server.process.pid):  # a terminal sends it to all
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        assert server.process.wait(10) == 0


def test_what_is_under_way_is_answered_when_the_server_is_told_to_stop(start, folders, row):
    """Requests that were sent in full before SIGTERM are answered, though their connections were open for more."""
    body = json.dumps({"rows": [row] * 9000}).encode()
    with start(folders["flights"]) as server:
        connections = []
        for _ in range(4):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            connection.request("POST", PATH, body, {"Content-Type": "application/json"})
            connections.append(connection)
        time.sleep(0.05)
        server.process.send_signal(signal.SIGTERM)
        for connection in connections:
            answer = connection.getresponse()
            assert answer.status == 200
            assert len(json.loads(answer.read())["predictions"]) == 9000
            connection.close()
        assert server.process.wait(20) == 0


def test_under_load_sigterm_breaks_no_answer(start, folders, row):
    with start(folders["flights"], "--workers", "2") as server:
        clients = [Load(server.port, row) for _ in range(4)]
        for client in clients:
            client.start()
        assert until(lambda: all(client.answered > 5 for client in clients))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(45) == 0  # drain_seconds, 30, are what is promised
        for client in clients:
            client.going = False
            client.join(20)
        assert {status for client in clients for status in client.statuses} == {200}
        # A connection may be closed between two requests, which a client sees as no answer to one it had just begun.
        halves = (http.client.IncompleteRead, TimeoutError)
        assert not [error for client in clients for error in client.broken if isinstance(error, halves)]


def test_a_killed_worker_is_replaced_and_its_counts_stay(start, folders, row):
    with start(folders["flights"]) as server:
        version = example_model().digest[:12]
        series = f'seakeep_requests_total{{model="flights",role="pinned",status="200",version="{version}"}}'
        for _ in range(3):
            server.infer({"rows": [row]})
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)
        assert until(lambda: server.workers and server.workers != [worker])
        server.until_ready()
        assert server.infer({"rows": [row]})[0] == 200
        assert server.metrics()[series] == 4


def test_the_workers_of_a_killed_server_end_and_free_its_port(start, folders):
    with start(folders["flights"], "--workers", "2") as server:
        workers = server.workers
        assert len(workers) == 2
        server.process.kill()
        server.process.wait(10)
        assert until(lambda: not any(map(alive, workers))), workers
        assert claim("127.0.0.1", server.port) == ("127.0.0.1", server.port)


def test_a_worker_whose_parent_is_gone_before_it_looks_does_not_begin(tmp_path):
    code = (
        "import sys; from pathlib import Path; from seakeep.serving.server.processes.lifeline import Lifeline;"
        "Lifeline(2**22 + 1, Path(sys.argv[1]), 1).tie(); print('began')"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, capture_output=True)
    assert (ended.returncode, ended.stdout) == (1, b"")


def test_nothing_is_left_behind_in_the_temporary_folder(start, folders, tmp_path):
    with start(folders["flights"], TMPDIR=str(tmp_path)) as server:
        assert len(list(tmp_path.iterdir())) == 1
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(10)
    assert not list(tmp_path.iterdir())
    with start(folders["flights"], TMPDIR=str(tmp_path)) as server:
        server.process.kill()
        assert until(lambda: not list(tmp_path.iterdir()))


def test_metrics_of_any_worker_tell_of_all(start, folders, row):
    with start(folders["flights"], "--workers", "2") as server:
        version = example_model().digest[:12]
        series = f'seakeep_requests_total{{model="flights",role="pinned",status="200",version="{version}"}}'
        for _ in range(40):
            assert server.infer({"rows": [row]})[0] == 200
        assert {server.metrics()[series] for _ in range(10)} == {40}


def test_a_taken_port_is_told(folders):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} of 127.0.0.1 is taken\n.*\n.*ss -ltnp"):
            serve([folders["flights"]], port=port)


def test_a_second_server_on_one_port_is_told(start, folders):
    with start(folders["flights"]) as server, pytest.raises(PortTaken):
        claim("127.0.0.1", server.port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a" * 300, "::g"])
def test_an_address_of_another_machine_is_told(host):
    with pytest.raises(BadSetting, match=f"host is '{host[:9]}"):
        claim(host, 0)


def test_names_and_ipv6_may_be_listened_on():
    assert claim("localhost", 0)[0] in ("127.0.0.1", "::1")
    assert claim("::1", 0)[0] == "::1"


def test_a_graph_that_does_not_load_is_told_once_and_ends_with_3(tmp_path):
    model = example_model()
    replace(model, graph=model.graph[:200]).save(tmp_path)
    command = [sys.executable, "-m", "seakeep.serving", str(tmp_path), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 3
    assert "WorkerFailed: ONNX Runtime cannot load the graph" in ended.stderr


def test_a_folder_without_a_model_is_told_before_anything_starts(tmp_path):
    command = [sys.executable, "-m", "seakeep.serving", str(tmp_path), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "CannotServe: there is no model.json in" in ended.stderr


def test_a_server_in_a_thread_is_refused(folders):
    errors = []

    def work():
        try:
            serve([folders["flights"]], port=0)
        except ValueError as error:
            errors.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert errors
    assert errors[0].startswith("serve was called in a thread")


def test_a_worker_loads_neither_polars_nor_training_libraries(start, folders):
    with start(folders["flights"]) as server:
        for pid in (server.process.pid, *server.workers):
            maps = Path(f"/proc/{pid}/maps").read_text()
            assert not [
                name for name in ("polars", "sklearn", "pandas", "pyarrow", "/onnx/", "lightgbm") if name in maps
            ]
        assert "onnxruntime" in maps
        assert "onnxruntime" not in Path(f"/proc/{server.process.pid}/maps").read_text()


def test_an_idle_server_takes_less_than_130_mib(start, folders):
    with start(folders["flights"]) as server:
        pids = (server.process.pid, *server.workers)
        resident = [
            int(line.split()[1])
            for pid in pids
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith("VmRSS")
        ]
        assert sum(resident) < 130 * 1024, resident


def test_two_versions_of_one_model_are_told_apart(running, tmp_path, row):
    code = (
        "import sys; from seakeep.serving import Served, serve;"
        "serve([Served.load(folder, version=number) for number, folder in enumerate(sys.argv[1:], 1)], port=0,"
        " announce=lambda address: print(address, flush=True))"
    )
    first, second = tmp_path / "1", tmp_path / "2"
    example_model().save(first)
    replace(example_model(), classes=("no", "yes")).save(second)
    process = subprocess.Popen([sys.executable, "-c", code, str(first), str(second)], stdout=subprocess.PIPE)
    with process, contextlib.ExitStack() as stack:
        stack.callback(process.wait, 20)
        stack.callback(process.send_signal, signal.SIGTERM)
        port = int(process.stdout.readline().decode().rpartition(":")[2])
        server = running(process, port)
        server.until_ready()
        assert server.ask("GET", "/v2/models/flights")[2]["versions"] == ["1", "2"]
        assert isinstance(server.infer({"rows": [row]})[1]["predictions"][0]["label"], bool)
        named = server.ask(
            "POST",
            "/v2/models/flights/versions/2/infer",
            json.dumps({"rows": [row]}).encode(),
            content_type="application/json",
        )
        assert named[2]["predictions"][0]["label"] in ("no", "yes")


def test_a_fault_of_ours_is_answered_500_with_a_number_that_is_in_the_log(folders, tmp_path, row):
    """A worker whose model fails when it runs; what else arrives is answered."""
    code = (
        "import sys; from seakeep.serving import serve; from seakeep.serving.runtimes import onnx\n"
        "whole = onnx.OnnxPredictor.predict_feeds\n"
        "def fail(self, arrays):\n"
        "    if (arrays['seats'] == 13).any(): raise MemoryError('secret')\n"
        "    return whole(self, arrays)\n"
        "onnx.OnnxPredictor.predict_feeds = fail\n"
        "serve(sys.argv[1:], port=0, announce=lambda address: print(address, flush=True))\n"
    )
    from concurrent.futures import ThreadPoolExecutor

    command = [sys.executable, "-c", code, str(folders["flights"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        port = int(process.stdout.readline().decode().rpartition(":")[2])

        def ask(seats):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            body = json.dumps({"rows": [{**row, "seats": seats}]})
            connection.request("POST", PATH, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer.status, json.loads(content)

        def ready():
            with contextlib.suppress(OSError):
                return ask(1)[0] == 200
            return False

        assert until(ready)
        with ThreadPoolExecutor(16) as pool:
            answers = dict(zip(range(1, 65), pool.map(ask, range(1, 65)), strict=True))
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=20)[1].decode()
    assert {seats for seats, (status, _) in answers.items() if status != 200} == {13}
    status, answer = answers[13]
    assert status == 500
    assert "secret" not in json.dumps(answer)
    assert f"request {answer['request']}" in log
    assert "MemoryError" in log


def test_a_client_that_hangs_up_half_way_is_no_fault(folders, row, running):
    command = [sys.executable, "-m", "seakeep.serving", str(folders["flights"]), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        server = running(process, int(process.stdout.readline().decode().rpartition(":")[2]))
        server.until_ready()
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
                client.sendall(head.encode() + b'{"rows": [')
        assert server.ask("POST", PATH, json.dumps({"rows": [row]}).encode(), content_type="application/json")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr.read() == b""


def test_nothing_is_reported_to_anybody(start, folders, tmp_path):
    """ONNX Runtime would keep a device id and a database of events to send."""
    with start(folders["flights"], HOME=str(tmp_path), TMPDIR=str(tmp_path), XDG_CACHE_HOME=str(tmp_path)) as server:
        assert [
            path.name for path in tmp_path.rglob("*") if not path.is_relative_to(next(tmp_path.glob("seakeep-*")))
        ] == []
        assert server.process.poll() is None


def test_a_server_is_live_at_once_and_ready_when_its_models_are(folders, row, running):
    code = (
        "import sys, time; from seakeep.serving import serve; from seakeep.serving.runtimes import onnx\n"
        "make = onnx.OnnxPredictor.__init__\n"
        "def slow(self, model, **options):\n"
        "    time.sleep(1.5); make(self, model, **options)\n"
        "onnx.OnnxPredictor.__init__ = slow\n"
        "serve(sys.argv[1:], port=0, announce=lambda address: print(address, flush=True))\n"
    )
    command = [sys.executable, "-c", code, str(folders["flights"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        server = running(process, int(process.stdout.readline().decode().rpartition(":")[2]))

        def status(path):
            with contextlib.suppress(OSError):
                return server.ask("GET", path)[0]
            return None

        assert until(lambda: status("/v2/health/live") == 200)
        assert status("/v2/health/ready") == 503
        assert status("/v2/models/flights/ready") == 503
        assert status("/v2/models/flights") == 503
        asked = server.ask("POST", PATH, json.dumps({"rows": [row]}).encode(), content_type="application/json")
        assert (asked[0], asked[1]["retry-after"]) == (503, "1")
        server.until_ready()
        assert server.infer({"rows": [row]})[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
