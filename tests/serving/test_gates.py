"""Who is let in: by real requests at real workers, and rates by the clock."""

from __future__ import annotations

import contextlib
import contextvars
import json
import os
import socket
import time
from pathlib import Path

import pytest

from seakeep.core.token_files import BadTokenFile, add_token, revoke_token
from seakeep.core.tokens import issue
from seakeep.serving.server.gates import rates
from seakeep.serving.server.gates.access import Access, BadAccess
from seakeep.serving.server.gates.gate import Gatekeeper
from seakeep.serving.server.gates.rates import Rate, rate_file
from seakeep.serving.server.gates.scopes import health_route, scope_of
from seakeep.serving.server.refusals import Shut
from seakeep.serving.server.telemetry.ids import BEARER


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    """A file of tokens."""
    return tmp_path_factory.mktemp("gates") / "tokens.json"


@pytest.fixture(scope="module")
def made(tokens):
    """What makes a token of that file."""

    def make(name, *scopes, lasts=None, rate=0.0, now=None):
        text, token = issue(name, scopes, now=time.time() if now is None else now, lasts=lasts, rate=rate)
        add_token(tokens, token)
        return text

    return make


@pytest.fixture(scope="module")
def texts(made):
    """Tokens that are there from the start: workers see a later one each at its own moment."""
    scopes = {"predict": "predict", "metrics": "metrics", "labels": "labels", "eager": "predict", "old": "predict"}
    more = {"eager": {"rate": 20}, "old": {"lasts": 60, "now": time.time() - 120}}
    return {name: made(name, scope, **more.get(name, {})) for name, scope in scopes.items()}


@pytest.fixture(scope="module")
def predict(texts):
    return texts["predict"]


@pytest.fixture(scope="module")
def gated(start, folders, tokens, texts, tmp_path_factory):
    """Two workers that let in who has a token."""
    home = tmp_path_factory.mktemp("home")
    with start(folders["flights"], "--tokens", tokens, "--workers", "2", "--home", home) as server:
        yield server


def asked(server, path, body=None, *, token="", method="", scheme="Bearer "):
    """Status, headers and content of a call that brings a token."""
    headers = {"authorization": scheme + token} if token else {}
    sent = None if body is None else json.dumps(body).encode()
    return server.ask(method or ("POST" if body is not None else "GET"), path, sent, **headers)


INFER = "/v2/models/flights/infer"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/v2/health/live", None),
        ("/v2/health/ready/", None),
        ("/", None),
        ("/ping", None),
        ("/route", None),
        ("/v2", "predict"),
        ("/v2/models/labels", "predict"),
        ("/v2/models/flights/labels", "labels"),
        ("/v2/models/flights/%6Cabels", "labels"),
        ("/metrics", "metrics"),
        ("/%6Detrics/", "metrics"),
        ("//metrics", "predict"),
        ("/v2/health/../../metrics", None),
        ("/v2/repository/models/flights/unload", "admin"),
        ("/v1/models/flights:predict", "predict"),
    ],
)
def test_what_an_address_needs(path, scope):
    assert scope_of(path, also_open="/route") == scope


def test_where_vertex_asks_for_health():
    assert (health_route({}), health_route({"AIP_HEALTH_ROUTE": "/alive"})) == ("/health", "/alive")


def test_without_a_token_nothing_but_health_is_told(gated, row):
    assert asked(gated, "/v2/health/ready")[0] == 200
    sideways = ("/v2/health/../../metrics", "/v2/health/..%2f..%2fmetrics", "/%256Detrics", "/metrics?/v2/health/live")
    for path, body in ((INFER, {"rows": [row]}), ("/v2", None), ("/metrics", None), *((one, None) for one in sideways)):
        status, headers, content = asked(gated, path, body)
        assert status in (401, 404), path
        assert b"seakeep_requests" not in str(content).encode()
        assert status == 404 or (headers["www-authenticate"], content["code"]) == ("Bearer", "no_token")


@pytest.mark.parametrize("first", [True, False])
def test_of_two_tokens_in_one_request_the_first_counts(gated, predict, first):
    tokens = [predict, "forged"] if first else ["forged", predict]
    headers = "".join(f"Authorization: Bearer {token}\r\n" for token in tokens)
    with socket.create_connection(("127.0.0.1", gated.port), timeout=10) as connection:
        connection.sendall(f"GET /v2 HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200" if first else b"HTTP/1.1 401")


