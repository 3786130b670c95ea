"""Delivery: one event after another to an HTTP address, each until it is taken, or the attempts are spent.

A receiver that is away or busy (no connection, 408, 429, 5xx) is asked again after a pause that doubles; one that refuses an event
ends the delivery at once, since the next attempt would be refused too. Order is kept: nothing overtakes what is not taken.
"""

from __future__ import annotations

import contextlib
import http.client
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seakeep import __version__
from seakeep.core.addresses import redacted
from seakeep.core.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

    from seakeep.integrations._sinks.events import Event

ATTEMPTS = 6
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
_BUSY = frozenset((408, 429, 500, 502, 503, 504))
_TIMEOUT_SECONDS = 10.0
_SHOWN = 200
_MOST_ANSWER = 1 << 16


class BadSink(UsageError):
    """An address that events cannot be sent to."""

    @classmethod
    def address(cls, url: str) -> BadSink:
        return cls(
            f"{url!r} is no address that events can be sent to",
            cause="Expected http:// or https:// and a host.",
            fix="--cloudevents http://HOST:PORT/PATH, or a file that ends in .jsonl",
            url=url,
        )

    @classmethod
    def secret(cls) -> BadSink:
        return cls(
            "the sink's address holds a password",
            cause="Addresses end up in logs and in the list of processes.",
            fix="Send to a receiver within the network that adds what the outer one asks for.",
        )


class NotDelivered(DataError):
    """Events were not taken; those before them were, and are not sent again."""

    @classmethod
    def refused(cls, url: str, status: int, answer: str, identity: str, delivered: int) -> NotDelivered:
        return cls(
            f"{redacted(url)} refused the event {identity} with {status}: {answer[:_SHOWN]}",
            where=f"after {delivered} delivered events",
            cause="The address is not that of a receiver of CloudEvents, or it wants something else.",
            fix="Try it by hand: curl -v -H 'ce-specversion: 1.0' -H 'ce-id: 1' -H 'ce-type: test' -H 'ce-source: /' "
            f"-H 'content-type: application/json' -d '{{}}' {redacted(url)}",
            status=status,
            delivered=delivered,
        )

    @classmethod
    def away(cls, url: str, problem: str, attempts: int, delivered: int) -> NotDelivered:
        return cls(
            f"{redacted(url)} did not take an event in {attempts} attempts: {problem}",
            where=f"after {delivered} delivered events",
            cause="The receiver is away or overloaded.",
            fix="Run the same command again when it is back: it goes on where it stopped.",
            attempts=attempts,
            delivered=delivered,
        )


@dataclass(slots=True)
class Delivery:
    """Sends events to `url`. pause: waits so many seconds. delivered: events that were taken so far.

    Raises: BadSink, when made for an address that is none, or has a password in it.
    """

    url: str
    attempts: int = ATTEMPTS
    pause: Callable[[float], None] = time.sleep
    delivered: int = 0
    _connection: http.client.HTTPConnection | None = field(default=None, init=False)
    _split: SplitResult = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._split = urlsplit(self.url)
            port = self._split.port
        except ValueError:
            raise BadSink.address(self.url) from None
        if self._split.password is not None:
            raise BadSink.secret()
        if self._split.scheme not in ("http", "https") or not self._split.hostname or port == 0:
            raise BadSink.address(self.url)

    def send(self, event: Event) -> None:
        """Send one event. Raises NotDelivered."""
        headers, body = event.binary()
        problem = ""
        for attempt in range(self.attempts):
            if attempt:
                self.pause(min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE))
            try:
                status, answer = self._asked(headers, body)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                problem = str(error) or type(error).__name__
                continue
            if 200 <= status < 300:
                self.delivered += 1
                return
            if status not in _BUSY:
                raise NotDelivered.refused(self.url, status, answer, event.attributes["id"], self.delivered)
            problem = f"{status} {answer[:_SHOWN]}".strip()
        raise NotDelivered.away(self.url, problem, self.attempts, self.delivered)

    def close(self) -> None:
        """Let go of the connection; the next event opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def _asked(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        """Post on the connection that is open. Receivers close one that was idle for some seconds, which says nothing about them: then
        once more on a new one.
        """
        was_open = self._connection is not None
        try:
            return self._post(headers, body)
        except (ConnectionError, http.client.HTTPException):
            self.close()
            if not was_open:
                raise
        return self._post(headers, body)

    def _post(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._split.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(self._split.hostname or "", self._split.port, timeout=_TIMEOUT_SECONDS)
        path = (self._split.path or "/") + (f"?{self._split.query}" if self._split.query else "")
        sent = {**headers, "user-agent": f"seakeep/{__version__}"}
        self._connection.request("POST", path, body, sent)
        answer = self._connection.getresponse()
        said = answer.read(_MOST_ANSWER)
        if not answer.isclosed():  # more than anybody will read
            answer.close()
            self.close()
        return answer.status, said.decode("utf-8", "replace")
