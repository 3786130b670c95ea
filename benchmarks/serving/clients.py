"""Clients of the soak: each asks for all sorts of things, one after another, and checks every answer to the bit.

An answer says which release gave it and for how many rows; what that release says of those rows is known beforehand, so that an
answer that is another request's, another release's or a mixture is found out.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATH = "/v2/models/flights/infer"
LARGE_ROWS = 3000
_ROWS = (1, 1, 1, 1, 4, 16, 64)
_BAD = (
    b"",
    b"{",
    b'{"rows": []}',
    b'{"rows": [{"distance": "far"}]}',
    b'{"rows": [{"distance": NaN}]}',
    b'{"inputs": [{"name": "distance", "shape": [-1], "datatype": "FP64", "data": [1]}]}',
    b'{"rows": [{"no such column": 1}]}',
    b"[" * 100_000,
    b'{"rows": ' + b" " * 300_000 + b"}",
    b"\xff\xfe",
)


@dataclass(slots=True)
class Tally:
    """What became of the requests. wrong: answers that were not their own. failed: what should not have happened, in words."""

    statuses: Counter[int] = field(default_factory=Counter)
    releases: Counter[str] = field(default_factory=Counter)
    broken: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class Client(threading.Thread):
    """Asks until told to stop.

    Parameters: rows: that are asked about. expected: what each release (by digest) says of each row: the class's name to its probability.
    """

    def __init__(
        self,
        port: int,
        rows: Sequence[dict[str, Any]],
        expected: Mapping[str, Sequence[dict[str, float]]],
        *,
        seed: int,
    ) -> None:
        super().__init__(daemon=True)
        self._port, self._rows, self._expected = port, rows, expected
        self._chance = random.Random(seed)
        self._connection: http.client.HTTPConnection | None = None
        self.tally, self.going = Tally(), True

    def run(self) -> None:
        kinds: list[tuple[Callable[[], None], int]] = [
            (self._good, 80),
            (self._bad, 12),
            (self._large, 1),
            (self._hurried, 7),
        ]
        while self.going:
            (act,) = self._chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
            try:
                act()
            except (OSError, http.client.HTTPException):
                self.tally.broken.append(time.monotonic())
                self._close()
                time.sleep(0.01)
        self._close()

    def _good(self) -> None:
        self._checked(self._chance.choice(_ROWS), {200})

    def _large(self) -> None:
        self._checked(LARGE_ROWS, {200})

    def _hurried(self) -> None:
        wait = self._chance.choice(("0.01", "5", "2000"))
        self._checked(4, {200, 504}, **{"seakeep-timeout-ms": wait, "seakeep-priority": self._chance.choice("123")})

    def _bad(self) -> None:
        status, answer = self._ask(self._chance.choice(_BAD))
        if not 400 <= status < 500 or not {"error", "code", "fix"} <= answer.keys():
            self.tally.failed.append(f"a bad request got {status}: {str(answer)[:200]}")

    def _checked(self, count: int, allowed: set[int], **headers: str) -> None:
        first = self._chance.randrange(len(self._rows))
        places = [(first + i) % len(self._rows) for i in range(count)]
        body = {"rows": [self._rows[i] for i in places], "id": str(first), "parameters": {"key": str(first)}}
        status, answer = self._ask(json.dumps(body).encode(), **headers)
        if status not in allowed:
            self.tally.failed.append(f"{count} rows got {status}: {str(answer)[:200]}")
        elif status == 200:
            self._compare(places, answer)

    def _compare(self, places: Sequence[int], answer: dict[str, Any]) -> None:
        release = answer["release"]
        self.tally.releases[release] += 1
        said = [one["probabilities"] for one in answer["predictions"]]
        if answer["id"] != str(places[0]) or said != [self._expected[release][i] for i in places]:
            self.tally.wrong.append(f"rows {places[0]} and {len(places) - 1} more of {release[:12]}: {str(said)[:200]}")

    def _ask(self, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        self._connection.request("POST", PATH, body, {"Content-Type": "application/json", **headers})
        answer = self._connection.getresponse()
        content = json.loads(answer.read())
        self.tally.statuses[answer.status] += 1
        if answer.getheader("connection") == "close":
            self._close()
        return answer.status, content

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
