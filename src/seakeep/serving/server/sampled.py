"""Sampled: the requests of the present minute that a worker keeps, and when that minute is over.

Periods are those of the clock, the same for all workers, so that a rollout's arms are sampled over the same stretches. What is hard is
a clock that is set: it says where the next period ends, once, and how long that is to wait is counted by one that nobody sets.
So a clock that went back by hours makes no period of hours, whose few rows would stand for all that was asked in them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from seakeep.prediction_log.sampling import Reservoir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seakeep.prediction_log.frames import Record
    from seakeep.prediction_log.sampling import Arm


class Sample:
    """Parameters: requests: that are kept of each arm. seconds: of a period. passed: seconds by a clock that nobody sets. clock: since 1970."""

    def __init__(
        self, requests: int, seconds: float, *, passed: Callable[[], float], clock: Callable[[], float] = time.time
    ) -> None:
        self._reservoir, self._seconds = Reservoir(requests), float(seconds)
        self._passed, self._clock = passed, clock
        self._until = self._end()
        self.arm: Callable[[str, str], Arm] = self._reservoir.arm

    @property
    def is_over(self) -> bool:
        """Whether the period has ended."""
        return self._passed() >= self._until

    def drain(self) -> Iterator[Record]:
        """What is kept of the period, each with its probability; the next one begins."""
        self._until = self._end()
        return self._reservoir.drain()

    def _end(self) -> float:
        return self._passed() + self._seconds - self._clock() % self._seconds