def test_a_flood_without_tokens_is_not_held(gated):
    def memory():
        lines = [Path(f"/proc/{pid}/status").read_text() for pid in gated.workers]
        return sum(int(line.split()[1]) for text in lines for line in text.splitlines() if line.startswith("VmRSS"))

    before = memory()
    for _ in range(8):
        with contextlib.suppress(OSError):
            gated.ask("POST", INFER, b"x" * 7_000_000, content_type="application/json")
    assert memory() - before < 16 * 1024


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_a_token_lets_in(gated, predict, row, scheme):
    assert asked(gated, INFER, {"rows": [row]}, token=predict, scheme=scheme)[0] == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text.replace("seakeep_", ""),
        lambda text: "seakeep_00000000_" + "A" * 43,
        lambda text: "x" * 8_000,
        lambda text: "\xff\xfe",
    ],
)
def test_forged_tokens_are_not_believed_and_not_said_back(gated, predict, row, change):
    forged = change(predict)
    status, headers, content = asked(gated, INFER, {"rows": [row]}, token=forged)
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert content["code"] == ("wrong_token" if forged.isascii() else "no_token"), "a header has signs of ASCII"
    assert forged not in json.dumps(content)


def test_another_scheme_is_no_token(gated, predict, row):
    assert asked(gated, INFER, {"rows": [row]}, token=predict, scheme="Basic ")[2]["code"] == "no_token"


def test_a_scope_is_that_and_no_other(gated, texts, row):
    asks = {"predict": (INFER, {"rows": [row]}), "metrics": ("/metrics", None)}
    asks["labels"] = ("/v2/models/flights/labels", {"labels": [{"key": "x", "label": True}]})
    for held in asks:
        for needed, ask in asks.items():
            status, _, content = asked(gated, *ask, token=texts[held])
            if held == needed:
                assert status == 200
            else:
                assert (status, content["code"]) == (403, "wrong_scope")
                assert (content["expected"], content["found"]) == (needed, held)


def test_a_token_that_is_over_is_told_so(gated, texts, row):
    assert asked(gated, INFER, {"rows": [row]}, token=texts["old"])[2]["code"] == "expired_token"


def test_a_new_token_holds_and_one_taken_back_does_not_within_a_second(gated, tokens, made, row):
    text = made("fleeting", "predict")
    begun = time.monotonic()
    gated.until(lambda: all(asked(gated, INFER, {"rows": [row]}, token=text)[0] == 200 for _ in range(8)))  # of both
    held = time.monotonic()
    revoke_token(tokens, "fleeting")
    gated.until(lambda: all(asked(gated, INFER, {"rows": [row]}, token=text)[0] == 401 for _ in range(8)))
    assert (held - begun < 3, time.monotonic() - held < 3) == (True, True)


def test_a_file_that_is_gone_lets_in_whom_it_did_and_says_so(gated, tokens, texts, predict, row):
    metrics = texts["metrics"]

    def readable():
        text = asked(gated, "/metrics", token=metrics)[2]
        return b"seakeep_tokens_readable 0.0" in text, b"seakeep_tokens_readable 1.0" in text

    assert readable()[1]
    away = tokens.with_name("away.json")
    os.replace(tokens, away)
    try:
        gated.until(lambda: readable()[0])
        assert asked(gated, INFER, {"rows": [row]}, token=predict)[0] == 200
    finally:
        os.replace(away, tokens)
    gated.until(lambda: readable()[1])


def test_one_that_asks_too_often_is_told_when_to_come_again_by_all_workers_together(gated, texts, row):
    text = texts["eager"]
    begun = time.monotonic()
    found = [asked(gated, INFER, {"rows": [row]}, token=text) for _ in range(40)]
    let_in = sum(status == 200 for status, _, _ in found)
    assert 19 <= let_in <= 21 + 20 * (time.monotonic() - begun), "a burst of 20, and what comes due while it asks"
    _, headers, content = next(each for each in found if each[0] == 429)
    assert (headers["retry-after"], content["code"]) == ("1", "too_often")
    time.sleep(0.2)
    assert asked(gated, INFER, {"rows": [row]}, token=text)[0] == 200


def test_what_was_turned_away_is_counted(gated, texts):
    def count():
        text = asked(gated, "/metrics", token=texts["metrics"])[2].decode()
        lines = [line for line in text.splitlines() if 'reason="no_token"' in line and "_total" in line]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    before = count()
    for _ in range(3):
        asked(gated, "/v2")
        asked(gated, INFER, {"rows": []})
    assert count() == before + 6


