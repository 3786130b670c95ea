"""Valve: lets in what can be answered in time, and turns the rest away before it costs anything.

What is under way is bounded by a concurrency of each model, and by what the governor says can be answered within the target. A client that
has begun a request and does not send its body is counted for a moment only: it must take nobody's place. It needs a place when its body
has come, and is turned away then where there is none: many who come slowly must not be let in together.

What is hard is the time that nobody sees: a request waits for its turn of the event loop before it is looked at. A turn's length is
measured, and is added to what each request took.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from seakeep.serving.server.pages import RETRY
from seakeep.serving.server.refusals.traffic import Pressed
from seakeep.serving.server.traffic.governor import MOST, Governor
from seakeep.serving.server.traffic.urgency import FIRST, LAST, NORMAL

if TYPE_CHECKING:
    from seakeep.serving.server.pages import Page
    from seakeep.serving.server.steps import Body
    from seakeep.serving.server.traffic.bounds import Bounds

_SHARES = {FIRST: 1.0, NORMAL: 0.9, LAST: 0.5}
"""Of the bound, that a request of each priority may fill: who comes first still finds room when the others are turned away."""
_BUSY, _CROWDED = "busy", "crowded"
_READ_SECONDS = 0.05
_FADING = 0.8
_HOLD_SECONDS, _MOST_HELD = 0.1, 256


class Ticket:
    """A request that was let in. until: by when its body should be here. is_read: whether it is. is_counted: as being under way."""

    __slots__ = ("is_counted", "is_read", "model", "priority", "until")

    def __init__(self, model: str, priority: int, until: float) -> None:
        self.model, self.priority, self.until = model, priority, until
        self.is_read = self.is_counted = False


class Valve:
    """Bounds what one worker has under way. Parameters: bounds: what is promised. loop: whose turns are measured."""

    def __init__(self, bounds: Bounds, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._concurrency = loop, bounds.concurrency or MOST
        self._target_ms = bounds.target_ms
        self._under_way: defaultdict[str, int] = defaultdict(int)
        self._reading: deque[Ticket] = deque()
        self.total = self._held = 0
        self._rooms = dict.fromkeys(_SHARES, float(MOST))
        self.governor = Governor(bounds.target_ms / 1e3) if bounds.target_ms else None
        self._turn, self._turned = 0.0, 0.0
        self._busy = _page(Pressed.busy(bounds.target_ms))
        self._crowded: dict[str, Page] = {}
        self._apply()

    def enter(self, model: str, priority: int) -> Ticket | Page:
        """Let a request in, which has then to `leave`; or the answer with which it is turned away."""
        if self.total >= self._rooms[priority] or self._under_way[model] >= self._concurrency:
            full = self._full(model, priority)
            if full is not None:
                return self._busy if full == _BUSY else self._crowd(model)
        if not self._turned:
            self._turned = time.perf_counter()
            self._loop.call_soon(self._end_turn)
        ticket = Ticket(model, priority, time.perf_counter() + _READ_SECONDS)
        self._reading.append(ticket)
        self._count(ticket, 1)
        return ticket

    async def hold_back(self) -> None:
        """Wait before a refusal is sent, where callers ask again at once and refusing them would take what answering needs: they
        are slowed down. Not all of them wait, so that connections are left for others.
        """
        if self.governor is None or not self.governor.is_hammered or self._held >= _MOST_HELD:
            return
        self._held += 1
        try:
            await asyncio.sleep(_HOLD_SECONDS)
        finally:
            self._held -= 1

    async def read(self, ticket: Ticket, body: Body) -> bytes:
        """The body of a request that was let in. Raises Refusal, where it came so slowly that others have taken its place."""
        content = await body
        ticket.is_read = True
        if not ticket.is_counted:
            full = self._full(ticket.model, ticket.priority)
            if full is not None:
                raise (
                    Pressed.busy(self._target_ms) if full == _BUSY else Pressed.crowded(ticket.model, self._concurrency)
                )
            self._count(ticket, 1)
        return content

    def leave(self, ticket: Ticket) -> None:
        """A request that was let in has its answer, or went away."""
        ticket.is_read = True
        if ticket.is_counted:
            self._count(ticket, -1)
        self._forget_slow()

    def _full(self, model: str, priority: int) -> str | None:
        """What there is no room in, once nobody is counted who sends no body: the worker, the model, or None."""
        self._forget_slow()
        if self.total >= self._rooms[priority]:
            if self.governor is not None:
                self.governor.refused += 1
            return _BUSY
        return _CROWDED if self._under_way[model] >= self._concurrency else None

    def _count(self, ticket: Ticket, change: int) -> None:
        ticket.is_counted = change > 0
        self._under_way[ticket.model] += change
        self.total += change

    def _forget_slow(self) -> None:
        """Count nobody whose body should have come by now: who sends nothing must take nobody's place. A body that came while the
        loop stood still is not late.
        """
        now = time.perf_counter() - self._turn
        while self._reading and (self._reading[0].is_read or self._reading[0].until < now):
            ticket = self._reading.popleft()
            if not ticket.is_read:
                self._count(ticket, -1)

    def took(self, seconds: float, reading: float) -> None:
        """An answer took so long from when its request was looked at; of those that the loop itself gives.

        reading: seconds of it until the body was here: a client that is slow to send it must not make others be turned away.
        """
        if self.governor is None:
            return
        if reading > _READ_SECONDS + self._turn:
            seconds -= reading
        if self.governor.took(seconds + self._turn):
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


def _page(refusal: Pressed) -> Page:
    """Made once: turning away must not cost what answering does."""
    return refusal.status, RETRY, json.dumps(refusal.as_answer()).encode()
