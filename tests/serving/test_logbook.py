"""What a server writes down: every answer, refusal and failure, in time, also when it is told to stop, killed, or out of disk."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from seakeep.prediction_log import PredictionLog

PATH = "/v2/models/flights/infer"
SERIES = 'seakeep_log_{}{{model="flights"}}'


@pytest.fixture
def logged(start, release, keyed):
    """A server that logs, and the log's rows."""

    def begin(*arguments, models=(1,), **environment):
        made = release(*map(keyed, models))
        return made, start("--follow", "flights", "--home", made.home, *arguments, **environment)

    return begin


def rows(made):
    return PredictionLog.of(made.home, "flights").scan(labels=False).collect()


def post(server, path, content, **headers):
    return server.ask("POST", path, json.dumps(content).encode(), content_type="application/json", **headers)


def stop(server):
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0


def test_an_answer_is_written_down_with_its_inputs_under_the_id_that_it_names(logged, row):
    made, server = logged()
    with server as server:
        before = time.time()
        missing = {**row, "distance": None}
        answer = server.infer({"rows": [{**row, "flight": "AA1"}, missing], "parameters": {"key": "all"}})[1]
        stop(server)
    found = rows(made).sort("@id")
    base = answer["prediction_id"]
    assert found["@id"].to_list() == [f"{base}.0", f"{base}.1"]
    assert found["@key"].to_list() == ["AA1", "all"]
    assert found["distance"].to_list() == [1400.0, None]
    assert found["scheduled"].dt.strftime("%FT%T").to_list() == ["2013-10-01T05:15:00"] * 2
    assert found["@release"].unique().to_list() == [made.digests[0]]
    assert found["@version"].unique().to_list() == [1]
    assert found["@role"].unique().to_list() == ["champion"]
    assert found["@outcome"].unique().to_list() == ["answered"]
    assert found["@prediction"].to_list() == [one["label"] for one in answer["predictions"]]
    assert found["@probability_true"].to_list() == [one["probabilities"]["true"] for one in answer["predictions"]]
    assert found["@latency_ms"].is_between(0, 1e4).all()
    assert found["@time"].dt.timestamp("us").is_between(int((before - 1) * 1e6), int(time.time() * 1e6)).all()


def test_tensors_are_written_down_as_rows_are(logged, tensors):
    made, server = logged()
    with server as server:
        flight = {"name": "flight", "shape": [1], "datatype": "BYTES", "data": ["AA1"]}
        status, _, answer = post(server, PATH, {"inputs": [*tensors, flight]}, seakeep_key="header")
        plain = post(server, PATH, {"inputs": tensors}, seakeep_key="header")[2]
        stop(server)
    found = dict(rows(made).select("@id", "@key").iter_rows())
    assert status == 200
    assert found == {
        f"{answer['parameters']['prediction_id']}.0": "AA1",
        f"{plain['parameters']['prediction_id']}.0": "header",
    }


def test_a_large_request_is_written_down_whole(logged, row):
    made, server = logged()
    with server as server:
        many = [{**row, "flight": f"{number}", "carrier": "x" * 40} for number in range(5000)]
        base = server.infer({"rows": many})[1]["prediction_id"]
        stop(server)
    assert set(rows(made)["@id"]) == {f"{base}.{number}" for number in range(5000)}


def test_what_was_refused_is_written_down_with_the_reason_and_without_inputs(logged, row):
    made, server = logged()
    with server as server:
        assert server.infer({"rows": [{**row, "seats": "many"}]})[0] == 400
        assert server.infer(b"[")[0] == 400
        assert server.ask("POST", PATH, b"{}", content_type="text/plain")[0] == 415
        stop(server)
    found = rows(made)
    assert sorted(found["@reason"]) == ["malformed_json", "wrong_content_type", "wrong_value"]
    assert set(found["@outcome"]) == {"refused"}
    assert found.select("seats", "@prediction").null_count().row(0) == (3, 3)