@pytest.fixture
def clock(monkeypatch):
    """Time that a test moves."""
    now = [1000.0]
    monkeypatch.setattr(rates.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(("rate", "burst", "at_once"), [(10, 1.0, 10), (10, 0.0, 1), (0.5, 1.0, 1), (100, 0.25, 25)])
def test_a_rate_lets_its_burst_through_at_once_and_then_one_after_another(tmp_path, clock, rate, burst, at_once):
    limit = Rate(rate_file(tmp_path, "0123abcd"), rate, burst)
    assert sum(limit.wait() == 0 for _ in range(200)) == at_once
    assert limit.wait() == pytest.approx(1 / rate)
    for _ in range(5):
        clock[0] += 1 / rate + 1e-9
        assert limit.wait() == 0
        assert limit.wait() > 0
    clock[0] += 3600
    assert sum(limit.wait() == 0 for _ in range(200)) == at_once, "a pause saves up one burst and no more"


def test_what_costs_more_is_paid_for_before_the_next(tmp_path, clock):
    limit = Rate(rate_file(tmp_path, "0123abcd"), 10, 1.0)
    assert limit.wait() == 0
    limit.charge(20.5)
    assert limit.wait() == pytest.approx(1.25)
    clock[0] += 1.26
    assert limit.wait() == 0


def test_two_workers_share_a_tokens_rate(tmp_path, clock):
    path = rate_file(tmp_path, "0123abcd")
    first, second = Rate(path, 10, 1.0), Rate(path, 10, 1.0)
    assert sum(each.wait() == 0 for _ in range(50) for each in (first, second)) == 10


class Cell:
    """What a gatekeeper tells its state."""

    value = -1.0

    def set(self, value):
        self.value = value


def test_a_token_keeps_its_count_when_the_file_changes(tmp_path, clock):
    path = tmp_path / "tokens.json"
    text, token = issue("web", ["predict"], now=time.time(), rate=2)
    add_token(path, token)
    keeper = Gatekeeper(Access(path), tmp_path, readable=Cell())
    assert [keeper.admit(f"Bearer {text}", "predict").name for _ in range(2)] == ["web", "web"]
    add_token(path, issue("other", ["predict"], now=0.0)[1])
    keeper.look()
    with pytest.raises(Shut, match="more often than 2 times a second"):
        keeper.check({"authorization": f"Bearer {text}"}, "predict")


def test_the_first_priority_is_for_who_has_the_scope(tmp_path):
    path = tmp_path / "tokens.json"
    headers = {}
    for name, scopes in {"web": ["predict"], "ward": ["predict", "urgent"]}.items():
        text, token = issue(name, scopes, now=time.time(), rate=1)
        add_token(path, token)
        headers[name] = {"authorization": f"Bearer {text}"}
    keeper = Gatekeeper(Access(path), tmp_path, readable=Cell())
    assert (keeper.check(headers["web"], "predict"), keeper.check(headers["ward"], "predict")) == (2, 1)
    keeper.charge(headers["web"], 5)
    with pytest.raises(Shut) as told:
        keeper.check(headers["web"], "predict")
    assert 5 <= told.value.retry_seconds <= 6
    keeper.charge({}, 5)  # who brought none is let in by nobody, and owes nothing


def test_lines_can_name_whose_token_a_request_brought(tmp_path):
    path = tmp_path / "tokens.json"
    text, token = issue("web-shop", ["predict"], now=time.time())
    add_token(path, token)
    keeper = Gatekeeper(Access(path), tmp_path, readable=Cell())

    def told():
        keeper.check_and_tell({"authorization": f"Bearer {text}"}, "predict")
        return BEARER.get()

    assert (contextvars.copy_context().run(told), BEARER.get()) == ("web-shop", "")


def test_what_cannot_be_read_is_told_once(tmp_path, caplog):
    path = tmp_path / "tokens.json"
    add_token(path, issue("web", ["predict"], now=0.0)[1])
    cell = Cell()
    keeper = Gatekeeper(Access(path, rate=5), tmp_path, readable=cell)
    assert cell.value == 1
    path.write_text("torn")
    for _ in range(3):
        keeper.look()
    assert (cell.value, len(caplog.records)) == (0, 1)
    assert "hold on: the file of tokens is not one that seakeep tokens wrote" in caplog.text


def test_a_token_is_taken_back_even_where_a_rate_has_no_room(tmp_path, caplog):
    path, folder = tmp_path / "tokens.json", tmp_path / "server"
    folder.mkdir()
    text, token = issue("web", ["predict"], now=time.time())
    add_token(path, token)
    keeper = Gatekeeper(Access(path), folder, readable=Cell())
    folder.rmdir()
    revoke_token(path, "web")
    add_token(path, issue("other", ["predict"], now=0.0, rate=5)[1])
    keeper.look()
    assert "hold on" in caplog.text
    folder.mkdir()
    keeper.look()
    with pytest.raises(Shut):
        keeper.admit(f"Bearer {text}", "predict")


def test_a_server_does_not_begin_with_a_file_that_it_cannot_read(tmp_path):
    with pytest.raises(BadTokenFile):
        Access(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rate": -1.0}, "access.rate is -1, expected a number of at least 0"),
        ({"burst_seconds": float("inf")}, "access.burst_seconds is inf, expected a number of at least 0"),
        ({"rate": 5.0}, "access.rate is 5 requests a second, and there is no file of tokens"),
    ],
)
def test_access_that_cannot_be_is_refused(given, words):
    with pytest.raises(BadAccess) as caught:
        Access(**given)
    assert str(caught.value).startswith(words)
    assert len(str(caught.value).splitlines()) == 3


def test_a_stream_without_a_token_is_refused_before_a_line_is_read(gated):
    head = "POST /v2/models/flights/stream HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
    with socket.create_connection(("127.0.0.1", gated.port), timeout=5) as client:
        client.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 401 ")
