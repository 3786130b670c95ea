"""Governor: how much may be under way, so that 99 of 100 answers are within a target.

What is under way in a worker waits for each other, so that an answer takes as long as everything that is before it: by Little's law
(1961) the mean time is what is under way, multiplied by what one answer costs. The governor measures that cost, the seconds of its thread's
processor that an answer takes, and lets as many be under way as can be answered in a share of the target. It moves the share, so that
99 of 100 answers are within the target whatever else the machine does. A pause of the whole machine is no cost, and so turns nobody
away afterwards.
"""

from __future__ import annotations

import time

LEAST, MOST = 4, 1_000_000
_BEGIN = 64
_ANSWERS, _SECONDS = 32, 0.05
"""Least of one look: answers, and time."""
_WEIGHT_OF_NEW = 0.3
_NEAR, _LATE_SHARE, _MANY = 0.6, 0.01, 0.1
"""Of the target, from where an answer counts as late here: a client waits for longer than this thread sees. Of the answers, how many may
be late; and how many are a collapse.
"""
_LITTLE, _MUCH, _MORE = 0.95, 0.7, 1.02
_HAMMERED, _STILL = 4.0, 0.25
"""Refused for each answer, from where callers are taken for ones that ask again at once; and until where."""
_SHARE_LEAST, _SHARE_BEGIN, _SHARE_MOST = 0.05, 0.25, 0.4


class Governor:
    """Moves the bound. Parameters: target: seconds within which 99 of 100 answers shall be.

    Attributes: most: may be under way. refused: since the last look, counted by who refuses. is_hammered: whether so many are refused
    that refusing them takes what answering needs.
    """

    def __init__(self, target: float) -> None:
        self.most, self.refused, self.is_hammered = float(_BEGIN), 0, False
        self._target, self._share, self._service = target, _SHARE_BEGIN, 0.0
        self._begin()

    def took(self, seconds: float) -> bool:
        """Count an answer; to be called in the loop's thread. Returns whether the bound was looked at anew."""
        self._count += 1
        if seconds > self._target * _NEAR:
            self._late += 1
        if self._count < _ANSWERS or time.perf_counter() < self._until:
            return False
        self._move()
        return True

    def _move(self) -> None:
        service = (time.thread_time() - self._spent) / self._count
        self._service += (service - self._service) * (_WEIGHT_OF_NEW if self._service else 1.0)
        if self._late > self._count * _LATE_SHARE:
            self._share = max(_SHARE_LEAST, self._share * (_MUCH if self._late > self._count * _MANY else _LITTLE))
        elif self.refused:
            self._share = min(_SHARE_MOST, self._share * _MORE)
        self.is_hammered = self.refused > self._count * (_STILL if self.is_hammered else _HAMMERED)
        self.most = max(LEAST, min(MOST, self._target * self._share / self._service))
        self._begin()

    def _begin(self) -> None:
        self._count, self._late, self.refused = 0, 0, 0
        self._spent, self._until = time.thread_time(), time.perf_counter() + _SECONDS
