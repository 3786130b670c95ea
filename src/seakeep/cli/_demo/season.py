"""Traffic as the months bring it: flights in their order, asked for before they leave, labelled when they have landed.

A request holds the next few departures, as a board would ask for them. Labels follow once a batch of flights has landed; a
flight that was cancelled or diverted never gets one.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.cli._demo.server import ask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from seakeep.cli._demo.server import Running

KEY, MODEL = "flight_id", "flight-delay"
TOGETHER = 4
CLIENTS = 4
LABELS_TOGETHER = 1000


@dataclass(slots=True)
class Flown:
    """What was asked so far. flights: rows; failed: requests without an answer; labels: accepted."""

    flights: int = 0
    requests: int = 0
    failed: int = 0
    labels: int = 0


class Season:
    """Flights in order. Parameters: months: their files in order. columns: raw columns that a request holds."""

    def __init__(self, server: Running, months: Sequence[Path], columns: Sequence[str]) -> None:
        self._server, self._columns = server, list(dict.fromkeys([KEY, *columns]))
        self._frame = pl.concat([pl.read_parquet(path) for path in months]).sort("scheduled", KEY)
        self._next = 0
        self.flown = Flown()

    @property
    def today(self) -> datetime:
        """When the next flight is scheduled."""
        at: datetime = self._frame["scheduled"][min(self._next, self._frame.height - 1)]
        return at

    @property
    def over(self) -> bool:
        """Whether no flight is left."""
        return self._next >= self._frame.height

    def fly_until(self, moment: datetime) -> pl.DataFrame:
        """Ask for every flight that is scheduled before `moment`. Returns the labels of those that arrived: key and late."""
        return self._ask(int(self._frame["scheduled"].search_sorted(moment)) - self._next)

    def fly(self, flights: int) -> None:
        """Ask for the next flights, as many as there are, and send the labels of those that arrived by REST."""
        self._land(self._ask(flights))

    def _ask(self, flights: int) -> pl.DataFrame:
        part = self._frame.slice(self._next, max(0, flights))
        self._next += part.height
        rows = as_json(part.select(self._columns))
        bodies = [json.dumps({"rows": rows[i : i + TOGETHER]}).encode() for i in range(0, len(rows), TOGETHER)]
        statuses = self._send(f"/v2/models/{MODEL}/infer", bodies)
        self.flown.flights += part.height
        self.flown.requests += len(bodies)
        self.flown.failed += sum(status != 200 for status in statuses)
        landed = part.filter(pl.col("arr_delay").is_not_null())
        return landed.select(KEY, late=pl.col("arr_delay") > 15)

    def _land(self, landed: pl.DataFrame) -> None:
        labels = landed.rename({KEY: "key", "late": "label"}).to_dicts()
        parts = [labels[i : i + LABELS_TOGETHER] for i in range(0, len(labels), LABELS_TOGETHER)]
        self._send(f"/v2/models/{MODEL}/labels", [json.dumps({"labels": part}).encode() for part in parts])
        self.flown.labels += len(labels)

    def _send(self, path: str, bodies: Sequence[bytes]) -> list[int]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            parts = pool.map(lambda first: self._client(path, bodies[first::CLIENTS]), range(CLIENTS))
            return [status for part in parts for status in part]

    def _client(self, path: str, bodies: Sequence[bytes]) -> list[int]:
        connection = self._server.connect()
        statuses = [ask(connection, path, body)[0] for body in bodies]
        connection.close()
        return statuses


def as_json(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as a client would send them: times as ISO 8601 text, missing values as null."""
    times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return frame.with_columns(pl.col(times).dt.strftime("%Y-%m-%dT%H:%M:%S")).to_dicts()
