"""The repository: what is listed, loading and unloading in all workers, and models that sleep where memory has a limit."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path

import grpc
import pytest

from seakeep.core import Task
from seakeep.core.errors import MissingExtra
from seakeep.serving.served import Served
from seakeep.serving.server import run
from seakeep.serving.server.fleet import Fleet
from seakeep.serving.server.grpc.messages import SERVICE, messages
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.repository.repository import Repository
from seakeep.serving.server.repository.residents import Residents
from seakeep.serving.server.repository.shelf import Shelf
from seakeep.serving.server.settings import BadSetting, Settings
from seakeep.testing.example_models import example_model

KINDS = messages()
INDEX, CHANGE = "/v2/repository/index", "/v2/repository/models/{}/{}"


@pytest.fixture(scope="module")
def changeable(start, folders):
    """Two workers that load and unload by request."""
    options = ("--repository", "change", "--workers", "2", "--grpc", "127.0.0.1:0")
    with start(*folders.values(), *options) as running:
        running.grpc = running.process.stdout.readline().decode().strip().removeprefix("grpc://")
        yield running


@pytest.fixture
def loaded(changeable):
    """The same, with everything loaded again afterwards."""
    yield changeable
    for entry in index(changeable):
        if entry["state"] == "UNAVAILABLE":
            change(changeable, entry["name"], "load")


def index(server, **asked):
    status, _, entries = server.ask("POST", INDEX, json.dumps(asked).encode())
    assert status == 200
    return entries


def change(server, name, what, body=b""):
    status, _, answer = server.ask("POST", CHANGE.format(name, what), body)
    return status, answer


def ask_grpc(server, method, message, kind):
    channel = grpc.insecure_channel(server.grpc)
    ask = channel.unary_unary(f"/{SERVICE}/{method}", response_deserializer=kind.FromString)
    return ask(message.SerializeToString(), timeout=20)


def states(server, **asked):
    return {entry["name"]: entry["state"] for entry in index(server, **asked)}


def test_the_index_lists_every_release_with_its_state(changeable):
    entries = index(changeable)
    assert [entry["name"] for entry in entries] == ["flights", "three", "minutes"]
    assert {entry["state"] for entry in entries} == {"READY"}
    assert all(entry["version"] for entry in entries)
    told = ask_grpc(changeable, "RepositoryIndex", KINDS.IndexRequest(), KINDS.IndexResponse)
    assert [one.name for one in told.models] == ["flights", "three", "minutes"]


def test_what_is_unloaded_is_refused_by_every_worker_until_it_is_loaded(loaded, row):
    assert change(loaded, "flights", "unload")[0] == 200
    for _ in range(20):  # a connection each: both workers are asked
        status, refusal = loaded.infer({"rows": [row]})
        assert (status, refusal["code"]) == (404, "unloaded_model")
    assert loaded.infer({"rows": [row]}, model="three")[0] == 200
    assert states(loaded) == {"flights": "UNAVAILABLE", "three": "READY", "minutes": "READY"}
    assert "flights" not in states(loaded, ready=True)
    assert loaded.ask("GET", "/v2/models/flights/ready")[0] == 503
    assert loaded.ask("GET", "/v2/health/ready")[0] == 200
    assert change(loaded, "flights", "load")[0] == 200
    assert all(loaded.infer({"rows": [row]})[0] == 200 for _ in range(20))


def test_grpc_loads_and_unloads_as_tritons_and_kserves_messages_ask(loaded, row):
    for message in (KINDS.Change(model_name="three"), KINDS.Change(repository_name="three")):
        told = ask_grpc(loaded, "RepositoryModelUnload", message, KINDS.Changed)
        assert (told.model_name, told.done) == ("three", True)
        assert loaded.infer({"rows": [row]}, model="three")[0] == 404
        assert ask_grpc(loaded, "RepositoryModelLoad", message, KINDS.Changed).done
        assert loaded.infer({"rows": [row]}, model="three")[0] == 200


def test_a_worker_that_replaces_another_knows_what_is_unloaded(loaded, row):
    change(loaded, "minutes", "unload")
    before = loaded.workers
    os.kill(before[0], signal.SIGKILL)
    loaded.until(lambda: len(set(loaded.workers) - set(before)) == 1)
    time.sleep(0.5)
    assert {loaded.infer({"rows": [row]}, model="minutes")[0] for _ in range(20)} == {404}
    assert change(loaded, "minutes", "load") == (200, {})


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (CHANGE.format("flihgts", "load"), b"", 404, "unknown_model"),
        (CHANGE.format("..%2f..%2fetc", "load"), b"", 404, "unknown_model"),
        (CHANGE.format("flights", "reload"), b"", 404, "unknown_path"),
        ("/v2/repository", b"", 404, "unknown_path"),
        ("/v2/repositoryindex", b"", 404, "unknown_path"),
        (CHANGE.format("flights", "load"), b'{"parameters": {"config": "{}"}}', 400, "unknown_member"),
        (CHANGE.format("flights", "load"), b'{"config": 1}', 400, "unknown_member"),
        (INDEX, b'{"ready": 1}', 400, "wrong_structure"),
        (INDEX, b"[", 400, "malformed_json"),
    ],
)
def test_a_wrong_request_is_refused_in_words(changeable, path, body, status, code):
    found, _, refusal = changeable.ask("POST", path, body)
    assert (found, refusal["code"]) == (status, code)
    assert refusal["fix"]


def test_only_posts_are_taken(changeable):
    assert changeable.ask("GET", INDEX)[0] == 405


def test_unload_dependents_is_taken_for_what_it_is(loaded):
    assert change(loaded, "three", "unload", b'{"parameters": {"unload_dependents": true}}')[0] == 200


def test_nothing_changes_where_the_server_was_not_started_so(server):
    status, refusal = change(server, "flights", "unload")
    assert (status, refusal["code"]) == (403, "not_changeable")
    assert len(index(server)) == 3


def test_requests_beside_loading_and_unloading_get_an_answer_or_a_refusal(loaded, row):
    """No 500 and no 503, whatever the moment."""
    found, over = [], threading.Event()

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", loaded.port, timeout=20)
        while not over.is_set():
            connection.request(
                "POST", "/v2/models/three/infer", json.dumps({"rows": [row]}), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            answer.read()
            found.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        assert change(loaded, "three", "unload")[0] == 200
        assert change(loaded, "three", "load")[0] == 200
    over.set()
    for thread in threads:
        thread.join()
    assert set(found) <= {200, 404}
    assert 200 in found


NAMES = tuple(f"small{number}" for number in range(8))


@pytest.fixture(scope="module")
def tight(start, tmp_path_factory):
    """A worker whose memory holds some of eight small models."""
    base = tmp_path_factory.mktemp("small")
    for name in NAMES:
        example_model(Task.REGRESSION, name=name).save(base / name)
    with start(*(base / name for name in NAMES), "--memory-mb", "1", "--repository", "change") as running:
        yield running


def in_memory(server):
    return [entry["name"] for entry in index(server) if not entry["reason"]]


def test_with_little_memory_all_models_answer_and_few_are_loaded(tight, row):
    assert tight.ask("GET", "/v2/health/ready")[0] == 200
    assert set(states(tight).values()) == {"READY"}
    expected = tight.infer({"rows": [row]}, model=NAMES[0])[1]["predictions"]
    for name in NAMES * 2:
        status, answer = tight.infer({"rows": [row]}, model=name)
        assert (status, answer["predictions"], answer["model"]) == (200, expected, name)
        assert name in in_memory(tight)
        assert len(in_memory(tight)) <= 4
    assert sum(count for series, count in tight.metrics().items() if series.startswith("seakeep_reloads")) >= 8


def test_who_is_asked_again_and_again_stays(tight, row):
    for name in NAMES[1:5]:
        tight.infer({"rows": [row]}, model=NAMES[0])
        time.sleep(0.3)  # longer than from one look at the counters to the next
        tight.infer({"rows": [row]}, model=name)
        assert NAMES[0] in in_memory(tight)


def test_many_who_ask_for_a_sleeping_model_wait_for_one_making(tight, row):
    found = []

    def ask(name):
        found.append(tight.infer({"rows": [row]}, model=name)[0])

    threads = [threading.Thread(target=ask, args=(name,)) for name in NAMES * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * len(threads)


def test_a_sleeping_model_tells_of_itself_and_can_be_unloaded(tight, row):
    asleep = next(name for name in NAMES if name not in in_memory(tight))
    assert tight.ask("GET", f"/v2/models/{asleep}")[2]["inputs"]
    assert tight.ask("GET", f"/v2/models/{asleep}/ready")[0] == 200
    assert change(tight, asleep, "unload")[0] == 200
    assert tight.infer({"rows": [row]}, model=asleep)[0] == 404
    assert change(tight, asleep, "load")[0] == 200
    assert tight.infer({"rows": [row]}, model=asleep)[0] == 200


def test_the_longest_unasked_makes_room():
    residents = Residents(100_000_000)
    loaded = [(name, "1", name) for name in "abc"]
    for identity in loaded:
        residents.took(identity, 40_000_000)
    residents.seen({loaded[0]: 5.0})
    assert residents.victims(loaded, kept=[]) == [loaded[1]]
    assert residents.victims(loaded, kept=[loaded[1]]) == [loaded[2]]
    assert residents.victims(loaded, kept=loaded) == []
    assert Residents(0).victims(loaded, kept=[]) == []


@pytest.fixture
def sleeping(tmp_path):
    """A fleet of two models with memory for one, the first of which sleeps; with what fails while an engine is made, and its shelf."""
    failures = []

    def make(served):
        if failures:
            raise failures.pop()
        return served.name

    served = [Served.of(example_model(Task.REGRESSION, name=name)) for name in NAMES[:2]]
    shelf = Shelf(tmp_path, ready=".ready")
    made = {"make": make, "logs": {}, "metrics": Metrics(tmp_path), "folder": tmp_path, "shelf": shelf}
    fleet = Fleet(served, (), memory_bytes=1, **made)
    fleet.load()
    return fleet, served[0], failures, shelf


def test_a_model_that_could_not_be_woken_once_is_woken_the_next_time(sleeping):
    fleet, served, failures, _ = sleeping
    failures.append(MemoryError())
    with pytest.raises(MemoryError):
        fleet.wake(served)
    assert fleet.wake(served) == served.name


def test_a_shelf_that_cannot_be_read_for_a_moment_is_read_at_the_next_look(sleeping, tmp_path):
    fleet, served, _, shelf = sleeping
    shelf.put(served.name, unloaded=True)
    kept = (tmp_path / "unloaded.json").read_text()
    (tmp_path / "unloaded.json").write_text("torn")
    fleet.look_at_shelf()
    assert fleet.board.places[served.name].ready
    (tmp_path / "unloaded.json").write_text(kept)
    fleet.look_at_shelf()
    assert not fleet.board.places[served.name].ready


def test_a_model_that_could_not_be_loaded_once_is_loaded_at_a_later_look(sleeping):
    fleet, served, failures, shelf = sleeping
    shelf.put(served.name, unloaded=True)
    fleet.look_at_shelf()
    revision = shelf.put(served.name, unloaded=False)
    failures.append(MemoryError())
    fleet.look_at_shelf()
    assert not fleet.board.places[served.name].ready
    fleet.look_at_shelf()
    assert fleet.board.places[served.name].ready
    assert shelf._taken(os.getpid()) == revision


def test_changes_wait_in_threads_of_their_own(sleeping, monkeypatch):
    """Many that wait for a worker that hangs leave every other thread free; one whose client leaves is done all the same."""
    fleet, served, _, shelf = sleeping
    go, done, repository = threading.Event(), [], Repository(fleet, shelf)
    monkeypatch.setattr(Shelf, "all_took", lambda *_, seconds: go.wait(20) and not done.append(1))

    async def run():
        loop = asyncio.get_running_loop()
        path = CHANGE.format(served.name, "unload")
        tasks = [asyncio.ensure_future(repository.answer("POST", path, b"")) for _ in range(20)]
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        await asyncio.gather(*(loop.run_in_executor(None, int) for _ in range(8)))
        status, _, content = await repository.answer("POST", INDEX, b"")
        took = time.monotonic() - begun
        tasks[0].cancel()
        go.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        return took, status, json.loads(content), found

    took, status, entries, found = asyncio.run(run())
    repository._threads.shutdown()
    assert len(done) == 20
    assert took < 1
    assert status == 200
    assert {entry["name"]: entry["state"] for entry in entries}[served.name] == "UNAVAILABLE"
    assert [each[0] for each in found[1:]] == [200] * 19


def test_twenty_who_load_and_unload_one_model_leave_it_in_one_state(loaded, row):
    gate, found = threading.Barrier(20), []

    def ask(number):
        gate.wait()
        found.extend(change(loaded, "minutes", ("load", "unload")[(number + turn) % 2])[0] for turn in range(2))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {200}
    state = states(loaded)["minutes"]
    asked = {loaded.infer({"rows": [row]}, model="minutes")[0] for _ in range(20)}
    assert asked == ({200} if state == "READY" else {404})


def test_fifty_loads_leave_no_memory_behind(start, folders):
    with start(folders["three"], "--repository", "change") as server:

        def resident():
            return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in server.workers) * 4096

        def cycle(times):
            for _ in range(times):
                assert change(server, "three", "unload")[0] == 200
                assert change(server, "three", "load")[0] == 200

        cycle(10)
        before = resident()
        cycle(50)
        assert resident() - before < 4_000_000


def test_the_shelf_waits_for_who_lives_and_for_nobody_else(tmp_path):
    shelf = Shelf(tmp_path, ready=".ready")
    (tmp_path / f"{os.getpid()}.ready").touch()
    (tmp_path / "4194999.ready").touch()  # beyond the largest process id
    assert shelf.changed() is None
    revision = shelf.put("a", unloaded=True)
    assert not shelf.all_took(revision, seconds=0.02)
    found = shelf.changed()
    assert (found.revision, found.names) == (revision, {"a"})
    assert shelf.changed() is None
    shelf.took(revision)
    assert shelf.all_took(revision, seconds=0.02)
    assert shelf.put("a", unloaded=False) == revision + 1
    assert shelf.changed().names == frozenset()


def test_the_guides_commands_do_what_it_says(loaded):
    guide = (Path(__file__).parents[2] / "docs/guides/serve-grpc.md").read_text("utf-8")
    commands = [line for line in guide.splitlines() if line.startswith("curl")]
    assert len(commands) == 3
    for command in commands:
        own = command.replace("127.0.0.1:8080", f"127.0.0.1:{loaded.port}").replace("trips", "flights")
        done = subprocess.run(shlex.split(own), capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        assert answer == {} if "models/" in own else [one["name"] for one in answer] == list(states(loaded))
    assert states(loaded)["flights"] == "READY"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"repository": "all"}, "repository is 'all', expected 'look' or 'change'"),
        ({"memory_mb": -1}, "memory_mb is -1, expected 0, or a number of MiB"),
        ({"grpc": "9000"}, "grpc is '9000', expected HOST:PORT"),
        ({"grpc": "localhost:70000"}, "expected HOST:PORT"),
        ({"grpc": "localhost:٣"}, "expected HOST:PORT"),
    ],
)
def test_a_setting_that_cannot_be_is_told(setting, words):
    with pytest.raises(BadSetting, match=words):
        Settings(**setting)


def test_without_the_extra_the_line_that_installs_it_is_told(monkeypatch, folders):
    monkeypatch.setattr(run, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'seakeep\[grpc\]'"):
        run.serve([folders["flights"]], grpc="127.0.0.1:0")
