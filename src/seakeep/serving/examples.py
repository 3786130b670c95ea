"""Examples: a few rows, and what the model answers, kept in a release so that whoever serves it can be asked for the same.

The rows are no rows of anybody: they are put together from the statistics that a release holds anyway, quantiles and frequent values,
in an order that differs from column to column. The answers come from the batch path, to six digits, which is more than a
check needs and less than processors differ by.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.codec import Json, from_json, to_json, to_plain
from seakeep.core.errors import ModelError
from seakeep.core.kinds import Kind
from seakeep.core.release import EXAMPLES_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from seakeep.core.column_statistics import ColumnStatistics
    from seakeep.core.model import Input, Model

ROWS = 16
_FREQUENT = 8
_MISSING_EVERY = 5
_DIGITS = 6
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows as a request writes them, and the scores of each: by class, or the one value."""

    rows: tuple[Json, ...]
    scores: tuple[tuple[float, ...], ...]

    def to_text(self) -> str:
        """As it is kept."""
        return to_json(self)

    @classmethod
    def load(cls, folder: Path) -> Examples | None:
        """The examples in a release's folder, None where it has none. Raises BadDocument."""
        path = folder / EXAMPLES_FILE
        return from_json(cls, path.read_bytes(), path=str(path)) if path.is_file() else None


def examples_of(model: Model) -> Examples:
    """Examples of a model. Runs it once. Raises GraphError, BadValue, if it cannot answer what it has seen itself."""
    from seakeep.serving.runtimes.onnx import OnnxPredictor

    columns = {column.name: _values(model, column, place) for place, column in enumerate(model.inputs)}
    rows: tuple[Mapping[str, Json], ...] = tuple(
        {name: _written(values[number]) for name, values in columns.items()} for number in range(ROWS)
    )
    scores = OnnxPredictor(model, threads=1).predict(_frame(model, columns)).scores
    rounded = (tuple(float(f"{score:.{_DIGITS}g}") for score in row) for row in scores.tolist())
    return Examples(tuple(dict(row) for row in rows), tuple(rounded))


def text_of(model: Model) -> str:
    """The examples of a model as a release keeps them; none of one that cannot be run here, which its trial will tell."""
    try:
        return examples_of(model).to_text()
    except ModelError:
        return ""


def _values(model: Model, column: Input, place: int) -> list[object]:
    """A column's values, in an order of its own: steps of an odd length visit every sixteenth once."""
    found = model.statistics.columns.get(column.name)
    order = [(number * (2 * place + 1) + place) % ROWS for number in range(ROWS)]
    values = [None if found is None else _value(found, column.kind, place) for place in order]
    may_miss = found is None or found.missing_rate > 0
    every = _MISSING_EVERY if may_miss else ROWS + 1
    return [None if (number + place + 1) % every == 0 else value for number, value in enumerate(values)]


def _value(column: ColumnStatistics, kind: Kind, sixteenth: int) -> object:
    """What lies in that sixteenth of a column's values."""
    if kind in (Kind.STRING, Kind.BOOLEAN):
        frequent = column.top.values[:_FREQUENT]
        return frequent[sixteenth % len(frequent)] if frequent else None
    found = column.quantile((sixteenth + 0.5) / ROWS)
    if found is None:
        return None
    if kind is Kind.TIMESTAMP:
        return _EPOCH + dt.timedelta(microseconds=round(found))
    return round(found) if kind is Kind.INTEGER else found


def _written(value: object) -> Json:
    """A value as a row of a request has it."""
    return to_plain(value.isoformat() if isinstance(value, dt.datetime) else value)


def _frame(model: Model, columns: Mapping[str, list[object]]) -> pl.DataFrame:
    import polars as pl

    types: dict[Kind, pl.DataType] = {
        Kind.INTEGER: pl.Int64(),
        Kind.NUMBER: pl.Float64(),
        Kind.BOOLEAN: pl.Boolean(),
        Kind.STRING: pl.String(),
        Kind.TIMESTAMP: pl.Datetime("us"),
    }
    plain = {
        name: [value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value for value in values]
        for name, values in columns.items()
    }
    return pl.DataFrame([pl.Series(each.name, plain[each.name], types[each.kind]) for each in model.inputs])
