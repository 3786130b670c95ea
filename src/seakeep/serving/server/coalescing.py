"""Coalescer: what arrives within one turn of the event loop is answered by one run of the model.

Nothing waits for company, unless it was found to pay (see traffic.holding): requests that were read in the same turn are put together,
and one alone runs alone.
That is right only because answers are equal to the bit at any batch size (features.session), and it pays because one run
for thirty rows costs less than thirty runs. Large requests run in a thread of their own, so that small ones need not wait.

Where somebody said how urgent it is, what is urgent runs first, and what would come too late does not run at all; nor does what
nobody waits for any more.
"""

from __future__ import annotations

import math
import time
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from seakeep.serving.server.ask import ROWS_TOGETHER
from seakeep.serving.server.refusals.traffic import Pressed
from seakeep.serving.server.traffic.cost import Cost
from seakeep.serving.server.traffic.holding import Holding
from seakeep.serving.server.traffic.urgency import NORMAL

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.bound import Bound
    from seakeep.serving.runtimes.onnx import OnnxPredictor
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.cells import Distribution
    from seakeep.serving.server.columns import Column
    from seakeep.serving.server.traffic.aside import Aside

Answer = tuple[list[float], list[int]]
"""Scores, (rows, width) flat in row order, and decisions, empty for regression."""


class Waiting(NamedTuple):
    """An ask and its answer to come. until, priority: see `form.Request`."""

    ask: Ask
    future: asyncio.Future[Answer]
    until: float
    priority: int


