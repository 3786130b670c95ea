"""Counting is exact: threads lose no counts, and what a server has counted is what its clients saw, whatever way they asked."""

from __future__ import annotations

import http.client
import itertools
import json
import string
import sys
import threading
import time
from collections import Counter
from random import Random
from urllib.parse import quote

import grpc
import pytest

from seakeep.core import Task
from seakeep.serving.served import Served
from seakeep.serving.server.cells import Cell, SharedCell
from seakeep.serving.server.families import MISSING, REFUSALS, REQUESTS, RUNS
from seakeep.serving.server.grpc.messages import SERVICE
from seakeep.serving.server.metrics import Metrics
from seakeep.testing.example_models import example_model

from .test_explanations import trained
from .test_grpc import asking

THREADS, COUNTS = 8, 100_000
INFER, STREAM, EXPLAIN = (f"/v2/models/flights/{what}" for what in ("infer", "stream", "explain"))


def together(work, threads=THREADS):
    """Run `work(number)` in several threads at once."""
    gate = threading.Barrier(threads)

    def begin(number):
        gate.wait()
        work(number)

    made = [threading.Thread(target=begin, args=(number,)) for number in range(threads)]
    for thread in made:
        thread.start()
    for thread in made:
        thread.join()


@pytest.fixture
def hurried():
    """Threads that change places all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Slow:
    """Memory in which another thread may come between reading a cell and writing it."""

    def __init__(self):
        self.value = 0.0

    def __getitem__(self, _):
        value = self.value
        time.sleep(0)
        return value

    def __setitem__(self, _, value):
        self.value = value


def test_what_several_threads_count_adds_up(tmp_path, hurried):
    served = Served.of(example_model())
    own = (served.name, served.version)
    sheet = Metrics(tmp_path).of_release(served)
    cells = [sheet.cell(MISSING, *own, "seats") for _ in range(THREADS)]

    def count(number):
        for _ in range(COUNTS):
            cells[number].add()

    together(count)
    told = Metrics(tmp_path)._totals()
    assert told[MISSING.name][(*own, "seats")] == [THREADS * COUNTS]


def test_runs_on_the_loop_and_beside_it_are_summed(tmp_path, hurried):
    served = Served.of(example_model())
    runs = Metrics(tmp_path).runs_of(served)
    together(lambda number: [runs[number].observe(2) for _ in range(COUNTS)], threads=2)
    told = Metrics(tmp_path)._totals()[RUNS.name]
    assert list(told) == [(served.name, served.version)]
    assert told[served.name, served.version][1] == sum(own.total for own in runs) / 2 == 2 * COUNTS


def test_a_shared_cell_holds_whatever_comes_between(hurried):
    """Between reading and writing another thread may always come; only a lock keeps its count."""
    lone, shared, turn = Slow(), Slow(), threading.Lock()
    together(lambda _: [Cell(lone, 0).add() for _ in range(200)])
    together(lambda _: [SharedCell(shared, 0, turn).add() for _ in range(200)])
    assert shared.value == THREADS * 200 > lone.value


def test_a_release_that_two_threads_load_at_once_is_counted_in_one_place(tmp_path, hurried):
    served = [Served.of(example_model(name=f"m{number}")) for number in range(20)]
    metrics = Metrics(tmp_path)

    def count(_):
        for one in served:
            metrics.of_arm(one, "explain").cell(REQUESTS, one.name, one.version, "explain", "200").add()

    together(count)
    told = Metrics(tmp_path)._totals()[REQUESTS.name]
    assert {labels[0]: cells for labels, cells in told.items() if labels[3] == "200"} == {
        one.name: [float(THREADS)] for one in served
    }


def test_a_worker_that_has_a_dead_ones_process_id_leaves_its_counts(tmp_path):
    for _ in range(2):
        Metrics(tmp_path).nowhere().cell(REFUSALS, "", "", "unknown_path").add()
    assert Metrics(tmp_path)._totals()[REFUSALS.name][("", "", "unknown_path")] == [2.0]


@pytest.fixture(scope="module")
def counted(tmp_path_factory, start):
    """A server that takes two requests at a time, of a model that can be explained."""
    folder = tmp_path_factory.mktemp("counted")
    trained(Task.BINARY, "flights")[0].save(folder / "flights")
    with start(folder / "flights", "--concurrency", "2", "--grpc", "127.0.0.1:0", "--missing", "accept") as running:
        running.grpc = running.process.stdout.readline().decode().strip().removeprefix("grpc://")
        yield running


def totals(server):
    """Requests of the model by role and status, refusals of it by reason, rows by role and class, and nulls seen."""
    found = {"requests": Counter(), "refusals": Counter(), "rows": Counter(), "missing": 0.0}
    for series, value in server.metrics().items():
        labels = dict(one.split("=") for one in series.partition("{")[2].rstrip("}").replace('"', "").split(",") if one)
        if not value or labels.get("model") != "flights":
            continue
        if series.startswith("seakeep_requests_total"):
            found["requests"][labels["role"], int(labels["status"])] += value
        elif series.startswith("seakeep_refusals_total"):
            found["refusals"][labels["reason"]] += value
        elif series.startswith("seakeep_predictions_total"):
            found["rows"][labels["role"]] += value
        elif series.startswith("seakeep_missing_values_total"):
            found["missing"] += value
    return found


def difference(after, before):
    return {name: +(after[name] - before[name]) if name != "missing" else after[name] - before[name] for name in after}


class Clients:
    """Ask in every way at once, and write down what they saw."""

    def __init__(self, server, row):
        self.server, self.row = server, row
        self.requests, self.refusals, self.rows = Counter(), Counter(), Counter()
        self.turn = threading.Lock()

    def saw(self, role, status, answer, rows=0):
        with self.turn:
            self.requests[role, status] += 1
            if status == 200:
                self.rows[role] += rows
            elif "code" in answer:
                self.refusals[answer["code"]] += 1

    def post(self, connection, path, body, media="application/json"):
        connection.request("POST", path, body, {"content-type": media})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def rest(self, _):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        for turn in range(150):
            rows = [self.row] * (1 + turn % 3) if turn % 5 else [{"distance": "far"}]
            status, content = self.post(connection, INFER, json.dumps({"rows": rows}))
            self.saw("pinned", status, json.loads(content), len(rows))
        large = json.dumps({"rows": [{**self.row, "carrier": None}] * 1500})
        for _ in range(3):
            status, content = self.post(connection, INFER, large)
            self.saw("pinned", status, json.loads(content), 1500)
        connection.close()

    def stream(self, _):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        for turn in range(4):
            lines = [json.dumps(self.row).encode()] * 300
            for place in (7, 8, 150, 299)[: turn + 1]:
                lines[place] = b'{"distance": "far"}'
            status, content = self.post(connection, STREAM, b"\n".join(lines), "application/x-ndjson")
            assert status == 200
            answers = [json.loads(line) for line in content.splitlines()]
            bad = [answer for answer in answers if "error" in answer]
            assert (len(answers), len(bad)) == (300, turn + 1)
            with self.turn:
                self.rows["pinned"] += len(answers) - len(bad)
                self.requests["pinned", 400] += len(bad)
                self.refusals.update(answer["code"] for answer in bad)
        connection.close()

    def explain(self, _):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        for turn in range(12):
            rows = [self.row] * 2 if turn % 3 else [{}]
            status, content = self.post(connection, EXPLAIN, json.dumps({"rows": rows}))
            self.saw("explain", status, json.loads(content), len(rows))
        connection.close()

    def grpc(self, _):
        with grpc.insecure_channel(self.server.grpc) as channel:
            call = channel.unary_unary(f"/{SERVICE}/ModelInfer")
            good, bad = asking().SerializeToString(), asking(seats=("FP64", [1.5])).SerializeToString()
            for turn in range(80):
                try:
                    call(good if turn % 4 else bad, timeout=30)
                except grpc.RpcError as error:
                    refusal = json.loads(dict(error.trailing_metadata())["seakeep-refusal-bin"])
                    self.saw("pinned", 429 if refusal["code"] == "too_busy" else 400, refusal)
                else:
                    self.saw("pinned", 200, {}, 1)


def test_a_servers_totals_are_its_clients_own(counted, row):
    """Over REST, gRPC, streams and explanations, under more load than is let in: counted = answered + refused + shed, by reason."""
    before, clients = totals(counted), Clients(counted, row)
    ways = [clients.rest, clients.rest, clients.rest, clients.stream, clients.explain, clients.grpc, clients.grpc]
    together(lambda number: ways[number](number), threads=len(ways))
    found = difference(totals(counted), before)
    assert found["rows"] == clients.rows
    assert found["refusals"] == clients.refusals
    assert found["refusals"]["too_busy"] > 0, "some were turned away"
    parts = found["requests"]["pinned", 200] - clients.requests["pinned", 200]
    assert 8 <= parts < 100, "of streams"
    clients.requests["pinned", 200] += parts
    assert found["requests"] == clients.requests
    assert sum(found["refusals"].values()) == sum(n for (_, status), n in found["requests"].items() if status != 200)


def test_a_stream_that_cannot_begin_is_counted(counted, row):
    before = totals(counted)
    assert counted.ask("POST", STREAM, b"{}", content_type="text/csv")[0] == 415
    assert counted.ask("POST", STREAM, b" \n", content_type="application/x-ndjson")[0] == 400
    found = difference(totals(counted), before)
    assert found["requests"] == {("pinned", 415): 1, ("pinned", 400): 1}
    assert found["refusals"] == {"wrong_content_type": 1, "empty_body": 1}


@pytest.mark.slow
def test_ten_thousand_hostile_names_make_no_series(counted):
    """Whatever clients call models, versions, paths, keys, columns, tokens and priorities: the series are those that were there."""
    before, names = set(counted.metrics()), hostile()
    connection = http.client.HTTPConnection("127.0.0.1", counted.port, timeout=30)
    for number in range(10_000):
        name = next(names)
        path, body, headers = asks(number, name)
        connection.request("POST" if body is not None else "GET", path, body, headers)
        connection.getresponse().read()
    connection.close()
    with grpc.insecure_channel(counted.grpc) as channel:
        call = channel.unary_unary(f"/{SERVICE}/ModelInfer")
        for _ in range(100):
            with pytest.raises(grpc.RpcError):
                call(asking(model=next(names)).SerializeToString(), timeout=30)
    assert set(counted.metrics()) == before


def hostile():
    """Names that no two requests share."""
    random = Random(5)
    for number in itertools.count():
        yield f"{''.join(random.choices(string.ascii_letters + '{}=,', k=8))}{number}"


def asks(number, name):
    """A request that has a hostile name somewhere."""
    quoted, json_type = quote(name), {"content-type": "application/json"}
    return (
        (f"/v2/models/{quoted}/infer", b"{}", json_type),
        (f"/v2/models/flights/versions/{quoted}/infer", b"{}", json_type),
        (f"/{quoted}", None, {}),
        (INFER, json.dumps({"rows": [{name: 1}]}), json_type),
        (INFER, json.dumps({"rows": [{}], "parameters": {"key": name, name: 1}}), {**json_type, "seakeep-key": name}),
        (INFER, b"{}", {**json_type, "authorization": f"Bearer {name}", "seakeep-priority": name}),
        (INFER, b"{}", {"content-type": f"text/{quoted}", "content-encoding": quoted}),
        (f"/v2/models/{quoted}/explain", b"{}", json_type),
        (STREAM, json.dumps({name: 1}), {"content-type": "application/x-ndjson"}),
        (f"/v2/repository/models/{quoted}/load", b"{}", json_type),
    )[number % 10]
