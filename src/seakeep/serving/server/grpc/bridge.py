"""Bridge: from the threads in which gRPC hands over calls to the worker's event loop, where all answers are made, and back.

gRPC's synchronous server costs 0.6 of its asyncio one, and answers must be made on the loop, where HTTP's are: one log, one set of
counters, one coalescer. So a thread leaves its call and sleeps; the loop is woken once for all calls that wait, takes them
in one turn, and the coalescer runs the model once for them.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from seakeep.serving.server.pages import Page

    Answering = Coroutine[Any, Any, Page | None]


class Call:
    """One call on its way. Parameters: answering: makes the answer, on the loop."""

    __slots__ = ("answering", "arrived", "error", "page", "task")

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.page: Page | None = None
        self.error: BaseException | None = None
        self.task: asyncio.Task[None] | None = None
        self.arrived = threading.Lock()
        self.arrived.acquire()


class Bridge:
    """Has answers made on the loop for other threads. Parameters: loop: that runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: deque[Call] = deque()
        self._is_woken = False

    def cross(self, call: Call) -> Page | None:
        """The answer that a call's coroutine returns, None where it was cancelled. Blocks; for any thread but the loop's."""
        self._calls.append(call)
        if not self._is_woken:  # who comes between this and the loop's taking is taken too
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._take)
        call.arrived.acquire()
        if call.error is not None:
            raise call.error
        return call.page

    def cancel(self, call: Call) -> None:
        """Nobody waits for this answer any more. For any thread."""
        if call.arrived.locked():
            self._loop.call_soon_threadsafe(_cancel, call)

    def _take(self) -> None:
        self._is_woken = False
        while self._calls:
            call = self._calls.popleft()
            call.task = self._loop.create_task(_answer(call))


async def _answer(call: Call) -> None:
    try:
        call.page = await call.answering
    except asyncio.CancelledError:
        call.page = None
    except BaseException as error:  # noqa: BLE001  (it is raised where the call came from)
        call.error = error
    finally:
        call.arrived.release()


def _cancel(call: Call) -> None:
    if call.task is not None:
        call.task.cancel()