def test_what_failed_is_written_down_and_other_answers_go_on(release, keyed, row, start):
    made = release(keyed(1))
    code = (
        "import sys; from pathlib import Path; from seakeep.serving import Followed, serve\n"
        "from seakeep.serving.runtimes import onnx\n"
        "whole = onnx.OnnxPredictor.predict_feeds\n"
        "def fail(self, arrays):\n"
        "    if (arrays['seats'] == 13).any(): raise MemoryError('secret')\n"
        "    return whole(self, arrays)\n"
        "onnx.OnnxPredictor.predict_feeds = fail\n"
        "home = Path(sys.argv[1])\n"
        "serve([Followed.of(home, 'flights')], port=0, home=home,"
        " announce=lambda address: print(address, flush=True))\n"
    )
    with start(made.home, code=code) as server:
        assert server.infer({"rows": [{**row, "seats": 13}]})[0] == 500
        assert server.infer({"rows": [row]})[0] == 200
        stop(server)
    found = rows(made)
    assert set(found.select("@outcome", "@reason").rows()) == {("failed", "MemoryError"), ("answered", None)}


def test_a_row_is_on_the_disk_within_the_stated_time_though_nothing_else_comes(logged, row):
    made, server = logged("--log-seconds", "0.2")
    with server as server:
        server.infer({"rows": [row]})
        server.until(lambda: rows(made).height == 1, seconds=5)
        server.until(lambda: server.metrics()[SERIES.format("rows_total")] == 1)  # counted once it is on the disk


def test_an_acknowledged_answer_is_in_the_log_before_it_is_given(logged, row):
    made, server = logged("--log", "acknowledged", "--log-seconds", "60")
    with server as server:
        for number in range(5):
            base = server.infer({"rows": [row]})[1]["prediction_id"]
            assert f"{base}.0" in set(rows(made)["@id"])
            assert rows(made).height == number + 1


def test_without_a_log_no_answer_names_an_id(logged, row):
    made, server = logged("--log", "off")
    with server as server:
        assert "prediction_id" not in server.infer({"rows": [row]})[1]
    assert not (made.home / "predictions").exists()


def test_a_pinned_release_is_logged_as_such_where_a_home_is_given(start, release, keyed, row):
    made = release(keyed(1))
    with start(made.home / "releases" / made.digests[0], "--home", made.home) as server:
        server.infer({"rows": [row]})
        stop(server)
    assert rows(made).select("@role", "@revision").row(0) == ("pinned", 0)


def test_a_shadow_is_logged_under_the_same_id_compared_and_never_returned(logged, keyed, release, row):
    made, server = logged(models=(1,))
    other = release(keyed(2, classes=(True, False)))
    made.digests += other.digests
    with server as server:
        revision = made.route(made.arm("champion", 1), shadows=(made.arm("shadow", 2),)).revision
        server.until_revision(revision)
        answers = [server.infer({"rows": [row, row]})[1] for _ in range(5)]
        assert server.infer({"rows": [{**row, "seats": "x"}]})[0] == 400
        series = 'seakeep_requests_total{model="flights",role="shadow",status="200",version="2"}'
        server.until(lambda: server.metrics()[series] == 5)
        told = server.metrics()
        stop(server)
    assert {answer["release"] for answer in answers} == {made.digests[0]}
    found = rows(made).filter(pl.col("@outcome") == "answered")
    assert found.group_by("@role").len().sort("@role").rows() == [("champion", 10), ("shadow", 10)]
    ids = [set(found.filter(pl.col("@role") == role)["@id"]) for role in ("champion", "shadow")]
    assert ids[0] == ids[1]
    assert set(found["@revision"]) == {revision}
    assert told['seakeep_shadow_rows_total{model="flights",version="2"}'] == 10
    assert (
        told['seakeep_shadow_agreed_rows_total{model="flights",version="2"}'] == 0
    )  # its classes are the other way round


def test_a_key_of_any_bytes_is_a_key_or_none_and_never_a_fault(logged, row):
    made, server = logged()
    body = json.dumps({"rows": [row]}).encode()
    head = b"POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\nseakeep-key: %s\r\n\r\n"
    with server as server:
        server.until_revision(made.canary(0.5, challenger=1).revision)
        for key in (b"\xff\xfe", "é".encode(), "é".encode("latin-1"), b"", b"x" * 512):
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
                client.sendall(head % (PATH.encode(), len(body), key) + body)
                assert b" 200 OK" in client.recv(100), key
        stop(server)
    assert rows(made).height == 5


