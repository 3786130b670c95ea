"""Shadows: releases that get a copy of each request after its answer was given, are compared with it, and answer nobody.

One copy is answered a turn of the event loop, so that requests that wait are answered in between and a shadow takes at most
the share of one client. What a full queue cannot hold is dropped and counted: a shadow that is slower than the traffic sees a
part of it, and the traffic does not notice.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.serving.server.families import SHADOW_AGREED, SHADOW_DROPPED, SHADOW_ROWS
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.traffic.urgency import SHADOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.form import Request
    from seakeep.serving.server.lanes import Lane
    from seakeep.serving.server.metrics import Metrics

QUEUE_COPIES = 1024
QUEUE_BYTES = 32 * 1024 * 1024
_CLOSE = 0.01
_log = logging.getLogger("seakeep.serving")


@dataclass(frozen=True, slots=True)
class Copy:
    """A request that was answered. by: the lane. given: the answer. key: of the request's header."""

    request: Request
    by: Lane
    given: Answered
    key: str | None


class Shadows:
    """Answers copies, one after another. Parameters: loop: the worker's event loop."""

    def __init__(self, metrics: Metrics, *, loop: asyncio.AbstractEventLoop) -> None:
        self._metrics, self._loop = metrics, loop
        self._queue: deque[tuple[Lane, Copy]] = deque()
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None

    def offer(self, lanes: tuple[tuple[Lane, float], ...], copy: Copy) -> None:
        """Queue a copy for each shadow, or for its share of the requests."""
        for lane, share in lanes:
            if share < 1 and random.random() >= share:  # noqa: S311
                continue
            if len(self._queue) >= QUEUE_COPIES or self._bytes + len(copy.request.body) > QUEUE_BYTES:
                name = lane.served.name
                self._metrics.of_name(name).cell(SHADOW_DROPPED, name).add()
                continue
            self._queue.append((lane, copy))
            self._bytes += len(copy.request.body)
        if self._queue and self._task is None:
            self._task = self._loop.create_task(self._work())

    async def _work(self) -> None:
        while self._queue:
            await asyncio.sleep(0)  # whoever waits for an answer comes first
            lane, copy = self._queue.popleft()
            self._bytes -= len(copy.request.body)
            await self._answer(lane, copy)
        self._task = None

    async def _answer(self, lane: Lane, copy: Copy) -> None:
        """Answer a copy and write down how it went; nothing that a shadow does may reach beyond this."""
        started = time.perf_counter()
        engine, log, status, reason = lane.engine, lane.log, 500, ""
        answered, request = None, copy.request._replace(until=math.inf, priority=SHADOW)
        try:
            assert engine is not None
            answered = (await engine.answer(request, copy.given.prediction_id)).answered
            status = 200
        except Refusal as refusal:
            status, reason = refusal.status, refusal.code
            lane.refused[refusal.code].add()
        except Exception as error:  # noqa: BLE001  (a shadow's fault is its own)
            reason = type(error).__name__
            _log.exception("the shadow %s@%s failed", lane.served.name, lane.served.version)
        seconds = time.perf_counter() - started
        lane.answered[status].add()
        if answered is not None:
            lane.latency.observe(seconds)
            lane.decided(answered.decisions)
            self._compare(lane, copy, answered)
        prediction_id = copy.given.prediction_id
        if log is None or prediction_id is None:
            return
        if answered is not None:
            log.answered(lane, seconds, answered, key=copy.key)
        else:
            outcome = "failed" if status == 500 else "refused"
            log.unanswered(lane, prediction_id, seconds, outcome, reason, key=copy.key)

    def _compare(self, lane: Lane, copy: Copy, answered: Answered) -> None:
        own = (lane.served.name, lane.served.version)
        sheet = self._metrics.of_release(lane.served)
        sheet.cell(SHADOW_ROWS, *own).add(copy.given.ask.rows)
        sheet.cell(SHADOW_AGREED, *own).add(agreeing(_said(copy.by, copy.given), _said(lane, answered)))


def agreeing(given: Sequence[object], shadow: Sequence[object]) -> int:
    """How many rows have the same class, or values that differ by at most 1 % of the given one.

    >>> agreeing(["late", "early"], ["late", "late"]), agreeing([100.0, 100.0], [101.0, 102.0])
    (1, 1)
    """
    return sum(one == other or _near(one, other) for one, other in zip(given, shadow, strict=True))


def _said(lane: Lane, answered: Answered) -> Sequence[object]:
    """Classes, since releases may number them in another order; or values."""
    classes = lane.served.model.classes
    return [classes[decision] for decision in answered.decisions] if classes else answered.scores


def _near(one: object, other: object) -> bool:
    return isinstance(one, float) and isinstance(other, float) and abs(one - other) <= _CLOSE * abs(one)
