"""Shipping: the scribe's threads that give finished files of the prediction log to sinks, one thread a sink.

A sink gets every file that is finished from when it was first named, at least once, the oldest first, under names and ids that stay
the same when something is sent again. What is not taken waits in the outbox (see prediction_log.outbox), through restarts,
and is tried again after a pause that doubles up to a minute; nothing that a sink does, or does not, reaches a worker. Of two
servers on one log one sends at a time. How far each sink is behind stands in /metrics.

Sinks are files of `integrations/_sinks` and known by the address's scheme: a folder, s3:// gs:// az://, nats:// tls://, http:// https://
(CloudEvents as KServe's logger sends them); others by an entry point of that group, named as their scheme.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING, Protocol

from seakeep.core import locks, plugins
from seakeep.core.addresses import redacted, scheme
from seakeep.core.errors import SeakeepError
from seakeep.prediction_log.outbox import box, waiting
from seakeep.serving.server.sinks import Behind, write_behind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seakeep.prediction_log.layout import Layout
    from seakeep.prediction_log.outbox import Parcel

GROUP = "integrations._sinks"
SINKS = {
    **dict.fromkeys(("", "file"), "folder"),
    **dict.fromkeys(("s3", "gs", "az"), "bucket"),
    **dict.fromkeys(("nats", "tls"), "nats"),
    **dict.fromkeys(("http", "https"), "cloudevents"),
}
"""The sink of an address's scheme."""
LOOK_SECONDS = 1.0
_LONGEST_PAUSE = 60.0
_TELL_SECONDS = 10.0
_log = logging.getLogger("seakeep.serving.scribe")


class Sink(Protocol):
    """What takes finished files. `integrations/_sinks/<name>.py` has `open_sink(address)`, which makes one."""

    def take(self, log: Layout, parcel: Parcel) -> None:
        """Take one file, or what of it was not taken yet (`parcel.done`). Returns once it is kept. Raises what went wrong."""

    def close(self) -> None:
        """Let go of what is open."""


class Shipper:
    """Sends some models' files to one sink. Parameters: address: the sink's. logs: of the models. folder: the server's, for metrics.

    number: of the sink among the server's, from 0.
    """

    def __init__(self, address: str, logs: Sequence[Layout], folder: Path, *, number: int = 0) -> None:
        self._address, self._logs, self._folder = address, tuple(logs), folder
        self._name = f"{number}-{SINKS.get(scheme(address), scheme(address))}"
        self._sink: Sink | None = None
        self._problem = ""
        self._pause = LOOK_SECONDS
        for log in self._logs:
            box(log, address).mkdir(parents=True, exist_ok=True)

    def keep_sending(self, over: threading.Event) -> None:
        """Send what is finished until the server is over; runs in a thread of its own."""
        while not over.wait(self._pause):
            self.look(over)
        self.close()

    def look(self, over: threading.Event) -> None:
        """Send what waits now. Never raises: what went wrong is told once, and tried again after a longer pause."""
        problem = ""
        for log in self._logs:
            self._tell(log, is_well=not self._problem)
            try:
                self._send(log, over)
            except Exception as error:  # noqa: BLE001  (a sink may come from anybody, and must harm nobody)
                problem = (
                    str(error) if isinstance(error, SeakeepError | OSError) else f"{type(error).__name__}: {error}"
                )
            self._tell(log, is_well=not problem)
        if problem:
            self.close()
        if problem and problem != self._problem:
            _log.error("%s takes no predictions now, which wait: %s", redacted(self._address), problem)
        elif self._problem and not problem:
            _log.warning("%s takes predictions again", redacted(self._address))
        self._problem = problem
        self._pause = min(2 * self._pause, _LONGEST_PAUSE) if problem else LOOK_SECONDS

    def close(self) -> None:
        """Let go of the sink's connection; the next look opens another."""
        sink, self._sink = self._sink, None
        if sink is not None:
            with contextlib.suppress(Exception):
                sink.close()

    def _send(self, log: Layout, over: threading.Event) -> None:
        parcels = waiting(log, self._address)
        if not parcels:
            return
        with locks.alone(box(log, self._address).with_suffix(".lock"), wait=False) as held:
            told = time.monotonic()
            for parcel in parcels if held else ():
                if over.is_set():
                    return
                if not parcel.path.exists():  # another server sent it meanwhile, or it was removed for its age
                    continue
                self._opened().take(log, parcel)
                parcel.taken()
                if time.monotonic() - told > _TELL_SECONDS:
                    self._tell(log, is_well=True)
                    told = time.monotonic()

    def _tell(self, log: Layout, *, is_well: bool) -> None:
        """Leave for /metrics how far the sink is behind; before something is sent too, since a sink may hang."""
        write_behind(self._folder, log.name, self._name, self._behind(log, is_well=is_well))

    def _opened(self) -> Sink:
        if self._sink is None:
            made: Sink = plugins.load(GROUP, SINKS.get(scheme(self._address), scheme(self._address))).open_sink(
                self._address
            )
            self._sink = made
        return self._sink

    def _behind(self, log: Layout, *, is_well: bool) -> Behind:
        times = []
        for parcel in waiting(log, self._address):
            with contextlib.suppress(
                FileNotFoundError
            ):  # another server sent it meanwhile, or it was removed for its age
                times.append(parcel.path.stat().st_mtime)
        return Behind(len(times), min(times, default=0.0), is_well)


def ship(addresses: Sequence[str], logs: Sequence[Layout], folder: Path, over: threading.Event) -> None:
    """Begin to send to each sink, in threads that end when the server is `over`."""
    for number, address in enumerate(dict.fromkeys(addresses)):
        shipper = Shipper(address, logs, folder, number=number)
        threading.Thread(target=shipper.keep_sending, args=(over,), name=f"sink-{number}", daemon=True).start()
