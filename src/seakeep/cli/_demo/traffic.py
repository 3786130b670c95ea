"""Traffic for the demo: real rows as real HTTP requests, one row each, and a few requests that must be refused."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seakeep.cli._demo.server import ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.cli._demo.server import Running

CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay brought back. answers: one prediction a row, in order; latencies: seconds, in order."""

    answers: tuple[dict[str, Any], ...]
    latencies: tuple[float, ...]
    seconds: float
    failed: int

    @property
    def per_second(self) -> float:
        """Requests answered a second."""
        return len(self.latencies) / self.seconds

    def latency(self, share: float) -> float:
        """The latency in seconds that this share of requests stayed below."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A request that must be refused. what: in words. kind: its content type."""

    what: str
    path: str
    body: bytes
    kind: str = "application/json"


def replay(server: Running, path: str, rows: Sequence[dict[str, Any]], *, clients: int = CLIENTS) -> Replay:
    """Ask for each row in a request of its own, `clients` at a time over connections that are kept."""
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        parts = list(pool.map(lambda first: _one_client(server, path, rows[first::clients]), range(clients)))
    seconds = time.perf_counter() - started
    answered: list[tuple[int, dict[str, Any], float]] = [(0, {}, 0.0)] * len(rows)
    for first, part in enumerate(parts):
        answered[first::clients] = part
    return Replay(
        tuple(answer for _, answer, _ in answered),
        tuple(seconds for _, _, seconds in answered),
        seconds,
        sum(status != 200 for status, _, _ in answered),
    )


def wrong_requests(path: str, row: dict[str, Any]) -> tuple[Wrong, ...]:
    """The mistakes that clients make most, each made on a row that is right otherwise."""

    def rows(**change: Any) -> bytes:
        return json.dumps({"rows": [{**row, **change}]}).encode()

    without = {name: value for name, value in row.items() if name != "carrier"}
    tensor = {"name": "distance", "datatype": "INT64", "shape": [-1], "data": [1400]}
    return (
        Wrong("a column is missing", path, json.dumps({"rows": [without]}).encode()),
        Wrong("a column is misspelt", path, rows(distanse=1400)),
        Wrong("text where a number belongs", path, rows(distance="far")),
        Wrong("a date that does not exist", path, rows(scheduled="2013-02-30T08:00:00")),
        Wrong("NaN, which is not JSON", path, rows(temp=float("nan"))),
        Wrong("a negative shape", path, json.dumps({"inputs": [tensor]}).encode()),
        Wrong("half a body", path, rows()[:-20]),
        Wrong("an unknown model", path.replace("flight-delay", "flight-dely"), rows()),
        Wrong("a body of 9 MiB", path, b'{"rows": [' + b" " * (9 << 20) + b"]}"),
        Wrong("XML", path, b"<row/>", "application/xml"),
    )


def _one_client(server: Running, path: str, rows: Sequence[dict[str, Any]]) -> list[tuple[int, dict[str, Any], float]]:
    connection = server.connect()
    answered: list[tuple[int, dict[str, Any], float]] = []
    for row in rows:
        body = json.dumps({"rows": [row]}).encode()
        started = time.perf_counter()
        status, answer = ask(connection, path, body)
        seconds = time.perf_counter() - started
        prediction = answer["predictions"][0] if status == 200 else answer
        answered.append((status, prediction, seconds))
    connection.close()
    return answered
