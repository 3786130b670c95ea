"""HTTP itself: one connection for many requests, HTTP/2 with many at once, and expectations told before a body is sent."""

from __future__ import annotations

import http.client
import json
import socket
import struct

import pytest

PATH = "/v2/models/flights/infer"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
END_STREAM, END_HEADERS, ACK = 1, 4, 1
STATUS_200 = 0x88  # HPACK's static table has ":status: 200" at 8


@pytest.fixture
def body(row):
    return json.dumps({"rows": [row]}).encode()


def test_one_connection_answers_one_request_after_another(server, body):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    answers, sockets = set(), set()
    for number in range(50):
        path, sent = (PATH, body) if number % 5 else ("/v2/models/none/infer", b"{")
        connection.request("POST", path, sent, {"Content-Type": "application/json"})
        sockets.add(connection.sock)
        answer = connection.getresponse()
        answers.add(answer.status)
        answer.read()
    connection.close()
    assert (answers, len(sockets)) == ({200, 404}, 1)


def test_requests_that_are_sent_ahead_are_answered_in_order(server, body):
    request = b"POST %s HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%s" % (PATH.encode(), len(body), body)
    page = b"GET /v2/health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(request * 3 + page)
        content = b"".join(iter(lambda: sock.recv(65536), b""))
    assert content.count(b"HTTP/1.1 200") == 4
    assert content.count(b'{"predictions"') == 3
    assert content.endswith(b'{"live": true}')


def test_http2_answers_many_streams_of_one_connection(server, body):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(PREFACE + frame(SETTINGS, 0, 0, b""))
        numbers = range(1, 64, 2)
        for number in numbers:
            sock.sendall(frame(HEADERS, END_HEADERS, number, head(len(body))))
        for number in reversed(numbers):
            sock.sendall(frame(DATA, END_STREAM, number, body))
        statuses, contents = answers(sock, set(numbers))
    assert statuses == dict.fromkeys(numbers, STATUS_200)
    predictions = {number: json.loads(content)["predictions"] for number, content in contents.items()}
    assert predictions == dict.fromkeys(numbers, server.infer(body)[1]["predictions"])


def answers(sock, waiting):
    """First byte of the headers, and the body, by stream, once all have ended."""
    statuses, contents = {}, dict.fromkeys(waiting, b"")
    received = b""
    while waiting:
        while len(received) < 9 or len(received) < 9 + int.from_bytes(received[:3], "big"):
            part = sock.recv(65536)
            assert part, "the server hung up"
            received += part
        length, kind, flags = int.from_bytes(received[:3], "big"), received[3], received[4]
        number = int.from_bytes(received[5:9], "big") & 0x7FFF_FFFF
        payload, received = received[9 : 9 + length], received[9 + length :]
        if kind == SETTINGS and not flags & ACK:
            sock.sendall(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            sock.sendall(frame(PING, ACK, 0, payload))
        elif kind == HEADERS:
            statuses[number] = payload.lstrip(b"\x3f\xe1\x1f")[0]
        elif kind == DATA:
            contents[number] += payload
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            waiting.discard(number)
    return statuses, contents


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def head(length):
    """Headers in HPACK, all of them literal and none of them remembered."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":authority": "a",
        ":path": PATH,
        "content-type": "application/json",
        "content-length": str(length),
    }
    return b"".join(
        b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in fields.items()
    )
