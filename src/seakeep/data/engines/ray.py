"""Ray as an engine: each unit is a task; Ray tries it again where its worker or its machine was lost.

`ray://HOST:PORT` is Ray's own address of a cluster's client server; `ray://auto` the cluster that this machine is part of;
`ray://local[N]` is started here, with N workers, and ended by `close`. The job is put into Ray's object store once. What is
hard: a cluster that is not there is told by Ray after minutes, so it is looked for first.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seakeep.core.errors import MissingExtra
from seakeep.data.engines._connecting import check_listens
from seakeep.data.engines._errors import CannotConnect, EngineBroke
from seakeep.data.engines._working import perform

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from seakeep.data.engines._connecting import Place
    from seakeep.data.engines._job import Answer, Job, Unit

RETRIES = 3
_AHEAD = 4
_CHECK = (
    "Check it where Ray's head runs: ray status; its client server's port is 10001 (ray start --head). "
    "A cluster that asks for a token says nothing to those without: RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH=FILE."
)
_BUSY = "Try it when the machine is less busy, or do without a cluster: --engine local"
_ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class RayEngine:
    """A connection to Ray. owned: whether it is ended by `close`."""

    address: str
    owned: bool = True
    is_remote: bool = True
    _task: Any = field(default=None, repr=False)

    def each(self, job: Job, units: Iterable[Unit]) -> Generator[Answer]:
        """The answers in order; some units a core are under way."""
        import ray

        shared = ray.put(job)
        ahead = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        under_way: deque[Any] = deque()
        try:
            for unit in units:
                under_way.append(self._task.remote(shared, unit))
                if len(under_way) >= ahead:
                    yield self._answer(under_way.popleft())
            while under_way:
                yield self._answer(under_way.popleft())
        finally:
            for left in under_way:
                with contextlib.suppress(Exception):
                    ray.cancel(left, force=True)

    def close(self) -> None:
        """Let go of the cluster, or end it where it was started here."""
        import ray

        if self.owned and ray.is_initialized():
            ray.shutdown()

    def _answer(self, reference: Any) -> Answer:
        import ray

        try:
            answer: Answer = ray.get(reference)
        except ray.exceptions.RayError as error:
            raise EngineBroke.lost(self.address, _line(error)) from error
        return answer


def connect(place: Place, *, seconds: float) -> RayEngine:
    """The engine. Raises MissingExtra, CannotConnect."""
    if importlib.util.find_spec("ray") is None:
        raise MissingExtra.of("ray", "ray", purpose=f"the engine {place.address}")
    if place.port:
        check_listens(place, seconds=seconds, check=_CHECK)
    import ray

    joined = ray.is_initialized()
    if not joined:
        _join(place)
    task = ray.remote(num_cpus=1, max_retries=RETRIES, retry_exceptions=False)(perform)
    return RayEngine(place.address, not joined, _task=task)


def _join(place: Place) -> None:
    """Connect, or start Ray here; that is tried twice, as Ray gives a busy machine no more than 30 s for it."""
    import ray

    for is_last in (False, True) if place.here else (True,):
        try:
            ray.init(**_options(place))
        except Exception as error:
            ray.shutdown()
            if is_last:
                raise CannotConnect.broke(place.address, _line(error), check=_BUSY if place.here else _CHECK) from error
        else:
            return


def _options(place: Place) -> dict[str, Any]:
    options: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": "error",
        "runtime_env": {"env_vars": _ONE_THREAD},
    }
    if place.here:
        workers = {"num_cpus": place.workers} if place.workers else {}
        return options | {"address": "local", "include_dashboard": False, "_node_ip_address": "127.0.0.1"} | workers
    return options | {"address": f"ray://{place.host}:{place.port}" if place.port else "auto"}


def _line(error: BaseException) -> str:
    """The first line of what an error says."""
    return f"{type(error).__name__}: {error}".partition("\n")[0]
