"""Crew: the parts of one worker and the threads they live in: metrics, logs, fleet, shadows; how they begin and end."""

from __future__ import annotations

import math
import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from seakeep.serving.server.beat import Beat
from seakeep.serving.server.dialect import load
from seakeep.serving.server.families import MODEL, SHARE, TLS_ENDS, TOKENS_READABLE
from seakeep.serving.server.fleet import Fleet
from seakeep.serving.server.logbook import Logbook
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.processes.heeding import is_ending
from seakeep.serving.server.repository.repository import Repository
from seakeep.serving.server.repository.shelf import Shelf
from seakeep.serving.server.repository.waking import Waker
from seakeep.serving.server.shadows import Shadows
from seakeep.serving.server.sinks import told_sinks
from seakeep.serving.server.traffic.aside import Aside
from seakeep.serving.server.traffic.valve import Valve
from seakeep.serving.server.windows import told_windows

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

    from seakeep.serving.served import Served
    from seakeep.serving.server.engine import Engine
    from seakeep.serving.server.metrics import Told
    from seakeep.serving.server.processes.worker import WorkerStart
    from seakeep.serving.server.steps import Charge, Gate, Layer
    from seakeep.serving.server.telemetry.watch import Watch

READY_SUFFIX = ".ready"
_BOOT_BYTES = 6


class Crew:
    """The parts of a worker.

    Parameters: failed: called with the error if what is served from the start cannot be loaded.
    Attributes: gate, valve, layers: what stands before an inference and around it, see `inference`; None and () for nothing. first_gate:
        looks at a caller's token before anything of a body is read, for transports whose bodies say what is asked for. charge:
        has a caller's rate pay for more than the one request that was let in.
    """

    def __init__(
        self, start: WorkerStart, *, loop: asyncio.AbstractEventLoop, failed: Callable[[Exception], None]
    ) -> None:
        self._start, self._loop, self._failed = start, loop, failed
        bounds = start.settings.bounds
        self.aside = Aside(loop, bounds.target_ms / 1e3 or math.inf)
        self.valve = Valve(bounds, loop) if bounds.holds else None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._all_ready = False
        self.metrics = Metrics(start.folder, told=self._told)
        self.logs = {name: self._log(name) for name in start.logged}
        self.dialects = load(start.settings.dialects, os.environ)
        self.shadows = Shadows(self.metrics, loop=loop)
        self._beat = Beat(loop, self.metrics, self.valve)
        self.gate, self.first_gate, self.charge = self._gates()
        self.watch = self._watch()
        self.layers: tuple[Layer, ...] = (self.watch.layer,) if self.watch else ()
        self._shelf = Shelf(start.folder, ready=READY_SUFFIX) if start.settings.repository == "change" else None
        self.fleet = Fleet(
            start.pinned,
            start.followed,
            make=self._engine,
            logs=self.logs,
            metrics=self.metrics,
            folder=start.folder,
            dialects=self.dialects,
            shelf=self._shelf,
            memory_bytes=start.settings.memory_mb * 1024 * 1024,
        )
        self.waker = Waker(self.fleet, loop)
        self.repository = Repository(self.fleet, self._shelf)

    def begin(self) -> None:
        """Load what is served: at once, where others answer meanwhile; else beside the loop, which tells of it."""
        if any(self._start.folder.glob(f"*{READY_SUFFIX}")):
            self._load()
            threading.Thread(target=self.fleet.follow, name="route", daemon=True).start()
        else:
            threading.Thread(target=self._load_and_follow, name="route", daemon=True).start()
        self._commits = [self._loop.create_task(log.keep_committing()) for log in self.logs.values()]

    def end(self) -> None:
        """The last request was answered: write everything down."""
        self.fleet.stop()
        for commits in self._commits:
            commits.cancel()
        for log in self.logs.values():
            log.close()
        if self.watch is not None:
            self.watch.close()

    def ready(self) -> bool:
        """Whether requests may come: to any worker, and this one was not told to end."""
        return self.started() and not is_ending()

    def started(self) -> bool:
        """Whether all workers have made their engines once."""
        made = len(list(self._start.folder.glob(f"*{READY_SUFFIX}")))
        self._all_ready = self._all_ready or made >= self._start.settings.workers
        return self._all_ready

    def _load_and_follow(self) -> None:
        if self._load():
            self.fleet.follow()

    def _load(self) -> bool:
        """Make the engines, one after another, and leave word that this worker is ready."""
        try:
            self.fleet.load()
        except Exception as error:  # noqa: BLE001  (the parent says it, whatever it is)
            self._failed(error)
            return False
        (self._start.folder / f"{os.getpid()}{READY_SUFFIX}").touch()
        return True

    def _engine(self, served: Served) -> Engine:
        from seakeep.serving.server.engine import Engine  # NumPy, whose threads would take the parent's signals

        return Engine(served, self._start.settings, self.metrics, loop=self._loop, aside=self.aside)

    def _gates(self) -> tuple[Gate | None, Gate | None, Charge | None]:
        """What lets callers in, its first look, and what has their rates pay for more; None where nobody needs a token."""
        access = self._start.settings.access
        if access.tokens is None:
            return None, None, None
        from seakeep.serving.server.gates.gate import Gatekeeper

        keeper = Gatekeeper(access, self._start.folder, readable=self.metrics.of_gate().cell(TOKENS_READABLE))
        keeper.keep_looking(self._loop)
        watches = self._start.settings.telemetry.watches
        return (keeper.check_and_tell if watches else keeper.check), keeper.look_at, keeper.charge

    def _watch(self) -> Watch | None:
        """What tells of single requests, None where nobody asks for it."""
        telemetry = self._start.settings.telemetry
        if not telemetry.watches:
            return None
        from seakeep.serving.server.telemetry.watch import Watch

        return Watch(telemetry, self._loop)

    def _log(self, name: str) -> Logbook:
        settings = self._start.settings
        return Logbook(
            self._start.layout(name),
            boot=secrets.token_hex(_BOOT_BYTES),
            acknowledged=settings.log == "acknowledged",
            seconds=settings.log_seconds,
            metrics=self.metrics,
            loop=self._loop,
            disk=self._disk,
            sampled=settings.log == "sampled",
            keeping=settings.keeping,
        )

    def _told(self) -> Iterator[Told]:
        """What metrics tell as it stands: the models, their shares, and the last minute's statistics."""
        board = self.fleet.board
        tls = self._start.settings.tls
        if tls is not None and (ends := tls.ends()) is not None:
            yield TLS_ENDS, (), ends
        for one in board.served:
            yield MODEL, (one.name, one.version, one.release), 1.0
        for place in board.places.values():
            for arm in (*place.route.arms, *place.route.shadows) if place.route else ():
                yield SHARE, (place.name, str(arm.version), arm.role), arm.share
        if self._start.settings.keeping.sinks:
            yield from told_sinks(self._start.folder, self.logs)
        yield from told_windows(self._start.folder, [one for one in board.served if one.name in self.logs])
