"""BadStep: a derived column or filter cannot be applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import DataError
from seakeep.data.errors.words import first_line

if TYPE_CHECKING:
    import polars as pl


class BadStep(DataError):
    """A derived column or filter cannot be applied."""

    @classmethod
    def python_function(cls, name: str) -> BadStep:
        return cls(
            f"{name} calls a Python function",
            cause="Its text is not the same on every machine and version, so results could not be traced to it.",
            fix="Write it with Polars expressions, for example polars.when(…).then(…).otherwise(…).",
            name=name,
        )

    @classmethod
    def looks_at_other_rows(cls, name: str, expression: str) -> BadStep:
        return cls(
            f"{name} does not work row by row: {expression}",
            cause="Tables are read in pieces; a value may depend on its own row only. Text to time needs its format.",
            fix="Compute it before reading, or say the format: .str.to_datetime('%Y-%m-%d %H:%M').",
            name=name,
            expression=expression,
        )

    @classmethod
    def wrong_type(cls, name: str, reason: str) -> BadStep:
        return cls(
            f"{name} cannot be computed: {first_line(reason)}",
            cause="A column in it is of another type than the expression needs.",
            fix="Look at the types: seakeep.read(…).pieces()[0].collect_schema()",
            name=name,
            reason=reason,
        )

    @classmethod
    def not_boolean(cls, dtype: pl.DataType) -> BadStep:
        return cls(
            f"where must be true or false for every row, it is {dtype}",
            cause="It names a column or a sum instead of a comparison.",
            fix="seakeep.read(…, where=polars.col('month') <= 9)",
            dtype=dtype,
        )
