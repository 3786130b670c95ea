"""Fleet: the releases that a worker has loaded, and the board on which it answers with them.

A thread of the worker looks at the registry five times a second. Where a route has changed, it makes the engines that are missing
beside those that answer, and swaps the board in one assignment. A release that cannot be loaded, or a registry that is
locked, torn or gone, leaves the board as it is, and is tried again: a wrong route must never cost an answer. What a worker has
taken is left beside the counters, so that the worker that replaces it can go on from there even without the registry.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
from typing import TYPE_CHECKING

from seakeep.core.codec import from_json, to_json
from seakeep.core.errors import DataError
from seakeep.core.files import write_text
from seakeep.core.route import Route
from seakeep.registry import Registry
from seakeep.serving.server.board import Board, make_board
from seakeep.serving.server.families import ROUTE_FAILURES, ROUTE_REVISION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from seakeep.registry.place import Place
    from seakeep.serving.followed import Followed
    from seakeep.serving.served import Identity, Served
    from seakeep.serving.server.dialect import Dialect
    from seakeep.serving.server.engine import Engine
    from seakeep.serving.server.logbook import Logbook
    from seakeep.serving.server.metrics import Metrics

LOOK_SECONDS = 0.2
_SELDOM = 10  # a look that failed may have read a whole release
_log = logging.getLogger("seakeep.serving")


class Fleet:
    """A worker's releases.

    Parameters: pinned, followed: as they were when the server started. make: makes a release's engine. logs: by model name.
        folder: the server's, for the routes that were taken. dialects: that are spoken beside V2.
    Attributes: board: read by the request path, swapped by the thread that follows.
    """

    def __init__(
        self,
        pinned: Sequence[Served],
        followed: Sequence[Followed],
        *,
        make: Callable[[Served], Engine],
        logs: Mapping[str, Logbook],
        metrics: Metrics,
        folder: Path,
        dialects: Sequence[Dialect] = (),
    ) -> None:
        self._dialects = tuple(dialects)
        self._pinned, self._followed = tuple(pinned), {one.name: one for one in followed}
        self._make, self._logs, self._metrics, self._folder = make, logs, metrics, folder
        self._engines: dict[Identity, Engine] = {}
        self._looks = {one.name: _Look(one.place, one.name) for one in followed}
        self._failing: dict[str, str] = {}
        self._over = threading.Event()
        self.board: Board = self._made(self._followed, {})

    def load(self) -> None:
        """Make the engines of what is served now. Raises what making one raises, where it was there from the start."""
        for name in self._followed:
            self._go_on(name)
        self._take(self._followed, self._engines_for(self._followed))
        gc.collect()
        gc.freeze()

    def follow(self) -> None:
        """Look at the routes until `stop`; runs in a thread of its own."""
        number = 0
        while self._followed and not self._over.wait(LOOK_SECONDS):
            number += 1
            for name in self._followed:
                if name not in self._failing or number % _SELDOM == 0:
                    self._look(name)

    def stop(self) -> None:
        """Look no more."""
        self._over.set()

    def _go_on(self, name: str) -> None:
        """A worker may begin long after its server: take the present route, else that which the others have taken last."""
        for find in (self._looks[name].route, lambda: self._left(name)):
            with contextlib.suppress(Exception):
                present = self._followed[name].to(find())
                self._engines |= {one.identity: self._engine(one) for one in present.served}
                self._followed[name] = present
                break
        self._looks[name].close()

    def _left(self, name: str) -> Route:
        path = self._file(name)
        return from_json(Route, path.read_bytes(), path=str(path))

    def _look(self, name: str) -> None:
        before = self._followed[name]
        try:
            route = self._looks[name].route()
            if route == before.route:
                self._failing.pop(name, None)
                return
            changed = {**self._followed, name: before.to(route)}
            self._take(changed, self._engines_for(changed))
        except Exception as error:  # noqa: BLE001  (whatever it is, the old route stays)
            self._fail(name, error)
        else:
            self._failing.pop(name, None)
            shares = ", ".join(f"{arm.role} {arm.version}: {arm.share:g}" for arm in (*route.arms, *route.shadows))
            _log.info("%s follows route %d (%s)", name, route.revision, shares)
            gc.collect()  # engines hold types that were made for them, which only the collector frees

    def _fail(self, name: str, error: Exception) -> None:
        """Count a failure, and tell the same one once."""
        self._metrics.of_name(name).cell(ROUTE_FAILURES, name).add()
        told = f"{type(error).__name__}: {error}"
        if self._failing.get(name) != told:
            _log.error("%s stays on route %d: %s", name, self._followed[name].route.revision, told)
        self._failing[name] = told

    def _engines_for(self, followed: Mapping[str, Followed]) -> dict[Identity, Engine]:
        """The engines of these routes and of what is pinned; those that are there are kept. Raises what making one raises."""
        wanted = {one.identity: one for one in self._pinned}
        wanted |= {one.identity: one for each in followed.values() for one in each.served}
        for one in wanted.values():
            if one.name in self._logs:
                self._logs[one.name].describe(one)
        return {identity: self._engine(one) for identity, one in wanted.items()}

    def _engine(self, served: Served) -> Engine:
        return self._engines.get(served.identity) or self._make(served)

    def _take(self, followed: Mapping[str, Followed], engines: dict[Identity, Engine]) -> None:
        self.board = self._made(followed, engines)
        self._engines, self._followed = engines, dict(followed)
        for name, one in followed.items():
            self._metrics.of_name(name).cell(ROUTE_REVISION, name).set(one.route.revision)
            with contextlib.suppress(DataError):  # the disk is full: the next worker has to ask the registry
                write_text(self._file(name), to_json(one.route))

    def _made(self, followed: Mapping[str, Followed], engines: Mapping[Identity, Engine]) -> Board:
        return make_board(
            self._pinned, tuple(followed.values()), engines, self._metrics, self._logs, dialects=self._dialects
        )

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.route.json"


class _Look:
    """One thread's own look at a registry. Opened again where the file is another one, or the last look failed."""

    def __init__(self, place: Place, name: str) -> None:
        self._place, self._name = place, name
        self._registry: Registry | None = None

    def route(self) -> Route:
        """The name's route now. Raises UnreadableRegistry, BadReference."""
        try:
            return self._opened().route(self._name)
        except BaseException:
            self.close()
            raise

    def _opened(self) -> Registry:
        if self._registry is None or not self._registry.is_current:
            self.close()
            self._registry = Registry.existing(self._place)
        return self._registry

    def close(self) -> None:
        """Let go of the database; the next look opens it again, in whichever thread it is."""
        registry, self._registry = self._registry, None
        if registry is not None:
            with contextlib.suppress(Exception):
                registry.close()