class Coalescer:
    """Answers asks of one model.

    Parameters: predictor: runs the model. columns: its inputs. loop: the worker's event loop. aside: runs what is large.
        runs, runs_aside: count the rows of each run on the loop, and of each beside it. turn_seconds: after which others have their turn before what is left. hold_seconds:
        for which asks may be held for company where that pays; 0 for never. few: what runs 1 row, 2 rows, … on the loop.
    Attributes: cost: of a run, once it was measured; that of nothing before.
    """

    def __init__(
        self,
        predictor: OnnxPredictor,
        columns: Sequence[Column],
        *,
        loop: asyncio.AbstractEventLoop,
        aside: Aside,
        runs: Distribution,
        runs_aside: Distribution,
        turn_seconds: float = math.inf,
        hold_seconds: float = 0.0,
        few: Sequence[Bound] = (),
    ) -> None:
        self._predictor, self._columns, self._few = predictor, columns, few
        self._loop, self._aside, self._runs, self._runs_aside = loop, aside, runs, runs_aside
        self._waiting: list[Waiting] = []
        self._is_urged, self._turn_seconds = False, turn_seconds
        self._holding = Holding(hold_seconds) if hold_seconds else None
        self._soon = self._flush_soon if self._holding is None else self._flush_held
        self.cost = Cost()

    def answer(self, ask: Ask, until: float = math.inf, priority: int = NORMAL) -> asyncio.Future[Answer]:
        """The answer to come. Raises, now or when awaited, what the run raised, or Refusal if it would come too late.

        Parameters: until, priority: see `form.Request`.
        """
        if ask.rows > ROWS_TOGETHER:
            seconds = self.cost.of(ask.rows)
            return self._aside.run(self.run_aside, [ask], seconds=seconds, priority=priority, until=until)
        future: asyncio.Future[Answer] = self._loop.create_future()
        if not self._waiting:
            self._soon()
        if until != math.inf or priority != NORMAL:
            self._is_urged = True
        self._waiting.append(Waiting(ask, future, until, priority))
        return future

    def run(self, asks: Sequence[Ask]) -> Answer:
        """All asks' answers one after another, by one run of the model. On the loop."""
        return self._ran(asks, self._runs)

    def run_aside(self, asks: Sequence[Ask]) -> Answer:
        """As `run`, in the thread beside the loop."""
        return self._ran(asks, self._runs_aside)

    def _ran(self, asks: Sequence[Ask], runs: Distribution) -> Answer:
        arrays = _feeds(self._columns, asks)
        predictions = self._predictor.predict_feeds(arrays)
        decisions = predictions.decisions
        runs.observe(len(predictions.scores))
        return predictions.scores.ravel().tolist(), [] if decisions is None else decisions.tolist()

    def _run_few(self, asks: Sequence[Ask], rows: int) -> Answer:
        """As `run` on the loop, where memory for so many rows is at hand."""
        columns = asks[0].columns if len(asks) == 1 else _together(asks)
        scores, *decisions = self._few[rows - 1].run(columns)
        self._runs.observe(rows)
        return scores.ravel().tolist(), decisions[0].tolist() if decisions else []

    def _flush_soon(self) -> None:
        self._loop.call_soon(self._flush)

    def _flush_held(self) -> None:
        assert self._holding is not None
        if self._holding.seconds:
            self._loop.call_later(self._holding.seconds, self._flush)
        else:
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Run what waits, for as long as a turn may take; the rest has the next turn, and what is more urgent passes it."""
        began = time.perf_counter()
        if self._holding is not None:
            self._holding.ran(len(self._waiting))
        self._run_first()
        while self._waiting:
            if time.perf_counter() > began + self._turn_seconds:
                self._loop.call_soon(self._flush)
                return
            self._run_first()
        self._is_urged = False

    def _run_first(self) -> None:
        """Run as much of what waits as fits into one run."""
        waiting = self._waiting
        if self._is_urged:
            waiting.sort(key=_priority)
        group: list[Waiting] = []
        rows = taken = 0
        for item in waiting:
            if group and rows + item.ask.rows > ROWS_TOGETHER:
                break
            taken += 1
            if self._is_wanted(item, rows):
                group.append(item)
                rows += item.ask.rows
        self._waiting = waiting[taken:]
        if group:
            self._run_group(group)

    def _is_wanted(self, item: Waiting, rows: int) -> bool:
        """Whether somebody waits for it, and would have it in time with a run of so many rows more."""
        if item.future.done():
            return False  # a client that went away cancelled it
        if item.until != math.inf and time.perf_counter() + self.cost.of(rows + item.ask.rows) > item.until:
            item.future.set_exception(Pressed.late())
            return False
        return True

    def _run_group(self, group: list[Waiting]) -> None:
        rows = sum(item.ask.rows for item in group)
        asks = [item.ask for item in group]
        try:
            scores, decisions = self._run_few(asks, rows) if rows <= len(self._few) else self.run(asks)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is somebody's answer)
            self._run_apart(group, error)
            return
        width = len(scores) // rows
        begin = 0
        for item in group:
            end = begin + item.ask.rows
            if not item.future.done():
                item.future.set_result((scores[begin * width : end * width], decisions[begin:end]))
            begin = end

    def _run_apart(self, group: list[Waiting], error: Exception) -> None:
        """One ask that cannot be run must not fail the others that happened to arrive with it."""
        if len(group) > 1:
            for item in group:
                self._run_group([item])
        elif not group[0].future.done():
            group[0].future.set_exception(error)


def _priority(item: Waiting) -> int:
    return item.priority


def _feeds(columns: Sequence[Column], asks: Sequence[Ask]) -> dict[str, NDArray[Any]]:
    if len(asks) == 1:
        ask = asks[0]
        if ask.arrays is not None:
            return {column.name: array for column, array in zip(columns, ask.arrays, strict=True)}
        return {column.name: column.array(values) for column, values in zip(columns, ask.columns, strict=True)}
    if any(ask.arrays is not None for ask in asks):
        parts = [_feeds(columns, [ask]) for ask in asks]
        return {column.name: np.concatenate([part[column.name] for part in parts]) for column in columns}
    return {column.name: column.array(values) for column, values in zip(columns, _together(asks), strict=True)}


def _together(asks: Sequence[Ask]) -> list[list[Any]]:
    """The asks' columns, one after another."""
    return [list(chain.from_iterable(values)) for values in zip(*(ask.columns for ask in asks), strict=True)]
