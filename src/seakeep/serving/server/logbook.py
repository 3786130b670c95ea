"""Logbook: what one worker writes down of one model: every answer, refusal and failure, and the labels that arrive.

Records gather in the spool's memory while the loop answers; a commit hands them to the kernel in one write and has a thread wait
for the disk. With log="interval" commits follow each other in time, so that no row is older than `log_seconds` before it is on
the disk; with log="acknowledged" an answer waits for a commit that began after it was written down, and all answers that wait
at the same time share one. A disk that is full or gone stops logging, not serving: rows are counted as lost and
answers go out, acknowledged or not, since the alternative is no answer at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

import msgspec

from seakeep.core.files import CannotWrite, write_bytes
from seakeep.prediction_log.frames import Header, Label, Record
from seakeep.prediction_log.spool import Spool
from seakeep.serving.server.families import LABELS, LOG_LOST, LOG_ROWS, LOG_WRITABLE
from seakeep.serving.server.keys import log_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from seakeep.prediction_log.layout import Layout
    from seakeep.serving.served import Served
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.lanes import Lane
    from seakeep.serving.server.metrics import Metrics

_PART = 3  # a row waits at most for one pause, and one commit under way, and its own: each a third of what was promised
_log = logging.getLogger("seakeep.serving")


class Logbook:
    """One worker's log of one model.

    Parameters: layout: the model's log. boot: names this worker's run, and begins the ids of its predictions.
        acknowledged: whether answers wait for the disk. seconds: longest time until a row is on the disk otherwise.
        disk: a thread that waits for the disk.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        boot: str,
        acknowledged: bool,
        seconds: float,
        metrics: Metrics,
        loop: asyncio.AbstractEventLoop,
        disk: Executor,
    ) -> None:
        self.acknowledged = acknowledged
        self._layout, self._boot, self._pause = layout, boot, seconds / _PART
        self._name = name = layout.name
        self._spool = Spool(layout.spool, boot=boot)
        self._loop, self._disk = loop, disk
        self._count = 0
        self._told, self._is_writable = (0, 0), True
        self._waiting: list[asyncio.Future[None]] = []
        self._commit: asyncio.Task[None] | None = None
        sheet = metrics.of_name(name)
        self._rows, self._lost = sheet.cell(LOG_ROWS, name), sheet.cell(LOG_LOST, name)
        self._writable, self._labels = sheet.cell(LOG_WRITABLE, name), sheet.cell(LABELS, name)
        self._writable.set(1)

    def describe(self, served: Served) -> None:
        """Make a release known, before its first request, and say beside the log how its rows are to be read: damage to the
        spool that begins with the same words costs no other row then. May be called in another thread.
        """
        version = int(served.version) if served.version.isdecimal() else 0
        header = Header.of(served.model, name=served.name, release=served.release, version=version)
        self._spool.describe(header)
        path = self._layout.description(served.release)
        with contextlib.suppress(CannotWrite, OSError):  # whoever converts the spool will write it
            if not path.exists():
                write_bytes(path, msgspec.json.encode(header))

    def next_id(self) -> str:
        """The id of a new prediction; row n of it is `id.n`."""
        self._count += 1
        return f"{self._boot}-{self._count:x}"

    def answered(self, lane: Lane, seconds: float, answered: Answered, *, key: str | None = None) -> None:
        """Write down an answer, which has an id. seconds: that it took. key: of the request, where its header had one."""
        ask = answered.ask
        named = ask.key if key is None else key
        prediction_id = answered.prediction_id
        assert prediction_id is not None
        self._spool.append(
            Record(
                _microseconds() - int(seconds * 1e6),
                prediction_id,
                lane.served.release,
                lane.role,
                lane.revision,
                seconds * 1e3,
                ask.rows,
                "answered",
                ask.columns,
                answered.scores,
                answered.decisions,
                log_keys(ask.keys, named, ask.rows),
                dealt=named,
            )
        )

    def unanswered(
        self, lane: Lane, prediction_id: str, seconds: float, outcome: str, reason: str, *, key: str | None = None
    ) -> None:
        """Write down a request that was refused or failed. reason: the refusal's code, or the error's kind. key: that it was
        dealt by.
        """
        self._spool.append(
            Record(
                _microseconds() - int(seconds * 1e6),
                prediction_id,
                lane.served.release,
                lane.role,
                lane.revision,
                seconds * 1e3,
                1,
                outcome,
                keys=None if key is None else [key],
                reason=reason,
                dealt=key,
            )
        )

    async def labelled(self, labels: Sequence[Label]) -> bool:
        """Write down labels and wait until they are on the disk. Returns False where they are not."""
        lost = self._spool.counts.lost
        for label in labels:
            self._spool.append(label)
        await self.committed()
        kept = self._spool.counts.lost == lost and self._spool.problem is None
        self._labels.add(len(labels) if kept else 0)
        return kept

    def committed(self) -> asyncio.Future[None]:
        """Done when all that was written down before is on the disk, or lost and counted."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(future)
        if self._commit is None:
            self._commit = self._loop.create_task(self._commit_waiting())
        return future

    async def keep_committing(self) -> None:
        """Commit again and again, so that no row waits for longer than was promised; also what only minutes finish."""
        while True:
            await asyncio.sleep(self._pause)
            await self.committed()

    def close(self) -> None:
        """Bring everything to the disk and finish the file; the loop may be about to end."""
        self._spool.close()
        self._tell()

    async def _commit_waiting(self) -> None:
        """One commit for all that wait, and another for who came meanwhile."""
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            self._spool.flush()
            await self._loop.run_in_executor(self._disk, self._spool.sync)
            self._tell()
            for future in waiting:
                if not future.done():
                    future.set_result(None)
        self._commit = None

    def _tell(self) -> None:
        """Count what was written and lost since the last time; say once that logging stopped or goes on."""
        counts, problem = self._spool.counts, self._spool.problem
        written, lost = self._told
        self._rows.add(max(0, counts.written - written))
        self._lost.add(max(0, counts.lost - lost))
        self._told = (counts.written, counts.lost)
        if problem is not None and self._is_writable:
            _log.error(
                "%s: the prediction log cannot be written (%s); answering goes on without it", self._name, problem
            )
        elif problem is None and not self._is_writable:
            _log.warning("%s: the prediction log can be written again; %d rows were lost", self._name, counts.lost)
        self._is_writable = problem is None
        self._writable.set(float(problem is None))


def _microseconds() -> int:
    return time.time_ns() // 1000