def test_a_key_that_is_long_is_refused_since_it_is_written_beside_every_row(logged, row):
    made, server = logged("--row-limit", "20000")
    body = json.dumps({"rows": [row], "parameters": {"key": "x" * 513}}).encode()
    with server as server:
        for _ in range(2):
            status, answer = server.infer(body)
            assert (status, answer["code"], answer["field"]) == (400, "wrong_key", "parameters.key")
            assert answer["error"] == "parameters.key has 513 characters, expected at most 512"
            header = server.ask("POST", PATH, json.dumps({"rows": [row]}).encode(), seakeep_key="x" * 60_000)
            assert (header[0], header[2]["field"]) == (400, "seakeep-key")
            server.until_revision(made.canary(0.5, challenger=1).revision)
        assert server.infer({"rows": [row] * 10_000, "parameters": {"key": "x" * 512}})[0] == 200
        stop(server)
    assert rows(made).filter(pl.col("@outcome") == "answered")["@dealt"].unique().to_list() == ["x" * 512]


def test_the_log_keeps_the_key_that_dealt_a_request_beside_its_rows_own(logged, row):
    made, server = logged()
    known, wrong = {**row, "flight": "UA1"}, {**row, "flight": "UA2", "seats": "x"}
    with server as server:
        server.until_revision(made.canary(0.5, challenger=1).revision)
        for rest, header in (
            ({}, {}),
            ({"parameters": {"key": 7}}, {}),
            ({"parameters": {"key": 7}}, {"seakeep_key": "A"}),
        ):
            for one in (known, wrong):
                body = json.dumps({"rows": [one], **rest}).encode()
                assert server.ask("POST", PATH, body, **header)[0] == (200 if one is known else 400)
        stop(server)
    found = rows(made).sort("@time").select("@key", "@dealt").rows()
    assert found[::2] == [("UA1", None), ("UA1", "7"), ("UA1", "A")]
    assert found[1::2] == [("UA2", "UA2"), ("7", "7"), ("A", "A")]


class Asking(threading.Thread):
    """Asks until the server is gone; keeps the id and the time of every answer that came whole."""

    def __init__(self, port, row):
        super().__init__(daemon=True)
        self.port, self.body, self.answered = port, json.dumps({"rows": [row] * 3}), []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                connection.request("POST", PATH, self.body, {"Content-Type": "application/json"})
                content = connection.getresponse().read()
                self.answered.append((time.monotonic(), json.loads(content)["prediction_id"]))


@pytest.mark.parametrize("mode", ["interval", "acknowledged"])
def test_under_load_sigterm_leaves_every_answered_request_in_the_log(logged, row, mode):
    made, server = logged("--log", mode, "--log-seconds", "30", "--workers", "2")
    with server as server:
        clients = [Asking(server.port, row) for _ in range(4)]
        for client in clients:
            client.start()
        server.until(lambda: all(len(client.answered) > 50 for client in clients))
        stop(server)
        for client in clients:
            client.join(20)
    found = set(rows(made)["@id"])
    answered = {f"{base}.{row}" for client in clients for _, base in client.answered for row in range(3)}
    assert answered <= found
    assert not list((made.home / "predictions" / "flights" / "spool").glob("*.open"))


def test_what_a_killed_worker_left_is_read_and_converted(logged, row):
    made, server = logged("--log", "acknowledged")
    with server as server:
        base = server.infer({"rows": [row]})[1]["prediction_id"]
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)
        server.until(lambda: server.workers not in ([], [worker]))
        server.until_ready()
        assert server.infer({"rows": [row]})[1]["prediction_id"].split("-")[0] != base.split("-")[0]
    log = PredictionLog.of(made.home, "flights")
    log.convert()
    assert rows(made).height == 2
    assert not list(log.layout.spool.iterdir())


def test_a_spool_whose_description_of_the_release_is_damaged_loses_no_row(logged, row):
    made, server = logged("--log", "acknowledged")
    spool = made.home / "predictions" / "flights" / "spool"
    with server as server:
        for _ in range(3):
            assert server.infer({"rows": [row]})[0] == 200
        stop(server)
    (path,) = spool.iterdir()
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    assert rows(made).height == 3
    assert PredictionLog.of(made.home, "flights").convert().rows == 3
    assert rows(made).height == 3


def test_a_torn_spool_at_the_start_is_set_aside_and_harms_nothing(logged, row):
    made, server = logged("--log", "acknowledged")
    spool = made.home / "predictions" / "flights" / "spool"
    spool.mkdir(parents=True)
    (spool / "20130101T000000-a-b.open").write_bytes(b"\xf5SK1" + b"\0" * 50)
    with server as server:
        server.until(lambda: not list(spool.glob("20130101*")))
        server.infer({"rows": [row]})
        assert rows(made).height == 1
    assert list((made.home / "predictions" / "flights" / "torn").glob("20130101*"))


