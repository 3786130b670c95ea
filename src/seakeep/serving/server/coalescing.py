"""Coalescer: what arrives within one turn of the event loop is answered by one run of the model.

No timer, so nothing waits for company: requests that were read in the same turn are put together, and one alone runs alone.
That is right only because answers are equal to the bit at any batch size (features.session), and it pays because one run
for thirty rows costs less than thirty runs. Large requests run in a thread of their own, so that small ones need not wait.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from seakeep.serving.runtimes.onnx import OnnxPredictor
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.cells import Distribution
    from seakeep.serving.server.columns import Column

ROWS_TOGETHER = 256
Answer = tuple[list[float], list[int]]
"""Scores, (rows, width) flat in row order, and decisions, empty for regression."""


class Coalescer:
    """Answers asks of one model.

    Parameters: predictor: runs the model. columns: its inputs. loop: the worker's event loop. aside: runs what is large.
        runs: counts the rows of each run.
    """

    def __init__(
        self,
        predictor: OnnxPredictor,
        columns: Sequence[Column],
        *,
        loop: asyncio.AbstractEventLoop,
        aside: Executor,
        runs: Distribution,
    ) -> None:
        self._predictor, self._columns = predictor, columns
        self._loop, self._aside, self._runs = loop, aside, runs
        self._waiting: list[tuple[Ask, asyncio.Future[Answer]]] = []

    def answer(self, ask: Ask) -> asyncio.Future[Answer]:
        """The answer to come. Raises, when awaited, what the run raised."""
        if ask.rows > ROWS_TOGETHER:
            return self._loop.run_in_executor(self._aside, self.run, [ask])
        future: asyncio.Future[Answer] = self._loop.create_future()
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append((ask, future))
        return future

    def run(self, asks: Sequence[Ask]) -> Answer:
        """All asks' answers one after another, by one run of the model."""
        arrays = _feeds(self._columns, asks)
        predictions = self._predictor.predict_feeds(arrays)
        decisions = predictions.decisions
        self._runs.observe(len(predictions.scores))
        return predictions.scores.ravel().tolist(), [] if decisions is None else decisions.tolist()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        group: list[tuple[Ask, asyncio.Future[Answer]]] = []
        rows = 0
        for item in waiting:
            if group and rows + item[0].rows > ROWS_TOGETHER:
                self._run_group(group)
                group, rows = [], 0
            group.append(item)
            rows += item[0].rows
        self._run_group(group)

    def _run_group(self, group: list[tuple[Ask, asyncio.Future[Answer]]]) -> None:
        try:
            scores, decisions = self.run([ask for ask, _ in group])
        except Exception as error:  # noqa: BLE001  (whatever it is, it is somebody's answer)
            self._run_apart(group, error)
            return
        rows = sum(ask.rows for ask, _ in group)
        width = len(scores) // rows
        begin = 0
        for ask, future in group:
            end = begin + ask.rows
            if not future.done():  # a client that went away cancelled it
                future.set_result((scores[begin * width : end * width], decisions[begin:end]))
            begin = end

    def _run_apart(self, group: list[tuple[Ask, asyncio.Future[Answer]]], error: Exception) -> None:
        """One ask that cannot be run must not fail the others that happened to arrive with it."""
        if len(group) > 1:
            for item in group:
                self._run_group([item])
        elif not group[0][1].done():
            group[0][1].set_exception(error)


def _feeds(columns: Sequence[Column], asks: Sequence[Ask]) -> dict[str, NDArray[Any]]:
    if len(asks) == 1:
        return {column.name: column.array(values) for column, values in zip(columns, asks[0].columns, strict=True)}
    together = zip(*(ask.columns for ask in asks), strict=True)
    return {
        column.name: column.array(list(chain.from_iterable(values)))
        for column, values in zip(columns, together, strict=True)
    }
