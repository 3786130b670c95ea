"""Sinks get every finished file at least once, under names that stay, while they fail, go away and are killed; workers notice nothing."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time

import polars as pl
import pytest

from seakeep.core import locks
from seakeep.core.files import write_text
from seakeep.integrations._sinks.delivery import Delivery, NotDelivered
from seakeep.integrations._sinks.events import Event
from seakeep.integrations._sinks.folder import FolderSink
from seakeep.integrations._sinks.nats import BadNats
from seakeep.integrations._sinks.nats import open_sink as open_nats
from seakeep.prediction_log import Header, Layout, PredictionLog, Record, Spool
from seakeep.prediction_log.compaction import compact
from seakeep.prediction_log.outbox import box, waiting
from seakeep.prediction_log.parts import convert
from seakeep.prediction_log.retention import remove
from seakeep.serving.server.families import SINK_LAG, SINK_TAKES, SINK_WAITING
from seakeep.serving.server.sinks import told_sinks
from seakeep.serving.shipping import Shipper

ONE = "a" * 64
NOON = 1_383_566_400_000_000  # 2013-11-04 12:00 UTC
HEADER = Header("flight delay", ONE, 1, "binary", (("distance", "number"),), (False, True))
NEVER = threading.Event()


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    """Shippers that a test made, closed at its end."""
    made, begin = [], Shipper.__init__

    def kept(self, *given, **named):
        begin(self, *given, **named)
        made.append(self)

    monkeypatch.setattr(Shipper, "__init__", kept)
    yield
    for one in made:
        one.close()


@pytest.fixture
def log(tmp_path):
    return Layout.of(tmp_path / "home", "flight delay")


def put(log, *numbers, boot="boot", **given):
    spool = Spool(log.spool, boot=boot)
    spool.describe(HEADER)
    for number in numbers:
        own = {"columns": [[float(number)]], "scores": [0.25, 0.75], "decisions": [1], **given}
        spool.append(Record(NOON + number, f"q{number:04}", ONE, "champion", 3, 1.5, 1, **own))
    assert spool.close()
    convert(log)


def ids(log):
    return sorted(PredictionLog(log).scan().collect()["@id"])


class Receiver(http.server.ThreadingHTTPServer):
    """answers: statuses by arrival, 200 after them. got: ids and kinds of events that were taken. idle_seconds: after which it closes a
    connection. answer_bytes: of what it says.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got, self.bodies, self.answers = [], [], []
        self.idle_seconds, self.answer_bytes = None, 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/in"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        self.timeout = self.server.idle_seconds
        super().setup()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status = self.server.answers.pop(0) if self.server.answers else 200
        if status < 300:
            self.server.got.append((self.headers["ce-id"], self.headers["ce-type"].rpartition(".")[2]))
            self.server.bodies.append(json.loads(body))
        self.send_response(status)
        self.send_header("content-length", str(self.server.answer_bytes))
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(0, self.server.answer_bytes, 100_000):
                self.wfile.write(bytes(100_000))

    def log_message(self, *given):
        pass


@pytest.fixture
def receiver():
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


# Folders


def test_a_folder_becomes_a_log_of_its_own(log, tmp_path):
    shipper = Shipper(str(tmp_path / "copy"), [log], tmp_path)
    put(log, 1, 2, 3)
    PredictionLog(log).add_labels(pl.DataFrame({"id": ["q0002.0"], "late": [True]}), label="late", id="id")
    shipper.look(NEVER)
    copy = PredictionLog.of(tmp_path / "copy", "flight delay")
    assert copy.scan().collect().sort("@id").equals(PredictionLog(log).scan().collect().sort("@id"))
    assert copy.scan().collect()["@label"].drop_nulls().to_list() == [True]
    assert waiting(log, str(tmp_path / "copy")) == []


def test_servers_of_two_homes_send_to_one_folder(log, tmp_path):
    other = Layout.of(tmp_path / "other", "flight delay")
    for number, one in enumerate((log, other)):
        shipper = Shipper(f"file://{tmp_path}/both%20of%20them", [one], tmp_path)
        put(one, number)
        shipper.look(NEVER)
    assert ids(Layout.of(tmp_path / "both of them", "flight delay")) == ["q0000.0", "q0001.0"]


