"""Pulse: whether the loop that advances the rollout still goes round, for a liveness probe. Written by the loop, read by calls.

A registry or a log that cannot be read is trouble that a restart does not cure, so it is told and the pulse goes on; a loop that
does not come round any more is what a restart is for.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.core.codec import Json

LEAST_PATIENCE = 900.0
"""Seconds that a round may take: one that catches up with a day of log takes minutes."""


class Pulse:
    """Rounds of the loop. every: seconds between two. clock: seconds that only grow."""

    def __init__(self, every: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.every, self.clock = every, clock
        self._lock = threading.Lock()
        self._rounds, self._beaten, self._trouble = 0, clock(), ""

    def beat(self, trouble: str = "") -> None:
        """A round has ended. trouble: what went wrong in it, in a sentence."""
        with self._lock:
            self._rounds, self._beaten, self._trouble = self._rounds + 1, self.clock(), trouble

    def is_alive(self) -> bool:
        """Whether a round ended not too long ago."""
        with self._lock:
            return self.clock() - self._beaten <= max(LEAST_PATIENCE, 10 * self.every)

    def as_plain(self) -> dict[str, Json]:
        """For people: rounds so far, seconds since the last one, what went wrong in it."""
        with self._lock:
            return {
                "rounds": self._rounds,
                "seconds_ago": round(self.clock() - self._beaten, 3),
                "trouble": self._trouble,
            }
