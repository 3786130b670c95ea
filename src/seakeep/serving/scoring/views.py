"""Views: a table's columns in the form in which a server has the values of a request, and the prediction log keeps them.

Doubles, whole numbers of 64 bits, booleans, texts, and times in UTC by the microsecond. NaN is missing, as the null contract has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from seakeep.core.model import Input

_INTEGER_MOST = 2**63 - 1
_DAY = 86_400_000_000
_FACTORS = {"ms": 1000, "us": 1, "ns": -1000}
TIME = pl.Datetime("us", "UTC")
TYPES: Mapping[Kind, pl.DataType] = {
    Kind.NUMBER: pl.Float64(),
    Kind.INTEGER: pl.Int64(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.STRING: pl.String(),
    Kind.TIMESTAMP: TIME,
}
"""Types of views by the kind of the input."""


def views_of(frame: pl.DataFrame, inputs: Sequence[Input]) -> dict[str, pl.Series]:
    """The inputs' values by name. What cannot be a value of its kind (a fraction among whole numbers) is missing here."""
    return {column.name: _VIEWS[column.kind](frame[column.name]) for column in inputs}


def _number(values: pl.Series) -> pl.Series:
    return values.cast(pl.Float64).fill_nan(None)


def _integer(values: pl.Series) -> pl.Series:
    if not values.dtype.is_float():
        return values.cast(pl.Int64, strict=False)
    is_whole = (values == values.floor()).fill_null(value=False)
    return values.cast(pl.Int64, strict=False).zip_with(is_whole, pl.Series([None], dtype=pl.Int64))


def _boolean(values: pl.Series) -> pl.Series:
    return values.cast(pl.Boolean)


def _text(values: pl.Series) -> pl.Series:
    return values.cast(pl.String)


def _time(values: pl.Series) -> pl.Series:
    """Microseconds; one that 64 bits do not hold is missing."""
    if values.dtype == pl.Null:
        return values.cast(TIME)
    factor = _DAY if values.dtype == pl.Date else _FACTORS[values.dtype.time_unit]  # type: ignore[attr-defined]
    numbers = values.to_physical().cast(pl.Int64)
    if factor > 1:
        held = numbers.is_between(-(_INTEGER_MOST // factor), _INTEGER_MOST // factor).fill_null(value=False)
        numbers = numbers.zip_with(held, pl.Series([None], dtype=pl.Int64)) * factor
    return (numbers // 1000 if factor < 0 else numbers).cast(TIME)


_VIEWS: Mapping[Kind, Callable[[pl.Series], pl.Series]] = {
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.STRING: _text,
    Kind.TIMESTAMP: _time,
}
