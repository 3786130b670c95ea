"""Holding: whether it pays to wait for company before the model is run, found out by trying.

What arrives in one turn of the loop is one run anyway (see `coalescing`). Waiting for a moment makes fewer and larger runs, and fewer
changes between the threads that share a core; or it makes idle hands of a server that could have answered. Which of
them depends on the model, on how many ask at once and on whether they wait for each other's answers, so nothing of it is computed:
where enough requests come for company to be likely, short times with and without waiting take turns, and the one that
answers more of them stays. The verdict is tried again, ever more seldom; a load that goes away ends the waiting at once.

What is hard is to be right on a machine that others use: pairs that follow each other are compared, nearly all of them must agree, and
by more than a little.
"""

from __future__ import annotations

import time

_MOST_SECONDS, _LEAST_SECONDS = 0.001, 0.00025
_OF_TARGET = 50
_SLOT_SECONDS = 0.05
_COMPANY = 8.0
"""Requests that must be likely to arrive during the wait for it to be tried."""
_PAIRS, _AGREEING, _GAIN = 8, 7, 1.05
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0


def longest(target: float) -> float:
    """Seconds that a request may be held for company where answers shall take `target` seconds; 0 for not at all.

    >>> longest(0.04), longest(10.0), longest(0.005)
    (0.0008, 0.001, 0.0)
    """
    seconds = min(_MOST_SECONDS, target / _OF_TARGET)
    return seconds if seconds >= _LEAST_SECONDS else 0.0


class Holding:
    """How long requests are held for company. Parameters: most: seconds, more than 0. Attributes: seconds: now; 0 for not at all."""

    def __init__(self, most: float) -> None:
        self.seconds = 0.0
        self._most, self._pays = most, False
        self._pause, self._try_at = _FIRST_PAUSE, time.perf_counter()
        self._answered: list[int] = []
        self._begin(self._try_at)

    def ran(self, requests: int) -> None:
        """So many requests were answered together; to be called for each time that the queue was emptied."""
        self._count += requests
        now = time.perf_counter()
        if now >= self._until:
            self._end_slot(now)

    def _end_slot(self, now: float) -> None:
        rate = self._count / (now - self._began)
        is_quiet = rate * self._most < _COMPANY
        if is_quiet and self._answered:
            self._conclude(False, now)
        elif is_quiet:
            self.seconds = 0.0
        elif self._answered or now >= self._try_at:
            self._tried(rate, now)
        else:
            self.seconds = self._most if self._pays else 0.0
        self._begin(now)

    def _tried(self, rate: float, now: float) -> None:
        """A slot of a trial is over; slots without waiting and with it take turns. The one before the first is thrown away."""
        self._answered.append(round(rate))
        if len(self._answered) > 2 * _PAIRS:
            self._decide(now)
        else:
            self.seconds = 0.0 if len(self._answered) % 2 else self._most

    def _decide(self, now: float) -> None:
        without, held = self._answered[1::2], self._answered[2::2]
        agree = sum(one > other for one, other in zip(held, without, strict=True))
        self._conclude(agree >= _AGREEING and sum(held) > sum(without) * _GAIN, now)

    def _conclude(self, pays: bool, now: float) -> None:
        self._pause = min(_LONGEST_PAUSE, self._pause * 2) if pays == self._pays else _FIRST_PAUSE
        self._pays, self._answered, self._try_at = pays, [], now + self._pause
        self.seconds = self._most if pays else 0.0

    def _begin(self, now: float) -> None:
        self._count, self._began, self._until = 0, now, now + _SLOT_SECONDS
