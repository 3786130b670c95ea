"""The engine of this machine: threads of this process, all cores, nothing to start. The default.

Polars and ONNX Runtime release Python's lock while they work, so threads are as good as processes and nothing is copied.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.data.engines._working import perform

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from seakeep.data.engines._connecting import Place
    from seakeep.data.engines._job import Answer, Job, Unit


@dataclass(frozen=True, slots=True)
class LocalEngine:
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


def connect(place: Place, *, seconds: float) -> LocalEngine:  # noqa: ARG001  (others wait)
    """The engine; there is nothing to wait for."""
    return LocalEngine(place.address, place.workers or len(os.sched_getaffinity(0)))
