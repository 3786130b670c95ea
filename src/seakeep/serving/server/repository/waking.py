"""Waking: a request for a model that has no engine: it is awaited where it is asleep, and refused where it was unloaded.

Requests that come for one release at the same time wait for one making of it. It is made in a thread, so that everybody else is
answered meanwhile.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from seakeep.serving.server.refusals.repository import BadChange

if TYPE_CHECKING:
    from seakeep.serving.served import Identity
    from seakeep.serving.server.engine import Engine
    from seakeep.serving.server.fleet import Fleet
    from seakeep.serving.server.lanes import Lane


class Waker:
    """Makes engines that are asked for. For the loop's thread alone. Parameters: loop: the worker's."""

    def __init__(self, fleet: Fleet, loop: asyncio.AbstractEventLoop) -> None:
        self._fleet, self._loop = fleet, loop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="waking")
        self._coming: dict[Identity, asyncio.Future[Engine | None]] = {}

    async def engine(self, lane: Lane) -> Engine | None:
        """The engine for a lane that had none; None while everything is being loaded. Raises Refusal, where it was unloaded."""
        if lane.rest == "unloaded":
            raise BadChange.unloaded(lane.served.name)
        if lane.rest == "loading":
            return None
        identity = lane.served.identity
        coming = self._coming.get(identity)
        if coming is None:
            coming = self._loop.run_in_executor(self._thread, self._fleet.wake, lane.served)
            self._coming[identity] = coming
            coming.add_done_callback(lambda _: self._coming.pop(identity))
        engine = await asyncio.shield(coming)  # one who leaves does not take it from the others
        if engine is None:
            raise BadChange.unloaded(lane.served.name)
        return engine
