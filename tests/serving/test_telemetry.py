"""What a server tells of single requests: ids, lines and spans, as a client, a reader of lines and a collector see them."""

from __future__ import annotations

import asyncio
import http.server
import json
import logging
import os
import re
import threading
import time

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from seakeep.core.errors import MissingExtra
from seakeep.serving.server.telemetry import settings as telemetry_settings
from seakeep.serving.server.telemetry.access import AccessLog, pieces
from seakeep.serving.server.telemetry.ids import BEARER, REQUEST
from seakeep.serving.server.telemetry.lines import JsonLines
from seakeep.serving.server.telemetry.settings import BadTelemetry, Telemetry
from seakeep.serving.server.telemetry.traces import MOST_A_SECOND, Traces
from seakeep.serving.server.telemetry.watch import Watch

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"


class Collector:
    """A collector of OTLP over HTTP that keeps what it gets."""

    def __init__(self):
        spans = self.spans = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
                for of_resource in told.resource_spans:
                    resource = {each.key: each.value.string_value for each in of_resource.resource.attributes}
                    spans.extend((span, resource) for scope in of_resource.scope_spans for span in scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/v1/traces"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@pytest.fixture(scope="module")
def collector():
    made = Collector()
    yield made
    made.close()


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """The file that the server's standard error goes to."""
    return tmp_path_factory.mktemp("telemetry") / "lines"


@pytest.fixture(scope="module")
def watched(start, folders, collector, lines):
    """A server that tells everything."""
    code = f"""
import os, sys
os.dup2(os.open({str(lines)!r}, os.O_CREAT | os.O_WRONLY | os.O_APPEND), 2)
from seakeep.serving.__main__ import main
sys.exit(main([*sys.argv[1:], "--port", "0"]))
"""
    options = ("--lines", "json", "--access-log", "--traces", collector.address, "--trace-share", "0")
    with start(folders["flights"], *options, code=code, OTEL_BSP_SCHEDULE_DELAY="100") as server:
        yield server


def told(lines):
    """The lines, each of which is JSON."""
    return [json.loads(line) for line in lines.read_text().splitlines()]


def ask(server, row, **headers):
    return server.ask("POST", "/v2/models/flights/infer", json.dumps({"rows": [row]}).encode(), **headers)


def test_the_clients_id_comes_back_and_stands_in_the_line(watched, lines, row):
    status, headers, _ = ask(watched, row, x_request_id="order-17")
    assert (status, headers["x-request-id"]) == (200, "order-17")
    watched.until(lambda: any(line.get("request") == "order-17" for line in told(lines)))
    (line,) = (line for line in told(lines) if line.get("request") == "order-17")
    assert (line["what"], line["status"]) == ("infer flights", 200)
    assert line["ms"] > 0
    assert line["bytes"] > 100
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])


@pytest.mark.parametrize("given", ["", "two words", 'a"b', "x" * 129, "a{b}"])
def test_an_id_that_is_not_fit_to_be_logged_is_replaced(watched, row, given):
    own = ask(watched, row, x_request_id=given)[1]["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", own)
    assert ask(watched, row)[1]["x-request-id"] != own


def test_pages_and_refusals_have_ids_and_lines_too(watched, lines):
    calls = [("GET", "/v2", None), ("GET", "/gone%0A%7B%7D", None), ("POST", "/v2/models/flights/infer", b"{")]
    for number, (method, path, body) in enumerate(calls):
        assert watched.ask(method, path, body, x_request_id=f"page-{number}")[1]["x-request-id"] == f"page-{number}"
    watched.until(lambda: any(line.get("request") == "page-2" for line in told(lines)))
    found = {line["request"]: (line["what"], line["status"]) for line in told(lines) if "status" in line}
    assert found["page-0"] == ("GET /v2", 200)
    assert found["page-1"] == ("GET /gone\n{}", 404), "a sign of a new line begins none"
    assert found["page-2"] == ("infer flights", 400)


def test_a_sampled_traceparent_makes_a_span_below_it(watched, collector, row):
    status, headers, _ = ask(watched, row, traceparent=SAMPLED, x_request_id="traced")
    version, trace, own, flags = headers["traceparent"].split("-")
    assert (status, version, trace, flags) == (200, "00", TRACE, "01")
    watched.until(lambda: any(span.span_id.hex() == own for span, _ in collector.spans))
    span, resource = next(each for each in collector.spans if each[0].span_id.hex() == own)
    attributes = {each.key: each.value for each in span.attributes}
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.name) == (TRACE, PARENT, "infer flights")
    assert attributes["http.response.status_code"].int_value == 200
    assert attributes["seakeep.request"].string_value == "traced"
    assert attributes["seakeep.model"].string_value == "flights"
    (arrived,) = span.events
    assert (arrived.name, arrived.attributes[0].value.int_value > 50) == ("body", True)
    assert span.start_time_unix_nano < arrived.time_unix_nano < span.end_time_unix_nano
    assert span.end_time_unix_nano > span.start_time_unix_nano
    assert (resource["service.name"], span.kind) == ("seakeep", span.SPAN_KIND_SERVER)


