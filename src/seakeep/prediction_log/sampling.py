"""Sampling: of each minute and arm, so many requests are kept, each with the probability that it had of being kept.

Called by a worker's logbook where log = "sampled". A request is kept while its number, a hash of its id, is among the smallest of the
period and the arm: every request has the same chance, whatever came before or after it, and the number decides at once for nearly
all of them that they are not kept. A shadow's answer has the id of the answer beside it, so both are kept or neither, as far as both
arms see the same requests.

What is hard is the bound on memory. A request may hold thousands of rows or megabytes of text, so that a period's requests have a
budget of bytes too: where it binds, those with the largest numbers go, and the fewer that stay stand for more. With n requests seen
and k kept each has the probability k / n (bottom-k sampling, Cohen and Kaplan 2007), so that the sum of 1 / probability is n.

A worker imports this file: no Polars. Until the period is over its requests are in memory only.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from seakeep.prediction_log import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.prediction_log.frames import Record

MOST_BYTES = 16 << 20
_ALL = 1 << 63  # above every hash


class Arm:
    """One release in one role within a period. seen: requests so far. limit: only smaller numbers are kept from now on."""

    __slots__ = ("_bytes", "_heap", "_most", "_most_bytes", "limit", "seen")

    def __init__(self, most: int, most_bytes: int) -> None:
        self.seen, self.limit = 0, _ALL
        self._most, self._most_bytes, self._bytes = most, most_bytes, 0
        self._heap: list[tuple[int, int, int, Record]] = []

    def wants(self, identity: str) -> bool:
        """Count a request; whether it is to be kept, as far as is known now."""
        self.seen += 1
        return hash(identity) < self.limit

    def keep(self, record: Record) -> None:
        """Keep the record of a request that is wanted; others may go for it."""
        size = frames.size(record)
        heappush(self._heap, (-hash(record.id), -self.seen, size, record))
        self._bytes += size
        while len(self._heap) > self._most or (self._bytes > self._most_bytes and len(self._heap) > 1):
            number, _, size, _ = heappop(self._heap)
            self._bytes -= size
            self.limit = -number

    def taken(self) -> list[Record]:
        """What is kept, in order of time, each record with its probability where that is below 1."""
        kept = [record for *_, record in self._heap]
        probability = len(kept) / self.seen if kept else 1.0
        for record in kept:
            record.sampled = probability if probability < 1 else None
        return sorted(kept, key=lambda record: record.time)


class Reservoir:
    """The requests that are kept of the present period. Parameters: requests: of each arm, at least 1. most_bytes: of each arm."""

    def __init__(self, requests: int, *, most_bytes: int = MOST_BYTES) -> None:
        self._requests, self._most_bytes = requests, most_bytes
        self._arms: dict[tuple[str, str], Arm] = {}

    def arm(self, release: str, role: str) -> Arm:
        """Where requests of a release in a role are counted."""
        arm = self._arms.get((release, role))
        if arm is None:
            arm = self._arms[release, role] = Arm(self._requests, self._most_bytes)
        return arm

    def drain(self) -> Iterator[Record]:
        """Every record that is kept, arm by arm; the next period begins."""
        arms, self._arms = self._arms, {}
        for arm in arms.values():
            yield from arm.taken()
