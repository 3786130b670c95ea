"""The control server's socket: real connections that trickle, shout, lie about lengths, or say nothing."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time

import pytest

from seakeep.pipeline.control import connections, server
from seakeep.pipeline.control.calls import Answer
from seakeep.pipeline.control.server import CannotListen, Server, parse_address

from .desks import alert, listening, sent, start, status_of, webhook

GET = b"GET /rollouts/tips/verdict HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def address(ask):
    with listening(ask.desk) as found:
        yield found


def posted(body: bytes, *, length: int | None = None, more: bytes = b"") -> bytes:
    told = len(body) if length is None else length
    head = f"POST /alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {told}\r\n".encode()
    return head + more + b"\r\n" + body


def test_a_client_of_the_standard_library_is_answered(world, address):
    start(world)
    client = http.client.HTTPConnection(*address, timeout=10)
    for _ in range(2):
        client.request("GET", "/rollouts/tips/verdict?version=2")
        answer = client.getresponse()
        assert (answer.status, json.load(answer)["verdict"]) == (200, "inconclusive")
        assert answer.headers["etag"]
    client.request("HEAD", "/rollouts/tips/verdict")
    answer = client.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    client.request("POST", "/alerts", json.dumps(webhook(alert(world))), {"content-type": "application/json"})
    assert json.load(client.getresponse()) == {"recorded": 1, "known": 0, "refused": 0}


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "not_http"),
        (b"GET http://elsewhere/ HTTP/1.1\r\n\r\n", 400, "not_http"),
        (b"GET /\r\n\r\n", 400, "not_http"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "not_http"),
        (b"GET / HTTP/1.1\r\nName : x\r\n\r\n", 400, "not_http"),
        (b"POST /alerts HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "not_http"),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 17_000 + b"\r\n\r\n", 431, "head_too_large"),
        (b"GET /" + b"a" * 40_000, 431, "head_too_large"),
        (posted(b"{}", length=2_000_000), 413, "body_too_large"),
        (posted(b"{}", length=10**40), 413, "body_too_large"),
        (b"POST /alerts HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411, "no_length"),
        (b"POST /alerts HTTP/1.1\r\n\r\n", 411, "no_length"),
        (posted(b"{}", length=-1), 411, "no_length"),
        (posted(b"{}"), 400, "wrong_structure"),
        (b"PROPFIND /alerts HTTP/1.1\r\n\r\n", 405, "wrong_method"),
        (b"GET /rollouts/%ff%00/verdict HTTP/1.0\r\n\r\n", 404, "unknown_rollout"),
    ],
)
def test_what_is_wrong_is_said_in_json(address, data, status, code):
    answer = sent(address, data)
    assert (status_of(answer), json.loads(answer.partition(b"\r\n\r\n")[2])["code"]) == (status, code)


def test_a_large_body_is_refused_before_it_is_read(address):
    began = time.monotonic()
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(posted(b"", length=500_000_000))
        assert status_of(connection.recv(65536)) == 413
    assert time.monotonic() - began < 5


def test_who_waits_for_leave_to_send_gets_it(address):
    body = json.dumps(webhook()).encode()
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(posted(b"", length=len(body), more=b"Expect: 100-continue\r\n"))
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert status_of(connection.recv(65536)) == 200


def test_a_body_that_trickles_in_is_refused_in_time(address, monkeypatch):
    monkeypatch.setattr(connections, "READ_SECONDS", 0.5)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(posted(b"{", length=100))
        found = b""
        for _ in range(40):
            time.sleep(0.05)
            try:
                connection.sendall(b" ")
                connection.settimeout(0.01)
                found = connection.recv(65536)
                break
            except TimeoutError:
                continue
            except OSError:
                break
        assert status_of(found) == 408


def test_slow_clients_do_not_keep_controllers_out(world, address, monkeypatch):
    monkeypatch.setattr(server, "MOST", 8)
    start(world)
    slow = [socket.create_connection(address, timeout=10) for _ in range(40)]
    for each in slow:
        each.sendall(b"GET /rollouts/tips/verd")
    try:
        began = time.monotonic()
        statuses = [status_of(sent(address, GET)) for _ in range(20)]
        assert statuses == [200] * 20
        assert time.monotonic() - began < 10
    finally:
        for each in slow:
            each.close()


def test_calls_beyond_what_can_be_answered_are_told_to_come_again(monkeypatch):
    monkeypatch.setattr(server, "MOST", 2)
    leave = threading.Event()

    def slowly(_: object) -> Answer:
        leave.wait(20)
        return Answer(200, b"{}")

    made = Server("127.0.0.1", 0, slowly)
    made.start()
    host, _, port = made.address.removeprefix("http://").rpartition(":")
    held = [socket.create_connection((host, int(port)), timeout=10) for _ in range(2)]
    try:
        for each in held:
            each.sendall(GET)
        time.sleep(0.5)
        with socket.create_connection((host, int(port)), timeout=10) as third:
            assert status_of(third.recv(65536)) == 503
        leave.set()
        assert [status_of(each.recv(65536)) for each in held] == [200, 200]
    finally:
        leave.set()
        for each in held:
            each.close()
        made.stop()


def test_a_client_that_goes_away_ends_nothing(world, address):
    start(world)
    for data in (b"", b"GET", posted(b"{", length=50)):
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall(data)
    assert status_of(sent(address, GET)) == 200


def test_calls_under_way_are_answered_before_it_stops():
    entered = threading.Event()

    def slowly(_: object) -> Answer:
        entered.set()
        time.sleep(0.5)
        return Answer(200, b"done")

    made = Server("127.0.0.1", 0, slowly)
    made.start()
    host, _, port = made.address.removeprefix("http://").rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as connection,
        socket.create_connection((host, int(port))),
    ):
        connection.sendall(GET)
        entered.wait(10)
        began = time.monotonic()
        made.stop()
        assert connection.recv(65536).endswith(b"done")
        assert time.monotonic() - began < 3
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=2)


@pytest.mark.parametrize("text", ["8081", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", ":8081", "h:x", "h:٣"])
def test_an_address_that_is_none_is_refused(text):
    with pytest.raises(CannotListen, match="expected HOST:PORT"):
        parse_address(text)


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CannotListen) as caught:
        Server("127.0.0.1", taken.getsockname()[1], lambda call: Answer(200, b""))
    assert "Another program listens there" in str(caught.value)


def test_ipv6_is_listened_on():
    made = Server("::1", 0, lambda call: Answer(200, b"{}"))
    made.start()
    port = int(made.address.rpartition(":")[2])
    assert made.address == f"http://[::1]:{port}"
    assert status_of(sent(("::1", port), GET)) == 200
    made.stop()