def command_of(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def scribes(server):
    """Children of the server's other threads: workers are the main thread's."""
    lists = (path.read_text() for path in Path(f"/proc/{server.process.pid}/task").glob("*/children"))
    return [int(pid) for own in lists for pid in own.split() if b"serving.scribe" in command_of(int(pid))]


def test_a_killed_scribe_is_replaced_and_no_request_fails(logged, row):
    made, server = logged()
    with server as server:
        server.until(lambda: len(scribes(server)) == 1)
        (scribe,) = scribes(server)
        os.kill(scribe, signal.SIGKILL)
        for _ in range(20):
            assert server.infer({"rows": [row]})[0] == 200
        server.until(lambda: scribes(server) not in ([], [scribe]))
        stop(server)
    assert rows(made).height == 20


def test_the_scribe_ends_with_a_server_that_is_killed(logged):
    _, server = logged()
    with server as server:
        server.until(lambda: len(scribes(server)) == 1)
        (scribe,) = scribes(server)
        server.process.kill()
        server.until(lambda: not command_of(scribe))


def test_a_worker_that_logs_loads_no_polars(logged, row):
    _, server = logged("--log", "acknowledged")
    with server as server:
        server.infer({"rows": [row]})
        for pid in server.workers:
            assert "polars" not in Path(f"/proc/{pid}/maps").read_text()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "seakeep-test", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs more rights than there are here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("mode", ["interval", "acknowledged"])
def test_a_full_disk_stops_logging_and_not_serving(start, release, keyed, row, small_disk, tmp_path, mode):
    made = release(keyed(1))
    (made.home / "predictions").symlink_to(small_disk)
    with start("--follow", "flights", "--home", made.home, "--log", mode, "--log-seconds", "0.1") as server:
        server.until(lambda: server.infer({"rows": [row]})[0] == 200)
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"")
        with contextlib.suppress(OSError), ballast.open("ab") as file:
            while True:
                file.write(b"0" * 4096)
                file.flush()
        large = {"rows": [{**row, "carrier": "x" * 3000}] * 20}
        for _ in range(10):
            assert server.infer(large)[0] == 200
        server.until(lambda: server.metrics()[SERIES.format("writable")] == 0)
        lost = server.metrics()[SERIES.format("lost_rows_total")]
        assert lost > 0
        refused = post(server, "/v2/models/flights/labels", {"labels": [{"key": "k" * 9000, "label": True}] * 30})
        assert (refused[0], refused[1]["retry-after"]) == (503, "1")
        ballast.unlink()
        server.infer({"rows": [row]})
        server.until(lambda: server.metrics()[SERIES.format("writable")] == 1)
        base = server.infer({"rows": [row]})[1]["prediction_id"]
        stop(server)
    assert f"{base}.0" in set(rows(made)["@id"])
    shutil.rmtree(small_disk / "flights")


def kill_at(logged, row, delay, *arguments):
    """Kill a server's worker under load after a delay; answered rows, those in the log, and how old the lost ones were."""
    made, server = logged(*arguments)
    with server as server:
        clients = [Asking(server.port, row) for _ in range(3)]
        for client in clients:
            client.start()
        server.until(lambda: all(client.answered for client in clients))
        time.sleep(delay)
        (worker,) = server.workers
        killed = time.monotonic()
        os.kill(worker, signal.SIGKILL)
        for client in clients:
            client.join(20)
        server.process.kill()
    found = set(rows(made)["@id"])
    answered = [(at, f"{base}.{one}") for client in clients for at, base in client.answered for one in range(3)]
    ages = [killed - at for at, name in answered if name not in found]
    return len(answered), len(ages), max(ages, default=0.0)


def test_kill_9_loses_nothing_that_was_acknowledged(logged, row):
    answered, lost, _ = kill_at(logged, row, 0.3, "--log", "acknowledged")
    assert answered > 0
    assert lost == 0


def test_kill_9_loses_at_most_the_stated_seconds(logged, row):
    answered, _, oldest = kill_at(logged, row, 0.7, "--log", "interval", "--log-seconds", "0.5")
    assert answered > 0
    assert oldest < 0.5
