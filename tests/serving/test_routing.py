"""A server follows a name's route: the split, its stickiness, what cannot be loaded, and that no request fails."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from seakeep.core import ColumnSchema, Kind
from seakeep.evidence.intervals import wilson
from seakeep.registry import Registry
from seakeep.serving.server.keys import Peek
from seakeep.testing.example_models import example_schema

PATH = "/v2/models/flights/infer"
CHANGES = 200


@pytest.fixture
def follow(start, release, keyed):
    """A server that follows the route of a name with some releases."""

    def begin(*models, arguments=()):
        made = release(*(models or (keyed(1), keyed(2), keyed(3))))
        return made, start("--follow", "flights", "--home", made.home, "--log", "off", *arguments)

    return begin


@pytest.fixture
def clients():
    """What makes a client of a server, whose connection is closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda server: stack.enter_context(contextlib.closing(Client(server.port)))


class Client:
    """Asks over one connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def close(self):
        self.connection.close()

    def ask(self, row, path=PATH, **headers):
        named = {"Content-Type": "application/json", **headers}
        self.connection.request("POST", path, json.dumps({"rows": [row]}), named)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_the_champion_answers_alone_and_says_its_version(follow, row):
    made, server = follow()
    with server as server:
        status, answer = server.infer({"rows": [row]})
        assert (status, answer["release"], answer["version"]) == (200, made.digests[0], "1")
        assert server.ask("GET", "/v2/models/flights")[2]["versions"] == ["1"]
        assert server.metrics()['seakeep_route_revision{model="flights"}'] == 0


def test_a_split_is_followed_and_a_key_stays_where_it_is(follow, row, clients):
    made, server = follow()
    with server as server:
        route = made.canary(0.3, salt="a")
        server.until_revision(route.revision)
        client = clients(server)
        arms = {digest: number for number, digest in enumerate(made.digests, 1)}
        for _ in range(2):
            for key in map(str, range(60)):
                answer = client.ask({**row, "flight": key})[1]
                assert arms[answer["release"]] == route.arm_for(route.point(key)).version
        told = server.metrics()
        assert told['seakeep_route_share{model="flights",role="challenger",version="2"}'] == 0.3
        requests = 'seakeep_requests_total{{model="flights",role="{}",status="200",version="{}"}}'
        assert told[requests.format("champion", 1)] + told[requests.format("challenger", 2)] == 120


def test_the_header_comes_before_the_parameter_and_that_before_the_row(follow, row, clients):
    made, server = follow()
    with server as server:
        route = made.canary(0.5)
        server.until_revision(route.revision)

        def version(key):
            return str(route.arm_for(route.point(key)).version)

        keys = {version(str(number)): str(number) for number in range(20)}
        one, two = keys["1"], keys["2"]
        client = clients(server)
        body = {"rows": [{**row, "flight": two}], "parameters": {"key": one}}
        for headers, expected in (({}, "1"), ({"seakeep-key": two}, "2")):
            client.connection.request("POST", PATH, json.dumps(body), {"Content-Type": "application/json", **headers})
            assert json.loads(client.connection.getresponse().read())["version"] == expected
        assert client.ask({**row, "flight": two})[1]["version"] == "2"


def test_tensors_are_dealt_by_the_keys_tensor(follow, tensors):
    made, server = follow()
    with server as server:
        route = made.canary(0.5)
        server.until_revision(route.revision)
        for key in map(str, range(30)):
            for data in ([key], [[key]]):
                flight = {"name": "flight", "shape": [1], "datatype": "BYTES", "data": data}
                answer = server.infer({"inputs": [*tensors, flight]})[1]
                assert answer["model_version"] == str(route.arm_for(route.point(key)).version)


def test_without_a_key_chance_decides(follow, row, clients):
    made, server = follow()
    with server as server:
        server.until_revision(made.canary(0.5).revision)
        client = clients(server)
        versions = [client.ask(row)[1]["version"] for _ in range(200)]
        least, most = wilson(versions.count("2"), 200, level=0.9999)
        assert least < 0.5 < most


def test_a_version_in_the_path_is_answered_by_it_while_it_is_on_the_route(follow, row, clients):
    made, server = follow()
    with server as server:
        server.until_revision(made.canary(0.1).revision)
        client = clients(server)
        for version in ("1", "2"):
            assert client.ask(row, f"/v2/models/flights/versions/{version}/infer")[1]["version"] == version
        assert client.ask(row, "/v2/models/flights/versions/3/infer")[1]["code"] == "unknown_version"
        server.until_revision(made.route(made.arm("champion", 2)).revision)
        assert client.ask(row, "/v2/models/flights/versions/1/infer")[0] == 404


def test_a_release_that_was_pinned_stays(start, release, keyed, row, clients):
    made = release(keyed(1), keyed(2))
    folder = made.home / "releases" / made.digests[1]
    code = (
        "import sys; from pathlib import Path; from seakeep.serving import Followed, Served, serve;"
        "serve([Followed.of(Path(sys.argv[1]), 'flights'), Served.load(Path(sys.argv[2]), version=2)], port=0,"
        " announce=lambda address: print(address, flush=True))"
    )
    with start(made.home, folder, code=code) as server:
        assert server.infer({"rows": [row]})[1]["version"] == "1"
        status, answer = clients(server).ask(row, "/v2/models/flights/versions/2/infer")
        assert (status, answer["release"]) == (200, made.digests[1])
        assert server.metrics()['seakeep_requests_total{model="flights",role="pinned",status="200",version="2"}'] == 1


def test_a_release_that_cannot_be_loaded_leaves_the_old_route(follow, row):
    made, server = follow()
    with server as server:
        graph = made.home / "releases" / made.digests[1] / "model.onnx"
        whole = graph.read_bytes()
        graph.write_bytes(whole[:-1])
        route = made.route(made.arm("champion", 2))
        server.until(lambda: server.metrics()['seakeep_route_failures_total{model="flights"}'] > 0)
        assert server.infer({"rows": [row]})[1]["version"] == "1"
        graph.write_bytes(whole)
        server.until_revision(route.revision)
        assert server.infer({"rows": [row]})[1]["version"] == "2"


@pytest.mark.parametrize("harm", ["gone", "torn", "locked"])
def test_a_registry_that_cannot_be_read_leaves_the_route_also_to_new_workers(follow, row, harm):
    made, server = follow()
    with server as server, contextlib.ExitStack() as stack:
        server.until_revision(made.route(made.arm("champion", 2)).revision)
        database = made.home / "registry.sqlite"
        content = database.read_bytes()
        if harm == "locked":
            stack.enter_context(stack.enter_context(Registry(made.home)).transaction())
        else:
            for leftover in made.home.glob("registry.sqlite*"):
                leftover.unlink()
            if harm == "torn":
                database.write_bytes(b"no database" + content[20:5000])
            server.until(lambda: server.metrics()['seakeep_route_failures_total{model="flights"}'] > 0)
        assert server.infer({"rows": [row]})[1]["version"] == "2"
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)
        server.until(lambda: server.workers not in ([], [worker]))
        server.until_ready()
        assert server.infer({"rows": [row]})[1]["version"] == "2"


def test_a_worker_that_replaces_another_takes_the_present_route(follow, row):
    made, server = follow()
    with server as server:
        server.until_revision(made.route(made.arm("champion", 3)).revision)
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)
        server.until(lambda: server.workers not in ([], [worker]))
        server.until_ready()
        assert server.infer({"rows": [row]})[1]["version"] == "3"


def test_one_release_is_answered_for_under_two_names(start, folders, row):
    code = (
        "import sys; from pathlib import Path; from seakeep.serving import Served, serve; folder = Path(sys.argv[1]);"
        "serve([Served.load(folder, name=name) for name in 'ab'], port=0,"
        " announce=lambda address: print(address, flush=True))"
    )
    with start(folders["flights"], code=code) as server:
        assert [server.infer({"rows": [row]}, model=name)[1]["model"] for name in "ab"] == ["a", "b"]


def test_a_new_worker_does_not_fail_for_a_release_whose_graph_does_not_load(follow, keyed, row):
    """The route was set while others answered by the old one; the worker that replaces them goes on with it too."""
    made, server = follow(keyed(1), keyed(2, graph=b"no graph"))
    with server as server:
        made.route(made.arm("champion", 2))
        server.until(lambda: server.metrics()['seakeep_route_failures_total{model="flights"}'] > 0)
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)
        server.until(lambda: server.workers not in ([], [worker]))
        server.until_ready()
        assert server.infer({"rows": [row]})[1]["version"] == "1"


def test_arms_with_other_contracts_are_asked_by_their_own(follow, keyed, row, clients):
    """The challenger knows a carrier that the champion refuses, and the key is read before any contract."""
    schema = replace(example_schema(carrier=ColumnSchema(Kind.STRING, values=("AA", "ZZ"))), key="flight")
    schema = replace(schema, columns={**schema.columns, "flight": ColumnSchema(Kind.STRING)})
    made, server = follow(keyed(1), keyed(2, schema=schema), arguments=("--domain", "reject"))
    with server as server:
        route = made.canary(0.5)
        server.until_revision(route.revision)
        client = clients(server)
        for key in map(str, range(20)):
            status, answer = client.ask({**row, "carrier": "ZZ", "flight": key})
            takes = route.arm_for(route.point(key)).version == 2
            assert (status, answer.get("code")) == ((200, None) if takes else (400, "outside_domain"))


def test_names_are_read_from_the_body_however_they_are_spelt():
    strange = 'a"b\\c'
    assert Peek(strange).key(json.dumps({"rows": [{strange: 7}]}).encode()) == "7"
    for body in (
        b"",
        b"[",
        b"[]",
        b'{"rows": 1}',
        b'{"rows": []}',
        b'{"rows": [1]}',
        b"\xff",
        b"[" * 5000,
        b'{"inputs": []}',
    ):
        assert Peek("k").key(body) is None
        assert Peek(None).key(body) is None
    assert Peek("k").key(b'{"rows": [{"k": null}], "parameters": {"key": 1.5}}') == "1.5"
    assert Peek("k").key(b'{"inputs": [{"name": "k", "data": []}]}') is None


class Asking(threading.Thread):
    """Asks with keys of its own until told to stop; keeps which version answered which key, and everything else."""

    def __init__(self, port, row, number):
        super().__init__(daemon=True)
        self.client, self.row, self.number = Client(port), row, number
        self.found, self.wrong, self.going = [], [], True

    def run(self):
        turn = 0
        while self.going:
            key = f"{self.number}-{turn % 500}"
            began = time.monotonic()
            status, answer = self.client.ask({**self.row, "flight": key})
            if status == 200:
                self.found.append((began, time.monotonic(), key, int(answer["version"])))
            else:
                self.wrong.append((status, answer))
            turn += 1


@pytest.mark.slow
def test_200_live_changes_fail_no_request_keep_keys_and_the_split(follow, row, capsys):
    made, server = follow(arguments=("--workers", "2"))
    with server as server:
        clients = [Asking(server.port, row, number) for number in range(3)]
        for client in clients:
            client.start()
        stood, memory = [], []
        for number in range(CHANGES):
            share = (0.05, 0.2, 0.5, 0.8)[number % 4]
            route = made.canary(share, salt=str(number // 4), challenger=2 + number % 2)
            server.until_revision(route.revision)
            begin = time.monotonic()
            time.sleep(0.1)
            stood.append((begin, time.monotonic(), route))
            memory.append(sum(_resident(pid) for pid in server.workers))
        for client in clients:
            client.going = False
            client.join(20)
            client.client.close()
        answered = [one for client in clients for one in client.found]
        assert [wrong for client in clients for wrong in client.wrong] == []
        checked = expected = challenged = 0
        variance = 0.0
        for begin, end, route in stood:
            for asked, got, key, version in answered:
                if begin <= asked and got <= end:
                    arm = route.arm_for(route.point(key))
                    assert version == arm.version
                    share = route.arms[1].share
                    checked, expected = checked + 1, expected + share
                    challenged += arm.role == "challenger"
                    variance += share * (1 - share)
        least, most = wilson(challenged, checked, level=0.9999)
        with capsys.disabled():
            print(
                f"\n{CHANGES} changes: {len(answered)} answers, 0 failed; {checked} while one route stood, all where their key "
                f"belongs; challengers {challenged / checked:.4f} of {expected / checked:.4f} expected, in "
                f"[{least:.4f}, {most:.4f}]; memory of the workers {memory[20] >> 10} KiB after 20 changes, "
                f"{memory[-1] >> 10} KiB after {CHANGES}"
            )
        assert least < expected / checked < most
        assert memory[-1] < memory[20] * 1.1


def _resident(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
