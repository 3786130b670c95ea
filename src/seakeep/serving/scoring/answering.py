"""From rows to answers: the contract, the model, and what is written, logged and counted of them. The same here and on a worker."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from seakeep.prediction_log import columns as names
from seakeep.serving.scoring.columns import BROKEN, QUARANTINED, ROW_NUMBER, beside, prediction_columns
from seakeep.serving.scoring.contract import Contract, Fault
from seakeep.serving.scoring.errors import BrokenRow
from seakeep.serving.scoring.logbook import Logbook
from seakeep.serving.scoring.predictors import Predictors
from seakeep.serving.scoring.views import views_of
from seakeep.serving.server.filling import fill_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.core.model import Model
    from seakeep.core.prediction import Predictions
    from seakeep.serving.scoring.asked import Asked

_SCORED_ALL_THE_SAME = ("mark", "impute")


@dataclass(slots=True)
class Chunk:
    """What became of some rows. output: their answers, until they are handed on. rows: how many there were. written: answers. broken: how
    many broke each rule.

    quarantine: those set aside; None where nothing is. profiled: inputs and answers as a window of the prediction log has them; None where
    nobody wants them. logged: rows for the log, likewise.
    """

    output: pl.DataFrame
    rows: int
    written: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    quarantine: pl.DataFrame | None = None
    profiled: pl.DataFrame | None = None
    logged: pl.DataFrame | None = None


@dataclass(slots=True)
class _Rows:
    """Rows on their way to the model. frame: as the table has them. views: as a server has them. numbers: in the table."""

    frame: pl.DataFrame
    views: dict[str, pl.Series]
    numbers: pl.Series
    faults: list[Fault] = field(default_factory=list)

    def without(self, bad: pl.Series) -> _Rows:
        """The rows that are good, which break nothing."""
        good = ~bad
        views = {name: view.filter(good) for name, view in self.views.items()}
        return _Rows(self.frame.filter(good), views, self.numbers.filter(good))


class Answering:
    """Answers chunks of rows. Safe to call from several threads.

    Parameters: model: with the statistics of its training, where values are imputed. predictors: of the model, if they are made.
    """

    def __init__(self, model: Model, asked: Asked, predictors: Predictors | None = None) -> None:
        self.model, self._asked = model, asked
        self._predictors = predictors or Predictors(model, asked.trees)
        self._contract = Contract(model)
        self._logbook = Logbook(model, asked.log) if asked.log is not None else None
        columns = model.statistics.columns
        self._fills = {
            column.name: fill_of(column.kind, columns.get(column.name))(column.keeps)
            for column in (self._contract.columns if asked.broken == "impute" else ())
        }

    def answer(self, frame: pl.DataFrame, begin: int) -> Chunk:
        """What becomes of rows, the first of which is number `begin` of the table. Raises BrokenRow; BadValue."""
        numbers = pl.Series(names.MARK, np.arange(begin, begin + frame.height))
        rows = self._judged(_Rows(frame, views_of(frame, self.model.inputs), numbers))
        chunk = Chunk(frame, frame.height, broken=Counter({fault.name: len(fault.rows) for fault in rows.faults}))
        marks = None
        if self._asked.broken == "quarantine":
            rows, chunk.quarantine = self._set_aside(rows)
        elif self._asked.broken in _SCORED_ALL_THE_SAME:
            marks = texts_of(rows.faults, frame.height)
        predictions = self._predictors.at(begin).predict(self._fed(rows))
        chunk.output = self._output(rows, predictions, marks)
        chunk.written = chunk.output.height
        if self._asked.statistics or self._logbook is not None:
            self._note(chunk, rows, predictions, marks)
        return chunk

    def _judged(self, rows: _Rows) -> _Rows:
        """The rows, with what the contract has against them, and their views with what stands in for it."""
        rows.faults = self._contract.faults(rows.frame, rows.views)
        for fault in rows.faults:
            if (fill := self._fills.get(fault.column)) is not None:
                rows.views[fault.column] = _filled(rows.views[fault.column], fault.rows, fill)
        rows.faults += self._contract.broken_rules(rows.views)
        if rows.faults and self._asked.broken == "reject":
            first = min(rows.faults, key=lambda fault: int(fault.rows[0]))
            raise BrokenRow.of(first, rows.frame, number=int(rows.numbers[int(first.rows[0])]))
        return rows

    def _set_aside(self, rows: _Rows) -> tuple[_Rows, pl.DataFrame]:
        """The good rows, and the others with their number and what is wrong with them."""
        marks = texts_of(rows.faults, rows.frame.height)
        bad = marks.is_not_null()
        aside = rows.frame.with_columns(rows.numbers.alias(ROW_NUMBER), marks.alias(QUARANTINED)).filter(bad)
        return (rows.without(bad) if aside.height else rows), aside

    def _fed(self, rows: _Rows) -> pl.DataFrame:
        """What the model is asked about: the table's own values, but for columns in which some were imputed."""
        imputed = dict.fromkeys(fault.column for fault in rows.faults if self._fills.get(fault.column) is not None)
        return rows.frame.with_columns(rows.views[name].alias(name) for name in imputed)

    def _output(self, rows: _Rows, predictions: Predictions, marks: pl.Series | None) -> pl.DataFrame:
        made = beside(
            predictions, rows.frame, self.model, numbers=rows.numbers, keep=self._asked.keep, key=self._asked.key
        )
        return made if marks is None else made.with_columns(marks.alias(BROKEN))

    def _note(self, chunk: Chunk, rows: _Rows, predictions: Predictions, marks: pl.Series | None) -> None:
        """Add what statistics and the log want to know."""
        predicted = {f"{names.MARK}{series.name}": series for series in prediction_columns(predictions, self.model)}
        if self._asked.statistics:
            chunk.profiled = pl.DataFrame([series.alias(name) for name, series in (rows.views | predicted).items()])
        if self._logbook is not None:
            keys = rows.frame[self._asked.key] if self._asked.key is not None else None
            chunk.logged = self._logbook.table(rows.numbers, rows.views, predicted, keys, marks)


def _filled(view: pl.Series, rows: NDArray[np.int64], fill: Any) -> pl.Series:
    """A view with one value in some rows."""
    values = view.to_physical()
    return values.scatter(rows, pl.Series([fill], dtype=values.dtype).new_from_index(0, len(rows))).cast(view.dtype)


def texts_of(faults: Sequence[Fault], height: int) -> pl.Series:
    """For each row the rules that it breaks, in order, as a server tells them: "fare.bounds, lands_late"; null where it breaks none."""
    if not faults:
        return pl.Series(BROKEN, [None], dtype=pl.String).new_from_index(0, height)
    masks = np.zeros((len(faults), height), bool)
    for mask, fault in zip(masks, faults, strict=True):
        mask[fault.rows] = True
    names = [pl.when(pl.Series(mask)).then(pl.lit(fault.name)) for mask, fault in zip(masks, faults, strict=True)]
    texts = pl.select(pl.concat_str(names, separator=", ", ignore_nulls=True).alias(BROKEN)).to_series()
    return texts.set(pl.Series(~masks.any(axis=0)), None)
