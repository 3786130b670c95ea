"""Spark as an engine: some units at a time are a Spark job of one task each, which Spark tries again where it was lost.

`spark://HOST:PORT` is Spark's own address of a standalone master; `spark://local[N]` runs in this process' Java with N
cores; any other master (YARN, Kubernetes) by a session that the program made: `SparkEngine.of(session)`. Whatever
Spark is told by spark-defaults.conf (memory, speculation) holds. What is hard: a master without free workers lets a job wait
for ever, so a task is tried first.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from seakeep.core.errors import MissingExtra
from seakeep.data.engines._connecting import check_listens
from seakeep.data.engines._errors import CannotConnect, EngineBroke
from seakeep.data.engines._working import perform

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from seakeep.data.engines._connecting import Place
    from seakeep.data.engines._job import Answer, Job, Unit

_JOBS = 2
_TASKS = 2
_FAILURES = 4
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CHECK = (
    "Check the master's page: are there workers, and have they free cores and memory? Is JAVA_HOME a Java 17 or newer?"
)


@dataclass(frozen=True, slots=True)
class SparkEngine:
    """A connection to Spark. owned: whether it is ended by `close`."""

    address: str
    context: Any = field(repr=False)
    owned: bool = True
    is_remote: bool = True

    @classmethod
    def of(cls, session: Any) -> SparkEngine:
        """The engine of a session that the program made, and ends: on YARN, on Kubernetes, in a notebook's service."""
        return cls(f"spark session {session.sparkContext.master}", session.sparkContext, owned=False)

    def each(self, job: Job, units: Iterable[Unit]) -> Generator[Answer]:
        """The answers in order; two Spark jobs are under way, so that none waits for the slowest task of another."""
        shared = self.context.broadcast(job)
        size = _TASKS * max(1, int(self.context.defaultParallelism))
        waiting, under_way = iter(units), deque[Future[list["Answer"]]]()
        with ThreadPoolExecutor(_JOBS) as pool:
            try:
                while group := list(islice(waiting, size)):
                    under_way.append(pool.submit(self._answers, job, shared, group))
                    if len(under_way) > _JOBS:
                        yield from under_way.popleft().result()
                while under_way:
                    yield from under_way.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                self._end(job, under_way)
                shared.unpersist()

    def close(self) -> None:
        """Let go of Spark, or end it where it was started here."""
        if self.owned:
            self.context.stop()

    def _answers(self, job: Job, shared: Any, units: list[Unit]) -> list[Answer]:
        """The answers of these units, a task each."""
        from py4j.protocol import Py4JError

        self.context.setJobGroup(job.identity, f"seakeep {job.function}")
        try:
            tasks = self.context.parallelize(units, len(units)).map(partial(_perform, shared))
            answers: list[Answer] = tasks.collect()
        except Py4JError as error:
            raise EngineBroke.lost(self.address, _reason(error)) from error
        return answers

    def _end(self, job: Job, under_way: deque[Future[list[Answer]]]) -> None:
        """End what nobody waits for any more; a session that the program made may do other work."""
        if any(not each.done() for each in under_way):
            self.context.cancelJobGroup(job.identity)


def connect(place: Place, *, seconds: float) -> SparkEngine:
    """The engine, once a task has been done. Raises MissingExtra, CannotConnect."""
    if importlib.util.find_spec("pyspark") is None:
        raise MissingExtra.of("pyspark", "spark", purpose=f"the engine {place.address}")
    if place.port:
        check_listens(place, seconds=seconds, check=_CHECK)
    context, owned = _context(place)
    _try(place, context, owned, seconds)
    return SparkEngine(place.address, context, owned)


def _context(place: Place) -> tuple[Any, bool]:
    """A Spark context, and whether it was made here."""
    from pyspark import SparkConf, SparkContext

    if SparkContext._active_spark_context is not None:
        return SparkContext._active_spark_context, False
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf().setAppName("seakeep").setMaster(_master(place))
    for key, value in _options(place).items():
        conf.setIfMissing(key, value)
    try:
        return SparkContext(conf=conf), True
    except Exception as error:
        raise CannotConnect.broke(place.address, _reason(error), check=_CHECK) from error


def _master(place: Place) -> str:
    return f"local[{place.workers or '*'},{_FAILURES}]" if place.here else f"spark://{place.host}:{place.port}"


def _options(place: Place) -> dict[str, str]:
    options = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.rpc.message.maxSize": "1024",
        "spark.executorEnv.POLARS_MAX_THREADS": "1",
    }
    if place.here or place.host in _LOOPBACK:
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return options


def _try(place: Place, context: Any, owned: bool, seconds: float) -> None:
    """Raise CannotConnect, where a task that does nothing is not done in time."""
    done: Future[int] = Future()
    threading.Thread(target=_one_task, args=(context, done), daemon=True).start()
    try:
        done.result(seconds)
    except TimeoutError:
        _stop(context, owned=owned)
        raise CannotConnect.silent(place.address, "no worker took a task", seconds=seconds, check=_CHECK) from None
    except Exception as error:
        _stop(context, owned=owned)
        raise CannotConnect.broke(place.address, _reason(error), check=_CHECK) from error


def _stop(context: Any, *, owned: bool) -> None:
    if owned:
        context.stop()


def _one_task(context: Any, done: Future[int]) -> None:
    try:
        done.set_result(context.parallelize([0], 1).count())
    except BaseException as error:  # noqa: BLE001  (who waits must be told, whatever it is)
        done.set_exception(error)


def _perform(shared: Any, unit: Unit) -> Answer:
    """On a worker."""
    return perform(shared.value, unit)


def _reason(error: BaseException) -> str:
    """What Spark's error says, without Java's stack."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    told = next((line for line in lines if "Exception:" in line or "aborted due to" in line), lines[0] if lines else "")
    return told.strip()[:500]
