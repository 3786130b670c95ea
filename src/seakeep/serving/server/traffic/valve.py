"""Valve: lets in what can be answered in time, and turns the rest away before it costs anything.

What is under way in a worker waits for each other, so that an answer takes as long as everything that is before it: by Little's law
(1961) the mean time is what is under way, multiplied by what one answer costs. The valve measures that cost, the seconds of its thread's
processor that an answer takes, and lets in as many as can be answered in a share of the target. It moves the share, so that
99 of 100 answers are within the target whatever else the machine does. A pause of the whole machine is no cost, and so turns nobody
away afterwards.

What is hard is the time that nobody sees: a request waits for its turn of the event loop before it is looked at. A turn's length is
measured, and is added to what each request took.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from seakeep.serving.server.pages import RETRY
from seakeep.serving.server.refusals.traffic import Pressed
from seakeep.serving.server.traffic.urgency import FIRST, LAST, NORMAL

if TYPE_CHECKING:
    import asyncio

    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.traffic.bounds import Bounds

LEAST, _BEGIN, MOST = 4, 64, 1_000_000
_SHARES = {FIRST: 1.0, NORMAL: 0.9, LAST: 0.5}
"""Of the bound, that a request of each priority may fill: who comes first still finds room when the others are turned away."""
_FADING = 0.8
_ANSWERS, _SECONDS = 32, 0.05
_WEIGHT_OF_NEW = 0.3
_NEAR, _LATE_SHARE, _MANY = 0.6, 0.01, 0.1
_LITTLE, _MUCH, _MORE = 0.95, 0.7, 1.02
_SHARE_LEAST, _SHARE_BEGIN, _SHARE_MOST = 0.05, 0.25, 0.4


class Valve:
    """Bounds what one worker has under way. Parameters: bounds: what is promised. loop: whose turns are measured."""

    def __init__(self, bounds: Bounds, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._concurrency = loop, bounds.concurrency or MOST
        self._target = bounds.target_ms / 1e3
        self._under_way: defaultdict[str, int] = defaultdict(int)
        self.total = 0
        self._rooms = dict.fromkeys(_SHARES, float(MOST))
        self.governor = Governor(self._target) if self._target else None
        self._turn, self._turned = 0.0, 0.0
        self._busy = _page(Pressed.busy(bounds.target_ms))
        self._crowded: dict[str, Page] = {}
        self._apply()

    def enter(self, model: str, priority: int) -> Page | None:
        """Let a request in, which has then to `leave`; or the answer with which it is turned away."""
        if self.total >= self._rooms[priority]:
            if self.governor is not None:
                self.governor.is_full = True
            return self._busy
        if self._under_way[model] >= self._concurrency:
            return self._crowd(model)
        if not self._turned and self.governor is not None:
            self._turned = time.perf_counter()
            self._loop.call_soon(self._end_turn)
        self._under_way[model] += 1
        self.total += 1
        return None

    def leave(self, model: str) -> None:
        """A request that was let in has its answer, or went away."""
        self._under_way[model] -= 1
        self.total -= 1

    def took(self, seconds: float) -> None:
        """An answer took so long from when its request was looked at; of those that the loop itself gives."""
        if self.governor is not None and self.governor.took(seconds + self._turn):
            self._apply()

    def _apply(self) -> None:
        if self.governor is not None:
            self._rooms = {priority: max(1.0, self.governor.most * share) for priority, share in _SHARES.items()}

    def _end_turn(self) -> None:
        turn, self._turned = time.perf_counter() - self._turned, 0.0
        self._turn = max(turn, self._turn * _FADING)

    def _crowd(self, model: str) -> Page:
        if model not in self._crowded:
            self._crowded[model] = _page(Pressed.crowded(model, self._concurrency))
        return self._crowded[model]


class Governor:
    """Moves the bound. Parameters: target: seconds within which 99 of 100 answers shall be."""

    def __init__(self, target: float) -> None:
        self.most, self.is_full = float(_BEGIN), False
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
        elif self.is_full:
            self._share = min(_SHARE_MOST, self._share * _MORE)
        self.most = max(LEAST, min(MOST, self._target * self._share / self._service))
        self._begin()

    def _begin(self) -> None:
        self._count, self._late, self.is_full = 0, 0, False
        self._spent, self._until = time.thread_time(), time.perf_counter() + _SECONDS


def _page(refusal: Pressed) -> Page:
    """Made once: turning away must not cost what answering does."""
    return refusal.status, RETRY, json.dumps(refusal.as_answer()).encode()