@pytest.mark.parametrize(
    "given", [None, UNSAMPLED, "garbage", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", SAMPLED.upper()]
)
def test_what_is_not_sampled_is_answered_without_a_span(watched, row, given):
    status, headers, _ = ask(watched, row, **({} if given is None else {"traceparent": given}))
    assert (status, "traceparent" in headers) == (200, False)


@pytest.mark.slow
def test_a_collector_that_is_away_costs_no_answer(start, folders, row):
    options = ("--traces", "http://127.0.0.1:9/v1/traces", "--trace-share", "1")
    with start(folders["flights"], *options) as server:
        begun = time.monotonic()
        assert [ask(server, row)[0] for _ in range(20)] == [200] * 20
        assert time.monotonic() - begun < 5


def test_a_client_that_flags_everything_gets_so_many_spans_a_second(collector):
    traces = Traces(collector.address, 1.0)
    try:
        begun = time.monotonic()
        spans = [traces.begin({"traceparent": SAMPLED}) for _ in range(3 * MOST_A_SECOND)]
        made = sum(span is not None for span in spans)
        assert MOST_A_SECOND <= made <= MOST_A_SECOND * (2 + int(time.monotonic() - begun))
        traces.end(next(span for span in spans if span), "infer x", 500, "a")
    finally:
        traces.close()
    assert any(span.status.code == 2 for span, _ in collector.spans)


def test_an_error_is_one_line_and_names_its_request():
    token = REQUEST.set("order-17")
    error = ValueError("two\nlines")
    try:
        record = logging.LogRecord(
            "seakeep", logging.ERROR, "x", 1, "it %s\n", ("failed",), (ValueError, error, error.__traceback__)
        )
        line = JsonLines().format(record)
    finally:
        REQUEST.reset(token)
    read = json.loads(line)
    assert "\n" not in line
    assert (read["request"], read["level"], read["message"]) == ("order-17", "ERROR", "it failed\n")
    assert "ValueError: two\nlines" in read["exception"]


def test_a_request_is_nobodys_until_the_gate_has_said_whose():
    loop = asyncio.new_event_loop()
    try:
        token = BEARER.set("the one before")
        Watch(Telemetry(access_log=True), loop).begin({})
        assert BEARER.get() == ""
        BEARER.reset(token)
    finally:
        loop.close()


def test_lines_are_put_together_as_a_pipe_takes_them():
    lines = [b"x" * 1000] * 9 + [b"y" * 6000, b"z"]
    made = pieces(lines)
    assert b"".join(made).split(b"\n") == [*lines, b""]
    assert all(len(piece) <= 4096 or piece.count(b"\n") == 1 for piece in made)
    assert pieces([]) == []


def test_a_reader_that_has_gone_costs_lines_and_no_answer():
    reading, writing = os.pipe()
    os.close(reading)
    loop = asyncio.new_event_loop()
    try:
        log = AccessLog(loop, writing)
        log.write("infer x", 200, 0.001, 5, request="a", bearer="", trace="")
        log.flush()
    finally:
        loop.close()
        os.close(writing)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lines": "xml"}, "telemetry.lines is 'xml', expected one of 'text', 'json'"),
        ({"trace_share": 1.5}, "telemetry.trace_share is 1.5, expected 0 to 1"),
        ({"trace_share": float("nan")}, "telemetry.trace_share is nan, expected 0 to 1"),
        ({"traces": "collector:4318"}, "telemetry.traces is 'collector:4318', which is no address of HTTP"),
        ({"traces": "http://me:hunter2@collector/"}, "telemetry.traces holds a password"),
    ],
)
def test_what_cannot_be_told_is_refused(given, words):
    with pytest.raises(BadTelemetry) as caught:
        Telemetry(**given)
    assert str(caught.value).startswith(words)
    assert len(str(caught.value).splitlines()) == 3
    assert "hunter2" not in repr(caught.value.values) + str(caught.value)


def test_traces_without_the_library_name_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(telemetry_settings, "_is_there", lambda _: False)
    with pytest.raises(MissingExtra, match=r"pip install 'seakeep\[telemetry\]'"):
        Telemetry(traces="http://127.0.0.1:4318/v1/traces")


def test_nothing_is_watched_unless_it_is_asked_for(server, row):
    assert not Telemetry(lines="json").watches
    _, headers, _ = ask(server, row, x_request_id="order-17", traceparent=SAMPLED)
    assert {"x-request-id", "traceparent"}.isdisjoint(headers)
