"""Patience: ends the reading of bodies that do not come, looked at once a second.

A timer a request would cost more than checking its values does (6 of 45 µs), so readers are only written down, and one timer
goes over them. A client can thus hold its place a second longer than it was given.
"""

from __future__ import annotations

import asyncio
from typing import Any

from seakeep.serving.server.refusals import BadCall

_LOOK_SECONDS = 1.0


class Patience:
    """Limits how long reading takes. Parameters: seconds: that a client has to send its body."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop, self._seconds = loop, seconds
        self._reading: dict[asyncio.Task[Any], float] = {}
        self._ended: set[asyncio.Task[Any]] = set()
        loop.call_later(_LOOK_SECONDS, self._look)

    async def read(self, body: Any) -> bytes:
        """The bytes that the awaitable `body` gives. Raises Refusal if it takes longer than was given."""
        task = asyncio.current_task()
        assert task is not None
        self._reading[task] = self._loop.time() + self._seconds
        try:
            read: bytes = await body
        except asyncio.CancelledError:
            if task not in self._ended:
                raise
            task.uncancel()
            raise BadCall.too_slow(self._seconds) from None
        finally:
            del self._reading[task]
            self._ended.discard(task)
        return read

    def _look(self) -> None:
        now = self._loop.time()
        for task, deadline in self._reading.items():
            if deadline < now and task not in self._ended:
                self._ended.add(task)
                task.cancel()
        self._loop.call_later(_LOOK_SECONDS, self._look)