def test_what_was_finished_before_a_sink_was_named_is_not_sent(log, tmp_path):
    put(log, 1)
    shipper = Shipper(str(tmp_path / "copy"), [log], tmp_path)
    put(log, 2)
    shipper.look(NEVER)
    assert ids(Layout.of(tmp_path / "copy", "flight delay")) == ["q0002.0"]


def test_what_waits_is_sent_though_it_was_compacted_and_removed_meanwhile(log, tmp_path):
    import datetime as dt

    shipper = Shipper(str(tmp_path / "copy"), [log], tmp_path)
    for number in range(3):
        put(log, number, boot=f"b{number}")
    compact(log, now=dt.datetime(2013, 11, 4, 18, tzinfo=dt.UTC))
    remove(log, before=dt.datetime(2013, 11, 5, tzinfo=dt.UTC))
    assert ids(log) == []
    shipper.look(NEVER)
    assert ids(Layout.of(tmp_path / "copy", "flight delay")) == ["q0000.0", "q0001.0", "q0002.0"]


def test_what_nobody_sends_any_more_goes_with_its_age(log, tmp_path):
    import datetime as dt

    Shipper(str(tmp_path / "copy"), [log], tmp_path)
    put(log, 1)
    assert remove(log, before=dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).unsent == 1
    assert waiting(log, str(tmp_path / "copy")) == []


def test_a_file_system_without_links_gets_copies(log, tmp_path, monkeypatch):
    def refuse(*given):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    shipper = Shipper(str(tmp_path / "copy"), [log], tmp_path)
    put(log, 1)
    shipper.look(NEVER)
    assert ids(Layout.of(tmp_path / "copy", "flight delay")) == ["q0001.0"]


def test_two_servers_on_one_log_send_one_at_a_time(log, tmp_path):
    address = str(tmp_path / "copy")
    shipper = Shipper(address, [log], tmp_path)
    put(log, 1)
    with locks.alone(box(log, address).with_suffix(".lock")):
        shipper.look(NEVER)
        assert len(waiting(log, address)) == 1
    shipper.look(NEVER)
    assert waiting(log, address) == []


# Faults


def test_a_sink_that_is_away_is_told_once_and_gets_all_when_it_is_back(log, tmp_path, caplog):
    copy = tmp_path / "copy"
    write_text(copy, "a file where a folder should be")
    shipper = Shipper(str(copy), [log], tmp_path)
    for number in range(3):
        put(log, number, boot=f"b{number}")
        shipper.look(NEVER)
    told = {family: value for family, labels, value in told_sinks(tmp_path, ["flight delay"])}
    assert (told[SINK_WAITING], told[SINK_TAKES]) == (3, 0)
    assert told[SINK_LAG] >= 0
    assert len([one for one in caplog.records if "takes no predictions now" in one.message]) == 1
    copy.unlink()
    shipper.look(NEVER)
    assert len(ids(Layout.of(copy, "flight delay"))) == 3
    told = {family: (labels, value) for family, labels, value in told_sinks(tmp_path, ["flight delay"])}
    assert told[SINK_WAITING] == (("flight delay", "0-folder"), 0)
    assert told[SINK_TAKES][1] == 1
    assert any("takes predictions again" in one.message for one in caplog.records)


def test_pauses_grow_while_a_sink_is_away_and_a_second_sink_does_not_wait(log, tmp_path):
    away, there = Shipper("/proc/none", [log], tmp_path), Shipper(str(tmp_path / "copy"), [log], tmp_path, number=1)
    put(log, 1)
    for _ in range(10):
        away.look(NEVER)
    there.look(NEVER)
    assert away._pause == 60
    assert ids(Layout.of(tmp_path / "copy", "flight delay")) == ["q0001.0"]


def test_a_sink_of_an_unknown_kind_harms_nobody_and_names_those_that_are(log, tmp_path, caplog):
    shipper = Shipper("kafka://broker:9092/topic", [log], tmp_path)
    put(log, 1)
    shipper.look(NEVER)
    assert "kafka" in caplog.text
    assert "nats" in caplog.text
    assert ids(log) == ["q0001.0"]


