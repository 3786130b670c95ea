"""The payload log as CloudEvents: what an event is, to a file, to a real receiver that refuses, fails and goes away; and the SDK."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from seakeep.cli._main import code_of
from seakeep.core import locks
from seakeep.core.errors import UsageError
from seakeep.integrations._sinks import cloudevents
from seakeep.integrations._sinks.cloudevents import Busy, Delivery, Origin, Span, cursor_file, send, write
from seakeep.integrations._sinks.delivery import BadSink, NotDelivered
from seakeep.pipeline import payloads
from seakeep.prediction_log import Header, PredictionLog, Record, Spool

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".platforms/kserve/bin/python"
ONE, TWO = "a" * 64, "b" * 64
NOON = 1_383_566_400_000_000  # 2013-11-04 12:00 UTC
HOUR = 3_600_000_000
LATE = Header(
    "flight delay",
    ONE,
    1,
    "binary",
    (("distance", "number"), ("carrier", "string"), ("seats", "integer"), ("fresh", "boolean"), ("due", "timestamp")),
    (False, True),
)
MINUTES = Header("flight delay", TWO, 2, "regression", (("distance", "number"),))
ORIGIN = Origin("flight-delay", "ml")
ATTRIBUTES = ("specversion", "id", "source", "type", "time", "datacontenttype")
EXTENSIONS = ("inferenceservicename", "namespace", "component", "endpoint", "metadata")


def asked(number, *, time=NOON, release=ONE, role="champion", rows=1, **given):
    columns = [[float(number)] * rows] if release == TWO else None
    columns = columns or [[float(number)] * rows, ["ü,"] * rows, [None] * rows, [True] * rows, [time] * rows]
    scores = [number / 2] * rows if release == TWO else [0.25, 0.75] * rows
    decisions = [] if release == TWO else [1] * rows
    own = {"columns": columns, "scores": scores, "decisions": decisions, **given}
    return Record(time, f"q{number}", release, role, 3, 1.5, rows, **own)


@pytest.fixture
def log(tmp_path):
    return PredictionLog.of(tmp_path / ".seakeep", "flight delay")


def put(log, *records, boot="boot"):
    spool = Spool(log.layout.spool, boot=boot)
    spool.describe(LATE)
    spool.describe(MINUTES)
    for record in records:
        spool.append(record)
    assert spool.flush()
    assert spool.close()


def lines(log, path, **span):
    write(log, path, ORIGIN, Span(**span))
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class Receiver(http.server.ThreadingHTTPServer):
    """A real receiver. answers: status by arrival, 200 after them."""

    def __init__(self, answers=()):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got, self.answers = [], list(answers)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/in?a=1"

    @property
    def taken(self):
        return [(one["headers"]["ce-id"], one["headers"]["ce-type"].rpartition(".")[2]) for one in self.got]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status = self.server.answers.pop(0) if self.server.answers else 200
        if status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if status < 300:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.got.append({"headers": headers, "body": body.decode()})
        self.send_response(status)
        self.send_header("content-length", "5")
        self.end_headers()
        self.wfile.write(b"words")

    def log_message(self, *given):
        pass


@contextlib.contextmanager
def receiver(*answers):
    with Receiver(answers) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def delivery(url, **given):
    return Delivery(url, pause=lambda seconds: None, **given)


# What an event is


def test_a_request_and_its_answer_are_two_events_with_one_id(log, tmp_path):
    put(log, asked(7, rows=2, dealt="UA-1", keys=["UA-1", "UA-1"]))
    request, response = lines(log, tmp_path / "a.jsonl")
    assert set(request) == {*ATTRIBUTES, *EXTENSIONS, "data"}
    assert request | {"data": None} == {
        "specversion": "1.0",
        "id": "q7",
        "source": "/v2/models/flight%20delay/versions/1",
        "type": "org.kubeflow.serving.inference.request",
        "time": "2013-11-04T12:00:00Z",
        "datacontenttype": "application/json",
        "inferenceservicename": "flight-delay",
        "namespace": "ml",
        "component": "predictor",
        "endpoint": "default",
        "metadata": '{"seakeep-key": ["UA-1"]}',
        "data": None,
    }
    assert request["data"] == {
        "id": "q7",
        "inputs": [
            {"name": "distance", "datatype": "FP64", "shape": [2], "data": [7.0, 7.0]},
            {"name": "carrier", "datatype": "BYTES", "shape": [2], "data": ["ü,", "ü,"]},
            {"name": "seats", "datatype": "INT64", "shape": [2], "data": [None, None]},
            {"name": "fresh", "datatype": "BOOL", "shape": [2], "data": [True, True]},
            {"name": "due", "datatype": "INT64", "shape": [2], "data": [NOON, NOON]},
        ],
    }
    assert (response["type"], response["time"]) == (
        "org.kubeflow.serving.inference.response",
        "2013-11-04T12:00:00.001500Z",
    )
    assert response["data"]["outputs"] == [
        {"name": "probabilities", "datatype": "FP32", "shape": [2, 2], "data": [0.25, 0.75, 0.25, 0.75]},
        {"name": "label", "datatype": "BOOL", "shape": [2], "data": [True, True]},
    ]
    assert response["data"]["parameters"] == {"release": ONE, "prediction_id": "q7"}


def test_a_regression_answers_values_and_a_challenger_is_the_canary(log, tmp_path):
    put(log, asked(3, release=TWO, role="challenger", scores=[float("nan")]))
    _, response = lines(log, tmp_path / "a.jsonl")
    assert response["data"]["outputs"] == [{"name": "value", "datatype": "FP32", "shape": [1], "data": [None]}]
    assert (response["endpoint"], response["metadata"]) == ("canary", "{}")


def test_shadows_refusals_and_failures_give_no_events(log, tmp_path):
    put(log, asked(1), asked(1, release=TWO, role="shadow"), asked(2, outcome="refused", columns=(), scores=b""))
    assert [one["id"] for one in lines(log, tmp_path / "a.jsonl")] == ["q1", "q1"]


def test_events_come_in_the_order_of_time_over_hours_releases_and_spools(log, tmp_path):
    put(log, asked(1, time=NOON + 2 * HOUR), asked(2, release=TWO, time=NOON + 1))
    log.convert()
    put(log, asked(3, time=NOON + HOUR), asked(4, time=NOON), boot="other")
    assert [one["id"] for one in lines(log, tmp_path / "a.jsonl")][::2] == ["q4", "q2", "q3", "q1"]
    since = dt.datetime(2013, 11, 4, 13, tzinfo=dt.UTC)
    assert [one["id"] for one in lines(log, tmp_path / "b.jsonl", since=since)][::2] == ["q3", "q1"]
    assert [one["id"] for one in lines(log, tmp_path / "c.jsonl", releases=("bb",))][::2] == ["q2"]


def test_a_log_without_rows_is_an_empty_file(log, tmp_path):
    assert lines(log, tmp_path / "a.jsonl") == []


# To a receiver


def test_a_receiver_gets_each_event_once_in_order_and_the_next_call_goes_on(log):
    put(log, *(asked(number, time=NOON + number) for number in range(3)))
    with receiver() as there:
        assert send(log, delivery(there.url), ORIGIN, Span()) == 6
        assert there.taken == [(f"q{number}", kind) for number in range(3) for kind in ("request", "response")]
        headers = there.got[0]["headers"]
        assert {name for name in headers if name.startswith("ce-")} == {
            f"ce-{name}" for name in (*ATTRIBUTES[:-1], *EXTENSIONS)
        }
        assert headers["content-type"] == "application/json"
        assert headers["ce-source"] == "/v2/models/flight%2520delay/versions/1"
        assert send(log, delivery(there.url), ORIGIN, Span()) == 0
        put(log, asked(9, time=NOON + 9), boot="later")
        assert send(log, delivery(there.url), ORIGIN, Span()) == 2
        again = Span(since=dt.datetime(2013, 11, 4, tzinfo=dt.UTC))
        assert send(log, delivery(there.url), ORIGIN, again) == 8


def test_requests_that_may_still_be_overtaken_wait(log):
    put(log, asked(1), asked(2, time=NOON + HOUR))
    moment = dt.datetime(2013, 11, 4, 13, 1, 59, tzinfo=dt.UTC)
    with receiver() as there:
        assert send(log, delivery(there.url), ORIGIN, Span(), now=moment) == 2
        assert send(log, delivery(there.url), ORIGIN, Span(), now=moment + dt.timedelta(seconds=2)) == 2


@pytest.mark.parametrize("trouble", [0, 408, 429, 500, 503])
def test_a_receiver_that_is_busy_is_asked_again(log, trouble):
    put(log, asked(1))
    paused = []
    with receiver(trouble, trouble, 200, trouble) as there:
        own = Delivery(there.url, pause=paused.append)
        assert send(log, own, ORIGIN, Span()) == 2
        assert there.taken == [("q1", "request"), ("q1", "response")]
    assert paused == [0.5, 1.0, *([0.5] if trouble else [])]  # an open connection that breaks is tried anew at once


def test_a_receiver_that_stays_away_ends_the_delivery_where_it_is(log):
    put(log, *(asked(number, time=NOON + number) for number in range(3)))
    with receiver(200, 200, 200, *[503] * 6) as there:
        with pytest.raises(NotDelivered) as caught:
            send(log, delivery(there.url), ORIGIN, Span())
        assert str(caught.value) == (
            f"{there.url} did not take an event in 6 attempts: 503 words (after 3 delivered events)\n"
            "  The receiver is away or overloaded.\n"
            "  Run the same command again when it is back: it goes on where it stopped."
        )
        assert send(log, delivery(there.url), ORIGIN, Span()) == 4  # the half request comes again, under its id
        assert [one for one, _ in there.taken] == ["q0", "q0", "q1", "q1", "q1", "q2", "q2"]


def test_a_receiver_that_refuses_is_not_asked_again(log):
    put(log, asked(1))
    with receiver(400) as there:
        with pytest.raises(NotDelivered) as caught:
            send(log, delivery(there.url), ORIGIN, Span())
        assert there.answers == []
        text = str(caught.value)
        assert text.startswith(f"{there.url} refused the event q1 with 400: words (after 0 delivered events)\n")
        assert "Try it by hand: curl" in text
        assert not cursor_file(log, there.url).exists()


def test_the_cursor_is_kept_within_a_delivery_too(log, monkeypatch):
    monkeypatch.setattr(cloudevents, "BATCH_REQUESTS", 2)
    kept = []
    real = cloudevents._keep
    monkeypatch.setattr(
        cloudevents, "_keep", lambda place, url, taken: (kept.append(taken.id), real(place, url, taken))
    )
    put(log, *(asked(number, time=NOON + number) for number in range(5)))
    with receiver() as there:
        send(log, delivery(there.url), ORIGIN, Span())
    assert kept == ["q1", "q3", "q4"]


def test_a_killed_delivery_goes_on_with_at_most_a_batch_again(log):
    put(log, *(asked(number, time=NOON + number) for number in range(300)))
    given = ["predictions", "flight delay", "--home", str(log.layout.root.parents[1]), "--cloudevents"]
    with receiver() as there:
        command = [sys.executable, "-c", "from seakeep.cli import main; main()", *given, there.url]
        with subprocess.Popen(command) as process:
            while len(there.got) < 350:
                assert process.poll() is None
                time.sleep(0.001)
            process.kill()
        before = len({one for one, _ in there.taken})
        assert 175 <= before < 300
        assert code_of([*given, there.url]) == 0
        assert {one for one, _ in there.taken} == {f"q{number}" for number in range(300)}
        assert len(there.got) <= 600 + 2 * 100


def test_two_do_not_send_to_one_address_at_once(log):
    put(log, asked(1))
    place = cursor_file(log, "http://127.0.0.1:9/")
    with locks.alone(place.with_suffix(".lock")), pytest.raises(Busy) as caught:
        send(log, delivery("http://127.0.0.1:9/"), ORIGIN, Span())
    assert str(caught.value) == (
        "another process sends this log to http://127.0.0.1:9/ now\n"
        "  Two would send every event twice.\n"
        "  Wait for it to end."
    )


@pytest.mark.parametrize("url", ["http://", "http://host:99999/", "http://host:0/", "https:///a", "http://[::1"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(BadSink) as caught:
        Delivery(url)
    assert str(caught.value) == (
        f"{url!r} is no address that events can be sent to\n"
        "  Expected http:// or https:// and a host.\n"
        "  --cloudevents http://HOST:PORT/PATH, or a file that ends in .jsonl"
    )


def test_a_password_in_an_address_is_refused_and_not_told():
    with pytest.raises(BadSink) as caught:
        Delivery("http://me:hidden@host/")
    assert "hidden" not in str(caught.value)
    assert "holds a password" in str(caught.value)


# The verb


def test_the_verb_writes_a_file_once(log, tmp_path, capsys):
    put(log, asked(1))
    given = ["predictions", "flight delay", "--home", str(log.layout.root.parents[1])]
    path = tmp_path / "a.jsonl"
    assert code_of([*given, "--cloudevents", str(path), "--service", "delays", "--namespace", "air"]) == 0
    assert "2 events of flight delay to" in capsys.readouterr().out
    event = json.loads(path.read_text().splitlines()[0])
    assert (event["inferenceservicename"], event["namespace"]) == ("delays", "air")
    assert code_of([*given, "--cloudevents", str(path)]) == 3
    assert "exists already" in capsys.readouterr().err
    assert code_of([*given, "--cloudevents", str(path), "--overwrite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 2
    assert code_of([*given, "--cloudevents", str(path), "-o", "a.csv"]) == 3
    assert "rows and events are written apart" in capsys.readouterr().err


def test_the_verb_sends_to_an_address(log, capsys):
    put(log, asked(1))
    with receiver() as there:
        given = ["predictions", "flight delay", "--home", str(log.layout.root.parents[1]), "--cloudevents", there.url]
        assert code_of(given) == 0
        assert code_of(given) == 0
        assert len(there.got) == 2


def test_a_place_for_events_is_a_file_or_an_address(log):
    with pytest.raises(UsageError) as caught:
        payloads.events("flight delay", "events.csv", home=log.layout.root.parents[1])
    assert str(caught.value) == (
        "'events.csv' is no place for events\n"
        "  Expected an address that begins with http:// or https://, or a file that ends in .jsonl.\n"
        "  --cloudevents events.jsonl, or --cloudevents http://HOST:PORT/"
    )


# The SDK


def by_sdk(path):
    done = subprocess.run(
        [PYTHON, HERE / "foreign" / "received_events.py", path], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.platform
def test_the_sdk_reads_both_modes_alike(log, tmp_path):
    put(log, asked(1, dealt="ü 1%"), asked(2, release=TWO, role="challenger", time=NOON + 5))
    write(log, tmp_path / "structured", ORIGIN, Span())
    with receiver() as there:
        send(log, delivery(there.url), ORIGIN, Span())
        (tmp_path / "binary").write_text("\n".join(map(json.dumps, there.got)))
    structured, binary = by_sdk(tmp_path / "structured"), by_sdk(tmp_path / "binary")
    assert [one["data"] for one in structured] == [one["data"] for one in binary]
    assert len(structured) == 4
    for one, other in zip(structured, binary, strict=True):
        assert {*ATTRIBUTES, *EXTENSIONS} == set(one["attributes"])
        assert set(one["attributes"]) - {"datacontenttype"} <= set(other["attributes"])
        same = {"id", "type", "time", "inferenceservicename", "namespace", "component", "endpoint"}
        assert {name: one["attributes"][name] for name in same} == {name: other["attributes"][name] for name in same}
