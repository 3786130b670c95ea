"""The socket of the control server: one request a connection, a thread each, everything bounded.

It is asked a few times a minute by machines, so threads are light enough; and it stands where a bored client can reach it, so:
a request must have arrived within READ_SECONDS however it trickles in, and of MOST connections the one that has kept its request
back longest makes room for a new one, so that clients who say nothing cannot keep controllers out.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.pipeline.control.calls import refusal
from seakeep.pipeline.control.connections import Connection, written
from seakeep.pipeline.control.refusals import Refused

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from seakeep.pipeline.control.calls import Answer, Call

DRAIN_SECONDS = 5.0
MOST = 64
_TICK = 0.2


class CannotListen(UsageError):
    """The server cannot listen where it was told to."""

    @classmethod
    def address(cls, found: str) -> CannotListen:
        return cls(
            f"the address is {found!r}, expected HOST:PORT",
            where="--http",
            cause="A port is a number from 0 (any free one) to 65535.",
            fix="--http 127.0.0.1:8081",
            address=found,
        )

    @classmethod
    def at(cls, host: str, port: int, error: OSError) -> CannotListen:
        return cls(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            where="--http",
            cause="Another program listens there, or the address is not one of this machine.",
            fix=f"Choose another port: --http {host}:0",
            host=host,
            port=port,
        )


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of "HOST:PORT" or "[::1]:PORT". Raises CannotListen.

    >>> parse_address("127.0.0.1:8081"), parse_address("[::1]:0")
    (('127.0.0.1', 8081), ('::1', 0))
    """
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise CannotListen.address(text)
    return host, int(port)


class Server:
    """Listens on `host`:`port` and answers by `answer`; under TLS where `tls` is given, as its files are at each connection.

    Raises: CannotListen. `address` is where it listens in the end.
    """

    def __init__(
        self, host: str, port: int, answer: Callable[[Call], Answer], *, tls: Callable[[], ssl.SSLContext] | None = None
    ) -> None:
        self._answer, self._tls = answer, tls
        self._lock = threading.Lock()
        self._open: dict[Connection, threading.Thread] = {}
        self._stopped = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family, backlog=128)
        except OSError as error:
            raise CannotListen.at(host, port, error) from error
        self._socket.settimeout(_TICK)
        self._host, self._port = host, int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._listen, name="control", daemon=True)

    @property
    def address(self) -> str:
        """URL of the server."""
        return f"http{'s' if self._tls else ''}://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    def start(self) -> None:
        """Begin to answer, in threads of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more calls; those under way have DRAIN_SECONDS to end."""
        self._stopped.set()
        self._thread.join()
        self._socket.close()
        deadline = time.monotonic() + DRAIN_SECONDS
        with self._lock:
            left = dict(self._open)
        for connection, thread in left.items():
            if connection.is_reading:
                connection.cut()
            thread.join(max(0.0, deadline - time.monotonic()))
            connection.cut()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            self._cut_late()
            try:
                accepted, _ = self._socket.accept()
            except OSError:  # nobody came, or whoever came has gone
                continue
            if self._room():
                self._take(accepted)
            else:
                with contextlib.closing(accepted), contextlib.suppress(OSError):
                    accepted.setblocking(False)
                    accepted.send(written(refusal(Refused.busy(), {"retry-after": "1"})))

    def _take(self, accepted: socket.socket) -> None:
        """Begin with a connection, if it is still there when TLS is put around it."""
        try:
            connection = Connection(accepted, self._tls() if self._tls else None)
        except OSError:
            accepted.close()
        else:
            self._begin(connection)

    def _begin(self, connection: Connection) -> None:
        thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
        with self._lock:
            self._open[connection] = thread
        thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            with contextlib.suppress(OSError):
                connection.answer(self._answer)
        finally:
            with self._lock:
                self._open.pop(connection, None)
            connection.close()

    def _room(self) -> bool:
        """Whether one more connection can be taken; the one that has kept its request back longest is cut to make room."""
        with self._lock:
            if len(self._open) < MOST:
                return True
            reading = [each for each in self._open if each.is_reading]
            if reading:
                oldest = min(reading, key=lambda each: each.began)
                self._open.pop(oldest)
                oldest.cut()
            return bool(reading)

    def _cut_late(self) -> None:
        """End connections whose request did not arrive, or whose answer was not taken, in time."""
        now = time.monotonic()
        with self._lock:
            for each in self._open:
                if now > each.deadline + 1.0:
                    each.cut()