def test_a_kill_between_sending_and_forgetting_sends_it_again_under_the_same_name(log, tmp_path):
    code = (
        "import os, sys, threading; from pathlib import Path; from seakeep.prediction_log import Layout, outbox\n"
        "from seakeep.prediction_log.outbox import Parcel; from seakeep.serving.shipping import Shipper\n"
        "Parcel.taken = lambda self: os.kill(os.getpid(), 9)\n"
        f"Shipper({str(tmp_path / 'copy')!r}, [Layout(Path({str(log.root)!r}))], Path({str(tmp_path)!r})).look(threading.Event())\n"
    )
    shipper = Shipper(str(tmp_path / "copy"), [log], tmp_path)
    put(log, 1)
    killed = subprocess.run([sys.executable, "-c", code.replace(", outbox", "")], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    copy = Layout.of(tmp_path / "copy", "flight delay")
    before = sorted(path.name for path in copy.parts.rglob("*.parquet"))
    shipper.look(NEVER)
    assert sorted(path.name for path in copy.parts.rglob("*.parquet")) == before
    assert ids(copy) == ["q0001.0"]


def test_the_logs_own_home_is_no_sink(log, tmp_path, caplog):
    shipper = Shipper(str(tmp_path / "home"), [log], tmp_path)
    put(log, 1)
    shipper.look(NEVER)
    assert f"the sink {tmp_path / 'home'} is the home of the log itself" in caplog.text
    assert "serve.log_sinks" in caplog.text
    assert ids(log) == ["q0001.0"]


def test_a_sink_that_hangs_falls_behind_in_the_metrics(log, tmp_path, monkeypatch):
    """Its thread says nothing more; what waits is told before, and how long is counted when it is asked."""
    shipper = Shipper(str(tmp_path / "copy"), [log], tmp_path)
    put(log, 1)
    hangs = threading.Event()
    monkeypatch.setattr(FolderSink, "take", lambda self, log, parcel: hangs.wait(20))
    thread = threading.Thread(target=shipper.look, args=(NEVER,))
    thread.start()

    def lag():
        return {family: value for family, _, value in told_sinks(tmp_path, ["flight delay"])}

    while not lag():
        pass
    first = lag()
    assert first[SINK_WAITING] == 1
    assert lag()[SINK_LAG] > first[SINK_LAG] > 0
    hangs.set()
    thread.join()
    assert lag() == {SINK_WAITING: 0, SINK_LAG: 0, SINK_TAKES: 1}


# Events


def test_a_receiver_that_closes_connections_that_are_idle_is_not_told_to_be_away(log, tmp_path, receiver, caplog):
    shipper = Shipper(receiver.url, [log], tmp_path)
    receiver.idle_seconds = 0.05
    for number in range(3):
        put(log, number, boot=f"b{number}")
        shipper.look(NEVER)
        time.sleep(0.15)
    assert len(receiver.got) == 6
    assert caplog.messages == []


def test_requests_whose_release_is_not_described_wait(log, tmp_path, receiver, caplog):
    shipper = Shipper(receiver.url, [log], tmp_path)
    put(log, 1)
    (path,) = log.releases.glob("*.json")
    whole = path.read_bytes()
    path.write_bytes(b"")
    shipper.look(NEVER)
    assert f"{path} is missing or damaged" in caplog.text
    assert len(waiting(log, receiver.url)) == 1
    path.write_bytes(whole)
    shipper.look(NEVER)
    assert len(receiver.got) == 2


def test_no_more_of_an_answer_is_read_than_anybody_needs(receiver):
    receiver.answer_bytes = 50_000_000
    delivery = Delivery(receiver.url, attempts=1)
    for _ in range(3):
        delivery.send(Event({"id": "1", "type": "t", "specversion": "1.0", "source": "/"}, {}))
    assert delivery.delivered == 3
    delivery.close()


def test_a_key_in_an_address_is_in_no_message(receiver):
    receiver.answers = [404]
    delivery = Delivery(f"{receiver.url}?sig=SECRET", attempts=1)
    with pytest.raises(NotDelivered) as caught:
        delivery.send(Event({"id": "1", "type": "t", "specversion": "1.0", "source": "/"}, {}))
    delivery.close()
    assert "SECRET" not in str(caught.value)
    assert "?sig=***" in str(caught.value)


def test_each_request_and_its_answer_reach_a_receiver_of_cloudevents(log, tmp_path, receiver):
    shipper = Shipper(receiver.url, [log], tmp_path)
    put(log, 1, 2, sampled=0.25)
    PredictionLog(log).add_labels(pl.DataFrame({"id": ["q0002.0"], "late": [True]}), label="late", id="id")
    shipper.look(NEVER)
    assert receiver.got == [(name, kind) for name in ("q0001", "q0002") for kind in ("request", "response")]
    assert receiver.bodies[0]["inputs"][0]["data"] == [1.0]
    assert receiver.bodies[1]["parameters"]["sampled"] == 0.25
    assert waiting(log, receiver.url) == []


def test_a_file_that_was_sent_in_part_goes_on_after_the_last_batch(log, tmp_path, receiver):
    shipper = Shipper(receiver.url, [log], tmp_path)
    put(log, *range(250))
    receiver.answers = [200] * 450 + [503]
    shipper.look(NEVER)
    (parcel,) = waiting(log, receiver.url)
    assert parcel.done == 200
    Shipper(receiver.url, [log], tmp_path).look(NEVER)
    requests = [name for name, kind in receiver.got if kind == "request"]
    assert set(requests) == {f"q{number:04}" for number in range(250)}
    assert len(requests) - 250 <= 100
    assert waiting(log, receiver.url) == []
    assert list(box(log, receiver.url).iterdir()) == []


def test_shadows_and_refused_requests_are_no_events(log, tmp_path, receiver):
    shipper = Shipper(receiver.url, [log], tmp_path)
    put(log, 1, outcome="refused", columns=[], scores=b"", decisions=[])
    shipper.look(NEVER)
    assert receiver.got == []
    assert waiting(log, receiver.url) == []


def test_a_server_sends_what_its_scribe_has_finished(start, release, keyed, row, tmp_path):
    made = release(keyed(1))
    copy = tmp_path / "copy"
    with start("--follow", "flights", "--home", made.home, "--log-sinks", f"{copy},/proc/none") as server:
        base = server.infer({"rows": [row]})[1]["prediction_id"]
        log = Layout.of(made.home, "flights")
        server.until(lambda: box(log, str(copy)).is_dir() and ids(log) == [f"{base}.0"])
        (worker,) = server.workers
        os.kill(worker, signal.SIGKILL)  # its spool is finished by its death
        server.until(lambda: convert(log, wait=False).spools == 1 or not list(log.spool.iterdir()))
        server.until(lambda: copy.is_dir() and ids(Layout.of(copy, "flights")) == [f"{base}.0"])
        server.until_ready()
        takes = 'seakeep_log_sink_takes{{model="flights",sink="{}-folder"}}'.format
        server.until(lambda: server.metrics().get(takes(0)) == 1 and server.metrics().get(takes(1)) == 0)
        assert ids(Layout.of(copy, "flights")) == [f"{base}.0"]


@pytest.mark.parametrize("address", ["nats://", "nats://host/a b", "nats://host/>", "http://host/a"])
def test_an_address_that_is_none_of_nats_is_refused(address):
    with pytest.raises(BadNats) as caught:
        open_nats(address)
    assert str(caught.value).startswith(f"{address!r} is no address of NATS")
    assert "serve.log_sinks" in str(caught.value)


def test_a_server_whose_own_folder_cannot_be_written_sends_all_the_same(log, tmp_path):
    put(log, 1)
    (tmp_path / "file").touch()
    shipper = Shipper(str(tmp_path / "sink"), [log], tmp_path / "file" / "server")
    put(log, 2, boot="later")
    shipper.look(NEVER)
    assert not waiting(log, str(tmp_path / "sink"))
    assert ids(Layout.of(tmp_path / "sink", log.name)) == ["q0002.0"]
