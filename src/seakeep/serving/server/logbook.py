"""Logbook: what one worker writes down of one model: every answer, refusal and failure, and the labels that arrive.

Records gather in the spool's memory while the loop answers; a commit has a thread hand them to the kernel in one write and wait for the
disk, so that a disk that is stuck holds nobody up. With log="interval" commits follow each other in time, so that no row is older than `log_seconds` before it is on
the disk; with log="acknowledged" an answer waits for a commit that began after it was written down, and all answers that wait
at the same time share one. With log="sampled" a reservoir keeps so many requests of each minute and arm, and gives them to the spool
when the minute is over (see prediction_log.sampling); labels are written as ever. A disk that is full, gone or stuck stops logging, not
serving: rows are counted as lost and answers go out, acknowledged or not, since the alternative is no answer at all.

Which of these it does is bound when it is made, and whether columns are hidden (see veils) with the first release that has one: what is off
costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from typing import TYPE_CHECKING, Protocol

import msgspec

from seakeep.core.files import CannotWrite, write_bytes
from seakeep.prediction_log.frames import Header, Label
from seakeep.prediction_log.spool import Spool
from seakeep.serving.server.families import LABELS, LOG_LAG, LOG_LOST, LOG_ROWS, LOG_WRITABLE
from seakeep.serving.server.keeping import Keeping
from seakeep.serving.server.records import answered_record, unanswered_record
from seakeep.serving.server.refusals import BadLabel
from seakeep.serving.server.sampled import Sample
from seakeep.serving.server.veils import Veil

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from seakeep.prediction_log.frames import Record
    from seakeep.prediction_log.layout import Layout
    from seakeep.serving.served import Served
    from seakeep.serving.server.engine import Answered
    from seakeep.serving.server.lanes import Lane
    from seakeep.serving.server.metrics import Metrics

_PART = 3  # a row waits at most for one pause, and one commit under way, and its own: each a third of what was promised
_STUCK_SECONDS = 2.0
_log = logging.getLogger("seakeep.serving")


class Write(Protocol):
    """Writes down an answer, which has an id. seconds: that it took. key: of the request, where its header had one."""

    def __call__(self, lane: Lane, seconds: float, answered: Answered, *, key: str | None = None) -> None: ...


class Logbook:
    """One worker's log of one model.

    Parameters: layout: the model's log. boot: names this worker's run, and begins the ids of its predictions.
        acknowledged: whether answers wait for the disk. seconds: longest time until a row is on the disk otherwise.
        disk: a thread that waits for the disk. sampled: whether only some requests are kept. keeping: which, and which columns
        are hidden; None for all of them as they are.
    """

    answered: Write

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
        sampled: bool = False,
        keeping: Keeping | None = None,
    ) -> None:
        self.acknowledged = acknowledged
        self._keeping = keeping or Keeping()
        self._veils: dict[str, Veil] = {}
        self._sample: Sample | None = None
        self.answered = self._write
        if sampled and keeping is not None:
            self._sample = Sample(keeping.sample_requests, keeping.sample_seconds, passed=loop.time)
            self.answered = self._write_sampled
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
        self._lag, self._flushed = sheet.cell(LOG_LAG, name), loop.time()

    def describe(self, served: Served) -> None:
        """Make a release known, before its first request, and say beside the log how its rows are to be read: damage to the
        spool that begins with the same words costs no other row then. May be called in another thread.
        """
        version = int(served.version) if served.version.isdecimal() else 0
        header = Header.of(served.model, name=served.name, release=served.release, version=version)
        veil = self._veils[served.release] = Veil(served.model, self._keeping)
        if veil.hidden:
            header = msgspec.structs.replace(header, hidden=veil.hidden)
            if self._sample is None:
                self.answered = self._write_veiled
        self._spool.describe(header)
        with contextlib.suppress(CannotWrite, OSError):  # whoever converts the spool will write it
            describe(self._layout, header)

    def next_id(self) -> str:
        """The id of a new prediction; row n of it is `id.n`."""
        self._count += 1
        return f"{self._boot}-{self._count:x}"

    def _write(self, lane: Lane, seconds: float, answered: Answered, *, key: str | None = None) -> None:
        if self._spool.append(answered_record(lane, seconds, answered, key)):
            self._commit_soon()

    def _write_veiled(self, lane: Lane, seconds: float, answered: Answered, *, key: str | None = None) -> None:
        if self._spool.append(self._veiled(answered_record(lane, seconds, answered, key))):
            self._commit_soon()

    def _write_sampled(self, lane: Lane, seconds: float, answered: Answered, *, key: str | None = None) -> None:
        assert self._sample is not None
        assert answered.prediction_id is not None
        arm = self._sample.arm(lane.served.release, lane.role)
        if arm.wants(answered.prediction_id):
            arm.keep(self._veiled(answered_record(lane, seconds, answered, key)))

    def _veiled(self, record: Record) -> Record:
        """A record with what is to be hidden; of a release that nobody has described nothing is written as it is."""
        veil = self._veils[record.release]
        record.columns, record.keys = veil.columns(record.columns), veil.keys(record.keys)
        record.dealt = record.dealt if veil.key is None else veil.key(record.dealt)
        return record

    def unanswered(
        self, lane: Lane, prediction_id: str, seconds: float, outcome: str, reason: str, *, key: str | None = None
    ) -> None:
        """Write down a request that was refused or failed. reason: the refusal's code, or the error's kind. key: that it was
        dealt by.
        """
        record = unanswered_record(lane, prediction_id, seconds, outcome=outcome, reason=reason, key=key)
        if self._sample is None:
            if self._spool.append(self._veiled(record)):
                self._commit_soon()
        elif (arm := self._sample.arm(record.release, record.role)).wants(prediction_id):
            arm.keep(self._veiled(record))

    async def labelled(self, labels: Sequence[Label]) -> bool:
        """Write down labels and wait until they are on the disk. Returns False where they are not. Raises BadLabel, for one by a key
        where keys are left out, with none written.
        """
        lost = self._spool.counts.lost
        for label in [self._veiled_label(number, label) for number, label in enumerate(labels)]:
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
            if self._sample is not None and self._sample.is_over:
                self._end_period()
            done = self.committed()
            while not (await asyncio.wait({done}, timeout=_STUCK_SECONDS))[0]:
                self._tell(stuck=True)

    def close(self) -> None:
        """Bring everything to the disk and finish the file; the loop may be about to end."""
        self._end_period()
        self._disk.submit(self._spool.close).result()  # after a commit that is under way
        self._tell()

    def _commit_soon(self) -> None:
        """So much waits that it should not wait for the next pause."""
        if self._commit is None:
            self._commit = self._loop.create_task(self._commit_waiting())

    def _end_period(self) -> None:
        """Give what was sampled to the spool; the next minute begins."""
        if self._sample is not None:
            for record in self._sample.drain():
                self._spool.append(record)

    def _veiled_label(self, number: int, label: Label) -> Label:
        """A label by a key that is hidden. Of several releases the first that hides keys says how: they share the settings."""
        hide = next((veil.key for veil in self._veils.values() if veil.key is not None), None)
        if label.by != "key" or hide is None:
            return label
        name = hide(label.name)
        if name is None:
            raise BadLabel.keys_left_out(number)
        return msgspec.structs.replace(label, name=name)

    async def _commit_waiting(self) -> None:
        """One commit for all that wait, and another for who came meanwhile."""
        while True:
            waiting, self._waiting = self._waiting, []
            begun, self._flushed = self._flushed, self._loop.time()
            batch = self._spool.take()
            await self._loop.run_in_executor(self._disk, self._spool.commit, batch)
            self._lag.set(self._loop.time() - begun)
            self._tell()
            for future in waiting:
                if not future.done():
                    future.set_result(None)
            if not self._waiting:
                self._commit = None
                return

    def _tell(self, *, stuck: bool = False) -> None:
        """Count what was written and lost since the last time; say once that logging stopped or goes on. stuck: whether the disk has
        not answered for long.
        """
        counts, problem = self._spool.counts, self._spool.problem
        if stuck and problem is None:
            problem = OSError(errno.EAGAIN, f"the disk has not answered for {_STUCK_SECONDS:g} s")
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


def describe(layout: Layout, header: Header) -> None:
    """Say beside a log how a release's rows are to be read. What was hidden once stays told as hidden. Raises CannotWrite."""
    path = layout.description(header.release)
    known: tuple[str, ...] = ()
    if path.exists():
        with contextlib.suppress(msgspec.MsgspecError):  # a torn one is written anew
            known = msgspec.json.decode(path.read_bytes(), type=Header).hidden
            if set(header.hidden) <= set(known):
                return
    hidden = tuple(dict.fromkeys((*known, *header.hidden)))
    write_bytes(path, msgspec.json.encode(msgspec.structs.replace(header, hidden=hidden)))
