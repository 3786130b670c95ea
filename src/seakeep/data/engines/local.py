"""The engine of this machine, the default: `local` is threads of this process, `local[N]` is N processes.

Polars and ONNX Runtime release Python's lock while they work, so threads are as good as processes, and nothing is copied.
Processes are for work that may take its process with it (a library that crashes, memory that runs out): what a lost one was
doing is done again, and where that does not help it is said.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import tempfile
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.codec import from_json, to_json
from seakeep.core.files import write_text
from seakeep.data.engines._errors import EngineBroke
from seakeep.data.engines._job import Job
from seakeep.data.engines._working import perform

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from seakeep.data.engines._connecting import Place
    from seakeep.data.engines._job import Answer, Engine, Unit

RETRIES = 3


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads of this process. workers: how many."""

    address: str
    workers: int
    is_remote: bool = False

    def each(self, job: Job, units: Iterable[Unit]) -> Generator[Answer]:
        """The answers in order; at most one unit more than there are threads is held."""
        under_way: deque[Future[Answer]] = deque()
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                for unit in units:
                    under_way.append(pool.submit(perform, job, unit))
                    if len(under_way) > self.workers:
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Nothing was started."""


class Processes:
    """Processes of this machine, started with the first job and ended by `close`. workers: how many.

    Jobs lie in a temporary folder, since a model in one would be sent with every unit.
    """

    is_remote = True

    def __init__(self, address: str, workers: int) -> None:
        self.address, self.workers = address, workers
        self._folder = tempfile.TemporaryDirectory(prefix="seakeep-")
        self._pool: ProcessPoolExecutor | None = None

    def each(self, job: Job, units: Iterable[Unit]) -> Generator[Answer]:
        """The answers in order; two units for each process are under way. Where a process is lost, all that is, is given anew."""
        path = Path(self._folder.name) / job.identity
        write_text(path, to_json(job))
        under_way: deque[tuple[Unit, Future[Answer]]] = deque()
        try:
            for unit in units:
                under_way.append((unit, self._given(path, unit)))
                if len(under_way) > 2 * self.workers:
                    yield self._taken(path, under_way)
            while under_way:
                yield self._taken(path, under_way)
        finally:
            for _, future in under_way:
                future.cancel()
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the processes."""
        self._end()
        self._folder.cleanup()

    def _taken(self, path: Path, under_way: deque[tuple[Unit, Future[Answer]]]) -> Answer:
        """The first answer. Raises EngineBroke, where waiting for it has cost so many processes."""
        for _ in range(RETRIES + 1):
            try:
                answer = under_way[0][1].result()
            except BrokenProcessPool as error:
                lost = error
                units = [unit for unit, _ in under_way]
                under_way.clear()
                under_way.extend((unit, self._given(path, unit)) for unit in units)
                continue
            under_way.popleft()
            return answer
        raise EngineBroke.lost(self.address, str(lost)) from lost

    def _given(self, path: Path, unit: Unit) -> Future[Answer]:
        """A unit under way, in a new pool where the old one is broken."""
        if self._pool is None:
            spawned = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=spawned, initializer=_begin)
        try:
            return self._pool.submit(_perform, str(path), unit)
        except BrokenProcessPool:
            self._end()
            return self._given(path, unit)

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _begin() -> None:
    """In a new process: one thread each, as there are as many processes as are wanted."""
    os.environ.setdefault("POLARS_MAX_THREADS", "1")


def _perform(path: str, unit: Unit) -> Answer:
    return perform(_job(path), unit)


@functools.lru_cache(maxsize=2)
def _job(path: str) -> Job:
    return from_json(Job, Path(path).read_bytes(), path=path)


def connect(place: Place, *, seconds: float) -> Engine:  # noqa: ARG001  (others wait)
    """The engine; there is nothing to wait for."""
    if place.workers:
        return Processes(place.address, place.workers)
    return Threads(place.address, len(os.sched_getaffinity(0)))
