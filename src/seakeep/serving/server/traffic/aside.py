"""Aside: one thread for what is large, so that small requests need not wait for it; in order of priority, and in time or not at all.

The queue lives on the event loop and hands the thread one piece of work at a time, so that what is urgent passes what waits, what
nobody waits for any more is never begun, and nothing here needs a lock.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from seakeep.serving.server.refusals.traffic import Pressed
from seakeep.serving.server.traffic.urgency import NORMAL

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class _Job(NamedTuple):
    priority: int
    number: int
    future: asyncio.Future[Any]
    work: Callable[..., Any]
    given: tuple[Any, ...]
    seconds: float
    until: float


class Aside:
    """Runs what is large in a thread. Parameters: target: seconds that something may wait for its begin, else it is refused (429)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, target: float = math.inf) -> None:
        self._loop, self._target = loop, target
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._waiting: list[_Job] = []
        self._numbers = itertools.count()
        self._free_at = 0.0
        self._is_running = False

    def run(
        self,
        work: Callable[..., Any],
        *given: Any,
        seconds: float = 0.0,
        priority: int = NORMAL,
        until: float = math.inf,
    ) -> asyncio.Future[Any]:
        """What `work(*given)` returns, to come. Cancelling it takes it out of the queue.

        Parameters: seconds: that it is thought to take. priority: see urgency. until: by time.perf_counter, when nobody waits any
            more. Raises: Refusal, if it would not begin or not end in time.
        """
        wait = self._wait(priority)
        if time.perf_counter() + wait + seconds > until:
            raise Pressed.late()
        if wait > self._target:
            raise Pressed.busy(self._target * 1e3, wait)
        future: asyncio.Future[Any] = self._loop.create_future()
        heapq.heappush(self._waiting, _Job(priority, next(self._numbers), future, work, given, seconds, until))
        self._next()
        return future

    def _wait(self, priority: int) -> float:
        """Seconds until what comes now with this priority would begin."""
        ahead = sum(job.seconds for job in self._waiting if job.priority <= priority and not job.future.done())
        return ahead + (max(0.0, self._free_at - time.perf_counter()) if self._is_running else 0.0)

    def _next(self) -> None:
        while self._waiting and not self._is_running:
            job = heapq.heappop(self._waiting)
            if job.future.done():
                continue
            if time.perf_counter() + job.seconds > job.until:
                job.future.set_exception(Pressed.late())
                continue
            self._is_running, self._free_at = True, time.perf_counter() + job.seconds
            running = self._loop.run_in_executor(self._thread, job.work, *job.given)
            running.add_done_callback(lambda ran, job=job: self._ended(job, ran))  # type: ignore[misc]

    def _ended(self, job: _Job, ran: asyncio.Future[Any]) -> None:
        self._is_running = False
        if not job.future.done():
            error = ran.exception()
            if error is None:
                job.future.set_result(ran.result())
            else:
                job.future.set_exception(error)
        else:
            ran.exception()  # looked at, so that nobody complains that it was not
        self._next()
