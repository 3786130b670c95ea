"""Beat: twice a second a worker says how late its loop is, and how much it has under way: what a queue would be elsewhere.

Requests wait in the event loop and nowhere else, so how late a timer comes is how long they wait before they are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.serving.server.families import LOOP_DELAY, ROOM, UNDER_WAY

if TYPE_CHECKING:
    import asyncio

    from seakeep.serving.server.metrics import Metrics
    from seakeep.serving.server.traffic.valve import Valve

BEAT_SECONDS = 0.5


class Beat:
    """Measures a worker's loop for as long as it runs. Parameters: valve: whose count is told, None where nothing is bounded."""

    def __init__(self, loop: asyncio.AbstractEventLoop, metrics: Metrics, valve: Valve | None) -> None:
        self._loop, self._valve = loop, valve
        sheet = metrics.of_worker()
        self._delay, self._under_way, self._room = (sheet.cell(family) for family in (LOOP_DELAY, UNDER_WAY, ROOM))
        self._due = loop.time() + BEAT_SECONDS
        loop.call_at(self._due, self._beat)

    def _beat(self) -> None:
        now = self._loop.time()
        self._delay.set(max(0.0, now - self._due))
        if self._valve is not None:
            self._under_way.set(self._valve.total)
            if self._valve.governor is not None:
                self._room.set(self._valve.governor.most)
        self._due = now + BEAT_SECONDS
        self._loop.call_at(self._due, self._beat)
