"""Fleet: the releases that a worker has loaded, and the board on which it answers with them.

A thread of the worker looks at the registry five times a second. Where a route has changed, it makes the engines that are missing
beside those that answer, and swaps the board in one assignment. A release that cannot be loaded, or a registry that is
locked, torn or gone, leaves the board as it is, and is tried again: a wrong route must never cost an answer. What a worker has
taken is left beside the counters, so that the worker that replaces it can go on from there even without the registry.

A release that is unloaded by request has no engine until it is loaded again. Where memory has a limit, those that were not asked for
the longest time fall asleep and are made again by the request that asks for them; a release that shares its name's requests with
others, or shadows them, does not, since whoever decides between several must know them all.
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
from seakeep.serving.server.board import Board, make_board
from seakeep.serving.server.families import RELOADS, ROUTE_FAILURES, ROUTE_REVISION
from seakeep.serving.server.repository.residents import Residents, give_back, resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from seakeep.registry import Registry
    from seakeep.registry.place import Place
    from seakeep.serving.followed import Followed
    from seakeep.serving.served import Identity, Served
    from seakeep.serving.server.dialect import Dialect
    from seakeep.serving.server.engine import Engine
    from seakeep.serving.server.lanes import Rest
    from seakeep.serving.server.logbook import Logbook
    from seakeep.serving.server.metrics import Metrics
    from seakeep.serving.server.repository.shelf import Shelf

LOOK_SECONDS = 0.2
_SELDOM = 10  # a look that failed may have read a whole release
_NONE: frozenset[Identity] = frozenset()
_log = logging.getLogger("seakeep.serving")


class Fleet:
    """A worker's releases.

    Parameters: pinned, followed: as they were when the server started. make: makes a release's engine. logs: by model name.
        folder: the server's, for the routes that were taken. dialects: that are spoken beside V2. shelf: of what is unloaded by
        request, None where nothing can be. memory_bytes: that engines may take together, 0 for any number.
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
        shelf: Shelf | None = None,
        memory_bytes: int = 0,
    ) -> None:
        self._dialects = tuple(dialects)
        self._shelf, self._unloaded = shelf, frozenset[str]()
        self._shelf_fails = False
        self._residents, self._asleep = Residents(memory_bytes), _NONE
        self._turn = threading.RLock()
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
        with self._turn:
            revision = self._shelved()
            self._take(self._followed, self._engines_for(self._followed))
        if revision is not None and self._shelf is not None:
            with contextlib.suppress(DataError):
                self._shelf.took(revision)
        gc.collect()
        gc.freeze()

    def follow(self) -> None:
        """Look at the routes until `stop`; runs in a thread of its own."""
        number = 0
        while (self._followed or self._shelf or self._residents.limit) and not self._over.wait(LOOK_SECONDS):
            number += 1
            if not self._shelf_fails or number % _SELDOM == 0:
                self.look_at_shelf()
            self._residents.seen(self._runs())
            for name in self._followed:
                if name not in self._failing or number % _SELDOM == 0:
                    self._look(name)

    def stop(self) -> None:
        """Look no more."""
        self._over.set()

    def wake(self, served: Served) -> Engine | None:
        """The engine of a release, made now if it is asleep; None where it was unloaded. Blocks; for any thread but the loop's."""
        with self._turn:
            identity = served.identity
            if identity in self._asleep and served.name not in self._unloaded:
                engines = {**self._engines, identity: self._engine(served)}
                self._take(self._followed, self._within_limit(engines, {identity} | _held(self._followed)))
                self._metrics.of_release(served).cell(RELOADS, served.name, served.version).add()
            return self._engines.get(identity)

    def look_at_shelf(self) -> None:
        """Unload and load what was asked for since the last time."""
        with self._turn:
            try:
                revision = self._shelved()
                if revision is None or self._shelf is None:
                    return
                self._take(self._followed, self._engines_for(self._followed))
            except Exception:  # noqa: BLE001  (whoever asked is told that it did not happen everywhere)
                _log.exception("what was asked to be loaded cannot be")
                self._shelf_fails = True
                if self._shelf is not None:
                    self._shelf.forget()
                return
            self._shelf_fails = False
            gc.collect()  # as in _look
            give_back()
            with contextlib.suppress(DataError):  # the disk is full: whoever asked is told that not all have taken it
                self._shelf.took(revision)

    def _shelved(self) -> int | None:
        """Take what is on the shelf; its revision, None where that is known."""
        found = None if self._shelf is None else self._shelf.changed()
        if found is None:
            return None
        self._unloaded = found.names
        self._asleep = frozenset(one for one in self._asleep if one[0] not in found.names)
        return found.revision

    def _runs(self) -> dict[Identity, float]:
        """Rows that each loaded release has run."""
        if not self._residents.limit:
            return {}
        released = {one.identity: self._metrics.runs_of(one) for one in self.board.served}
        return {one: sum(own.total for own in released[one]) for one in list(self._engines) if one in released}

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
            with self._turn:
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
        held = _held(followed)
        engines: dict[Identity, Engine] = {}
        for identity, one in wanted.items():
            if one.name not in self._unloaded and (identity not in self._asleep or identity in held):
                engines[identity] = self._engine(one)
                engines = self._within_limit(engines, {identity} | held)
        return engines

    def _within_limit(self, engines: dict[Identity, Engine], kept: Collection[Identity]) -> dict[Identity, Engine]:
        """Those that fit into memory; the others fall asleep, the longest unasked first."""
        victims = self._residents.victims(engines, kept)
        if not victims:
            return engines
        self._asleep |= frozenset(victims)
        return {identity: engine for identity, engine in engines.items() if identity not in victims}

    def _engine(self, served: Served) -> Engine:
        identity = served.identity
        if identity in self._engines:
            return self._engines[identity]
        engine = self._make(served) if not self._residents.limit else self._measured(served)
        self._asleep -= {identity}
        return engine

    def _measured(self, served: Served) -> Engine:
        """An engine, with what it takes written down. A process's first brings what all share, so that one is made twice."""
        if not self._residents.is_used:
            self._make(served)
        before = resident_bytes()
        engine = self._make(served)
        self._residents.took(served.identity, max(resident_bytes() - before, len(served.model.graph)))
        return engine

    def _rest(self, identity: Identity) -> Rest:
        if identity[0] in self._unloaded:
            return "unloaded"
        return "asleep" if identity in self._asleep else "loading"

    def _take(self, followed: Mapping[str, Followed], engines: dict[Identity, Engine]) -> None:
        self.board = self._made(followed, engines)
        self._engines, self._followed = engines, dict(followed)
        for name, one in followed.items():
            self._metrics.of_name(name).cell(ROUTE_REVISION, name).set(one.route.revision)
            with contextlib.suppress(DataError):  # the disk is full: the next worker has to ask the registry
                write_text(self._file(name), to_json(one.route))

    def _made(self, followed: Mapping[str, Followed], engines: Mapping[Identity, Engine]) -> Board:
        return make_board(
            self._pinned,
            tuple(followed.values()),
            engines,
            self._metrics,
            self._logs,
            dialects=self._dialects,
            rest=self._rest,
        )

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.route.json"


def _held(followed: Mapping[str, Followed]) -> frozenset[Identity]:
    """The releases that must stay in memory: those that share a name's requests, or shadow them."""
    several = [one for one in followed.values() if len(one.served) > 1]
    return frozenset(each.identity for one in several for each in one.served)


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
            from seakeep.registry import Registry  # where a route is followed, the parent has it already

            self.close()
            self._registry = Registry.existing(self._place)
        return self._registry

    def close(self) -> None:
        """Let go of the database; the next look opens it again, in whichever thread it is."""
        registry, self._registry = self._registry, None
        if registry is not None:
            with contextlib.suppress(Exception):
                registry.close()
