"""CloudEvents: a prediction log's requests and answers to a file of JSON Lines, or to KServe's kind of receiver.

A receiver gets every request at least once, in the order of time. How far it has come is kept beside the log, one cursor an address,
and moved after every batch that was taken: whoever is killed sends at most that batch again, under the same ids. Requests younger
than SETTLE_SECONDS wait for the next time, since a worker may still write one that came before them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from seakeep.core import locks
from seakeep.core.errors import UsageError
from seakeep.core.files import replacing, write_bytes
from seakeep.integrations._sinks._requests import batches
from seakeep.integrations._sinks.delivery import Delivery
from seakeep.integrations._sinks.events import Origin, exchanges
from seakeep.prediction_log import columns as names
from seakeep.prediction_log import snapshot
from seakeep.prediction_log.rows import by_release
from seakeep.prediction_log.snapshot import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from seakeep.integrations._sinks.events import Exchange
    from seakeep.prediction_log import PredictionLog
    from seakeep.prediction_log.layout import Layout
    from seakeep.prediction_log.outbox import Parcel

SETTLE_SECONDS = 120
"""More than a client has to send its body (30 s) and a row to reach the disk (at most 60 s)."""
BATCH_REQUESTS = 100
__all__ = ["Busy", "Cursor", "Delivery", "EventSink", "Origin", "Span", "cursor_file", "send", "write"]

_HOUR = dt.timedelta(hours=1)


class Busy(UsageError):
    """Somebody else sends to the same address."""

    @classmethod
    def of(cls, url: str) -> Busy:
        return cls(
            f"another process sends this log to {url} now",
            cause="Two would send every event twice.",
            fix="Wait for it to end.",
            url=url,
        )


class Cursor(msgspec.Struct, frozen=True):
    """The last request that a receiver took. time: microseconds since 1970 UTC."""

    sink: str
    time: int
    id: str


@dataclass(frozen=True, slots=True)
class Span:
    """Which requests. since, until: of arrival, None for no bound. releases: digests' first digits. roles: none for those that
    answered.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    releases: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class EventSink:
    """A receiver that a server's scribe sends every finished file's requests to (see serving.shipping)."""

    def __init__(self, delivery: Delivery, namespace: str) -> None:
        self._delivery, self._namespace = delivery, namespace

    def take(self, log: Layout, parcel: Parcel) -> None:
        """Send the requests that were not taken yet, two events each. Raises NotDelivered."""
        for batch in batches(log, parcel, Origin(log.name, self._namespace)):
            for exchange in batch:
                for event in exchange.events:
                    self._delivery.send(event)

    def close(self) -> None:
        """Let go of the connection."""
        self._delivery.close()


def open_sink(address: str) -> EventSink:
    """The sink at an address; its thread tries again by itself. The namespace that events name is SEAKEEP_EXPORT_NAMESPACE's.

    Raises: BadSink.
    """
    return EventSink(Delivery(address, attempts=1), os.environ.get("SEAKEEP_EXPORT_NAMESPACE", "default"))


def write(log: PredictionLog, path: Path, origin: Origin, span: Span) -> int:
    """Write the events as JSON Lines, the file whole or not at all. Returns how many. Raises CannotWrite."""
    count = 0
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for exchange in _exchanges(log, origin, span):
            for event in exchange.events:
                file.write(json.dumps(event.structured(), ensure_ascii=False, allow_nan=False) + "\n")
                count += 1
    return count


def send(log: PredictionLog, delivery: Delivery, origin: Origin, span: Span, *, now: dt.datetime | None = None) -> int:
    """Send the events that the address has not taken yet; with a bound `since`, those from there on. Returns how many.

    Raises: NotDelivered, with the cursor after all that was taken; Busy.
    """
    place = cursor_file(log, delivery.url)
    place.parent.mkdir(parents=True, exist_ok=True)
    with locks.alone(place.with_suffix(".lock"), wait=False) as held:
        if not held:
            raise Busy.of(delivery.url)
        before = None if span.since is not None else _read(place)
        settled = (now or dt.datetime.now(dt.UTC)) - dt.timedelta(seconds=SETTLE_SECONDS)
        until = settled if span.until is None else min(span.until, settled)
        since = span.since if before is None else _moment(before.time)
        own = Span(since, until, span.releases, span.roles)
        after = None if before is None else (_moment(before.time), before.id)
        try:
            _send_all(
                (one for one in _exchanges(log, origin, own) if after is None or (one.time, one.id) > after),
                delivery,
                place,
            )
        finally:
            delivery.close()
    return delivery.delivered


def cursor_file(log: PredictionLog, url: str) -> Path:
    """Where it is kept how far an address has come."""
    return log.layout.root / "sent" / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.json"


def _send_all(wanted: Iterator[Exchange], delivery: Delivery, place: Path) -> None:
    taken: Exchange | None = None
    try:
        for number, exchange in enumerate(wanted, start=1):
            for event in exchange.events:
                delivery.send(event)
            taken = exchange
            if number % BATCH_REQUESTS == 0:
                _keep(place, delivery.url, taken)
    finally:
        if taken is not None:
            _keep(place, delivery.url, taken)


def _keep(place: Path, url: str, taken: Exchange) -> None:
    write_bytes(place, msgspec.json.encode(Cursor(url, _microseconds(taken.time), taken.id)))


def _read(place: Path) -> Cursor | None:
    try:
        return msgspec.json.decode(place.read_bytes(), type=Cursor)
    except FileNotFoundError:
        return None


def _exchanges(log: PredictionLog, origin: Origin, span: Span) -> Iterator[Exchange]:
    """Every request of a span in the order of time, an hour in memory at once. A request's rows have one time."""
    roles: Sequence[str] = span.roles or names.ANSWERING
    found = log.scan(since=span.since, until=span.until, releases=span.releases, roles=roles, labels=False)
    hours = found.select(pl.col(names.TIME).dt.truncate("1h").unique().sort()).collect().to_series().to_list()
    for hour in hours:
        since = hour if span.since is None else max(hour, span.since)
        until = hour + _HOUR if span.until is None else min(hour + _HOUR, span.until)
        yield from _within(log, origin, Span(since, until, span.releases, tuple(roles)))


def _within(log: PredictionLog, origin: Origin, span: Span) -> list[Exchange]:
    window = Window(span.since, span.until, span.releases, span.roles)
    taken = snapshot.take(log.layout, window)
    made: list[Exchange] = []
    for table in by_release(taken, window, None):
        frame = table.collect()
        if frame.height:
            made += exchanges(frame, taken.headers[frame[names.RELEASE][0]], origin)
    return sorted(made, key=lambda one: (one.time, one.id))


def _moment(microseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=microseconds)


def _microseconds(moment: dt.datetime) -> int:
    return (moment - dt.datetime.fromtimestamp(0, dt.UTC)) // dt.timedelta(microseconds=1)
