"""NATS JetStream as a sink: each request and its answer as two CloudEvents (NATS binding, binary mode), acknowledged by the stream.

`nats://HOST:4222/SUBJECT` (or tls://) publishes to `SUBJECT.MODEL.request` and `SUBJECT.MODEL.response`; a stream must hold these subjects,
which is the operator's to make. Each message has the id of its event, `Nats-Msg-Id`, so that within the stream's window for
duplicates one that is sent again is kept once. Who may publish: SEAKEEP_NATS_CREDENTIALS names a file of credentials.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from seakeep.core.errors import DataError, MissingExtra, UsageError
from seakeep.integrations._sinks._requests import batches
from seakeep.integrations._sinks.events import REQUEST, Origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.integrations._sinks.events import Event, Exchange
    from seakeep.prediction_log.layout import Layout
    from seakeep.prediction_log.outbox import Parcel

CREDENTIALS = "SEAKEEP_NATS_CREDENTIALS"
SUBJECT = "seakeep"
_CONNECT_SECONDS, _ANSWER_SECONDS = 5, 2
_TAKEN_SECONDS = 10.0
_TOKEN = re.compile(r"[^\s.*>]+(\.[^\s.*>]+)*")
_UNFIT = re.compile(r"[\s.*>]")


class BadNats(UsageError):
    """An address that is none of NATS."""

    @classmethod
    def address(cls, address: str) -> BadNats:
        return cls(
            f"{address!r} is no address of NATS",
            cause="Expected nats:// or tls://, a host, and after a slash the subject that messages begin with.",
            fix='serve.log_sinks = ["nats://HOST:4222/predictions"]',
            address=address,
        )


class NotStored(DataError):
    """A stream did not take messages; those before them are kept, and it is tried again."""

    @classmethod
    def no_stream(cls, subject: str, server: str) -> NotStored:
        return cls(
            f"no stream of {server} holds the subject {subject}",
            cause="JetStream keeps what a stream was made for, and nothing else.",
            fix=f"nats stream add PREDICTIONS --subjects '{subject.partition('.')[0]}.>'",
            subject=subject,
        )

    @classmethod
    def too_large(cls, server: str, most: int) -> NotStored:
        return cls(
            f"{server} takes no message of more than {most:,} bytes, and a request or its answer has more",
            cause="A request of many rows is one message. What comes after it waits.",
            fix="Raise max_payload in the server's configuration, and lower serve.max_rows.",
            most=most,
        )

    @classmethod
    def away(cls, server: str, problem: str) -> NotStored:
        return cls(
            f"{server} did not take a message: {problem}",
            cause="The server is away, refuses this client, or its stream is full.",
            fix=f"See whether it answers: nats --server {server} stream ls. Its credentials are in {CREDENTIALS}=FILE.",
            problem=problem,
        )


def open_sink(address: str) -> NatsSink:
    """The sink at an address; it connects with the first message. Raises BadNats; MissingExtra."""
    split = urlsplit(address)
    subject = unquote(split.path.strip("/")).replace("/", ".") or SUBJECT
    if split.scheme not in ("nats", "tls") or not split.hostname or not _TOKEN.fullmatch(subject):
        raise BadNats.address(address)
    return NatsSink(f"{split.scheme}://{split.netloc}", subject)


class NatsSink:
    """Publishes to one server. Parameters: server: its address. subject: that messages' subjects begin with."""

    def __init__(self, server: str, subject: str) -> None:
        try:
            import nats
        except ImportError as error:
            raise MissingExtra.of("nats-py", "nats", purpose="Sending predictions to NATS") from error
        self._nats, self._server, self._subject = nats, server, subject
        self._namespace = os.environ.get("SEAKEEP_EXPORT_NAMESPACE", "default")
        self._loop = asyncio.new_event_loop()
        self._client: Any = None

    def take(self, log: Layout, parcel: Parcel) -> None:
        """Publish the requests that were not taken yet, and wait until the stream has them. Raises NotStored."""
        base = f"{self._subject}.{_UNFIT.sub('_', log.name)}"
        for batch in batches(log, parcel, Origin(log.name, self._namespace)):
            self._loop.run_until_complete(self._publish(base, batch))

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            client, self._client = self._client, None
            self._loop.run_until_complete(client.close())
        self._loop.close()

    async def _publish(self, base: str, batch: Sequence[Exchange]) -> None:
        from nats.errors import Error, MaxPayloadError
        from nats.js.errors import NoStreamResponseError

        events = [event for exchange in batch for event in exchange.events]
        try:
            stream = (await self._connected()).jetstream()
            found = await asyncio.gather(*(_put(stream, base, event) for event in events), return_exceptions=True)
            for each in found:
                if isinstance(each, BaseException):
                    raise each
        except NoStreamResponseError as error:
            raise NotStored.no_stream(f"{base}.request", self._server) from error
        except MaxPayloadError as error:
            raise NotStored.too_large(self._server, self._client.max_payload) from error
        except (Error, OSError, TimeoutError, ValueError) as error:
            await self._let_go()
            raise NotStored.away(self._server, str(error) or type(error).__name__) from error

    async def _connected(self) -> Any:
        if self._client is None:
            credentials = os.environ.get(CREDENTIALS)
            self._client = await self._nats.connect(
                self._server,
                name="seakeep",
                allow_reconnect=False,
                connect_timeout=_CONNECT_SECONDS,
                error_cb=_heard,
                user_credentials=None if credentials is None else str(Path(credentials)),
            )
        await self._client.flush(_ANSWER_SECONDS)  # a connection that ended meanwhile is met here, and by no message
        return self._client

    async def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()


async def _put(stream: Any, base: str, event: Event) -> None:
    kind = "request" if event.attributes["type"] == REQUEST else "response"
    headers, body = event.binary()
    headers["Nats-Msg-Id"] = f"{event.attributes['id']}.{kind}"
    await stream.publish(f"{base}.{kind}", body, timeout=_TAKEN_SECONDS, headers=headers)


async def _heard(error: Exception) -> None:
    """What the client says beside its answers is said by the answers too."""
    del error
