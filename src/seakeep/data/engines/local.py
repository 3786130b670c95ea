"""The engine of this machine, the default: `local` is threads of this process, `local[N]` is N processes.

Polars and ONNX Runtime release Python's lock while they work, so threads are as good as processes, and nothing is copied.
Processes are for work that may take its process with it (a library that crashes, memory that runs out): what a lost one was
doing is done again, and where that does not help it is said.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from seakeep.core.codec import to_json
from seakeep.core.files import write_text
from seakeep.data.engines._errors import EngineBroke
from seakeep.data.engines._process import Lost, Worker
from seakeep.data.engines._working import perform

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from seakeep.data.engines._connecting import Place
    from seakeep.data.engines._job import Answer, Engine, Job, Unit

RETRIES = 3


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads of this process. workers: how many."""

    address: str
    workers: int
    is_remote: bool = False

    def each(self, job: Job, units: Iterable[Unit]) -> Generator[Answer]:
        """The answers in order; at most one unit more than there are threads is held."""
        yield from _in_order(units, lambda unit: perform(job, unit), self.workers)

    def close(self) -> None:
        """Nothing was started."""


class Processes:
    """Processes of this machine, started when they are needed and ended by `close`. workers: how many.

    Jobs lie in a temporary folder, since a model in one would be sent with every unit.
    """

    is_remote = True

    def __init__(self, address: str, workers: int) -> None:
        self.address, self.workers = address, workers
        self._folder = tempfile.TemporaryDirectory(prefix="seakeep-")
        self._idle: SimpleQueue[Worker] = SimpleQueue()

    def each(self, job: Job, units: Iterable[Unit]) -> Generator[Answer]:
        """The answers in order; at most one unit more than there are processes is held."""
        path = Path(self._folder.name) / job.identity
        write_text(path, to_json(job))
        try:
            yield from _in_order(units, lambda unit: self._answer(str(path), unit), self.workers)
        finally:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the processes."""
        while worker := self._next():
            worker.end()
        self._folder.cleanup()

    def _answer(self, path: str, unit: Unit) -> Answer:
        """A unit's answer, by a worker that is idle or new. Raises EngineBroke, where it has cost so many."""
        for attempt in range(RETRIES + 1):
            worker = self._next() or Worker()
            try:
                answer = worker.ask(path, unit)
            except Lost as error:
                if attempt == RETRIES:
                    raise EngineBroke.lost(self.address, f"{error}, at unit {unit.number}") from error
                continue
            except BaseException:
                worker.end()
                raise
            self._idle.put(worker)
            return answer
        raise AssertionError("the last attempt returns or raises")

    def _next(self) -> Worker | None:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None


def _in_order(units: Iterable[Unit], answer: Callable[[Unit], Answer], workers: int) -> Generator[Answer]:
    """The answers of units in their order, `workers` at a time."""
    under_way: deque[Future[Answer]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for unit in units:
                under_way.append(pool.submit(answer, unit))
                if len(under_way) > workers:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def connect(place: Place, *, seconds: float) -> Engine:  # noqa: ARG001  (others wait)
    """The engine; there is nothing to wait for."""
    if place.workers:
        return Processes(place.address, place.workers)
    return Threads(place.address, len(os.sched_getaffinity(0)))
