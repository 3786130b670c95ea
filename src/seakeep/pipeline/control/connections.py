"""One connection of the control server: a request is read within its limits, the answer is written, and it is over.

HTTP/1 as far as machines need it: a head, a body of a stated length, one answer, the end. Nothing of a request is logged.
"""

from __future__ import annotations

import contextlib
import socket
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from seakeep.pipeline.control.calls import Answer, Call, refusal
from seakeep.pipeline.control.refusals import Refused

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

READ_SECONDS, WRITE_SECONDS = 10.0, 10.0
HEAD_LIMIT, BODY_LIMIT = 16 * 1024, 1024 * 1024
LINGER_BYTES = 64 * 1024


class Connection:
    """One connection: reads a request, writes the answer, and is over."""

    def __init__(self, accepted: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        self._socket = accepted if tls is None else _wrapped(accepted, tls)
        self.began = time.monotonic()
        self.deadline = self.began + READ_SECONDS
        self.is_reading = True

    def cut(self) -> None:
        """End it from another thread: whoever waits on it is woken."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()

    def answer(self, answer: Callable[[Call], Answer]) -> None:
        """Read one request and answer it. Raises OSError where the client has gone, or does not speak TLS as it should."""
        self._greet()
        try:
            call = self._call()
        except Refused as refused:
            self._write(refusal(refused))
            self._linger()
            return
        if call is not None:
            self.is_reading = False
            self.deadline = float("inf")
            self._write(answer(call), head_only=call.method == "HEAD")

    def _greet(self) -> None:
        """Agree on TLS, where it is spoken; the server cuts whoever takes longer than a request may."""
        handshake = getattr(self._socket, "do_handshake", None)
        if handshake is not None:
            self._socket.settimeout(READ_SECONDS)
            handshake()

    def _call(self) -> Call | None:
        """The request; None where the client said nothing. Raises Refused."""
        head, rest = self._head()
        if not head:
            return None
        method, target, headers = _parsed(head)
        length = _length(method, headers)
        if headers.get("expect", "").lower() == "100-continue" and length > len(rest):
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(rest) < length:
            rest += self._some() or _gone()
        return Call(method, target, headers, rest[:length])

    def _head(self) -> tuple[bytes, bytes]:
        """The request's first line and headers, and what came after them."""
        found = b""
        while (end := found.find(b"\r\n\r\n")) < 0:
            if len(found) > HEAD_LIMIT:
                raise Refused.head(HEAD_LIMIT)
            more = self._some()
            if not more and not found:
                return b"", b""
            found += more or _gone()
        if end > HEAD_LIMIT:
            raise Refused.head(HEAD_LIMIT)
        return found[:end], found[end + 4 :]

    def _some(self) -> bytes:
        """Some bytes, empty where the client has ended. Raises Refused where the time is up."""
        self._socket.settimeout(max(0.001, self.deadline - time.monotonic()))
        try:
            return self._socket.recv(64 * 1024)
        except TimeoutError:
            raise Refused.slow(READ_SECONDS) from None

    def _write(self, answer: Answer, *, head_only: bool = False) -> None:
        self.is_reading = False
        self.deadline = time.monotonic() + WRITE_SECONDS
        self._socket.settimeout(WRITE_SECONDS)
        self._socket.sendall(written(answer, head_only=head_only))

    def _linger(self) -> None:
        """Take some of what a refused client still sends, or it would see a broken connection instead of the answer."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(1.0)
            taken = 0
            while taken < LINGER_BYTES and (more := self._socket.recv(16 * 1024)):
                taken += len(more)


def _wrapped(accepted: socket.socket, tls: ssl.SSLContext) -> socket.socket:
    """The connection under TLS, which its own thread will agree on: whoever is slow at that holds up nobody else."""
    return tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)


def _gone() -> bytes:
    raise ConnectionAbortedError


def _parsed(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers of a request. Raises Refused."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        raise Refused.http(first)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Refused.http(line)
        key = name.lower()
        if key in headers and key in ("content-length", "host", "authorization", "transfer-encoding"):
            raise Refused.http(f"{name} is there twice")
        headers[key] = value.strip()
    return words[0], words[1], headers


def _length(method: str, headers: dict[str, str]) -> int:
    """Bytes of the body. Raises Refused."""
    told = headers.get("content-length")
    if "transfer-encoding" in headers or (told is None and method in ("POST", "PUT", "PATCH")):
        raise Refused.length()
    if told is not None and not (told.isascii() and told.isdigit()):
        raise Refused.length()
    length = int((told or "0")[:20])
    if length > BODY_LIMIT:
        raise Refused.large(length, BODY_LIMIT)
    return length


def written(answer: Answer, *, head_only: bool = False) -> bytes:
    """The answer as bytes of HTTP."""
    headers = {
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        "connection": "close",
        "x-content-type-options": "nosniff",
        **answer.headers,
    }
    first = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"
    lines = [first, *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + (b"" if head_only else answer.body)
