"""Columns and values of the kind that a step needs, or an error that names the step, the column and its type."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.cleaning.errors import BadCleaning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.data.cleaning.step import Cleaning

_TEXTS = (pl.String, pl.Categorical, pl.Enum)


def textual(step: Cleaning, name: str, types: Mapping[str, pl.DataType]) -> pl.Expr:
    """The column as text. Raises BadCleaning, if it holds something else."""
    if types[name].base_type() not in _TEXTS:
        raise BadCleaning.wrong_type(step.name, name, types[name], "text")
    return pl.col(name) if types[name] == pl.String else pl.col(name).cast(pl.String)


def numeric(step: Cleaning, name: str, types: Mapping[str, pl.DataType]) -> pl.Expr:
    """The column of numbers. Raises BadCleaning, if it holds something else."""
    if not types[name].is_numeric():
        raise BadCleaning.wrong_type(step.name, name, types[name], "numbers")
    return pl.col(name)


def literal(step: Cleaning, name: str, value: bool | float | str, dtype: pl.DataType) -> pl.Expr:
    """A value that can be compared with the column's. Raises BadCleaning, if it is of another kind."""
    if dtype.base_type() in (pl.Date, pl.Datetime) and isinstance(value, str):
        return _moment(step, value, dtype)
    if dtype == pl.Boolean and isinstance(value, bool):
        return pl.lit(value)
    if dtype.base_type() in _TEXTS and isinstance(value, str):
        return pl.lit(value)
    if dtype.is_numeric() and isinstance(value, int | float) and not isinstance(value, bool):
        return pl.lit(value)
    raise BadCleaning.wrong_type(step.name, name, dtype, f"a column that can hold {value!r}")


def bounds_wrong(least: float | None, most: float | None) -> str:
    """What is wrong with two bounds, or nothing."""
    if least is None and most is None:
        return "there is neither least nor most"
    return f"least is {least}, above most, {most}" if least is not None and most is not None and least > most else ""


def _moment(step: Cleaning, value: str, dtype: pl.DataType) -> pl.Expr:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadCleaning.wrong_option(step.name, f"{value!r} is no moment", 'values: ["1900-01-01"]') from error
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None and moment.tzinfo is None:
        return pl.lit(moment).dt.replace_time_zone("UTC").dt.convert_time_zone(dtype.time_zone)
    return pl.lit(moment.date()) if dtype == pl.Date else pl.lit(moment)
