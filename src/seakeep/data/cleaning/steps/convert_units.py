"""Turn one unit into another where rows are in the wrong one: value × factor + offset."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003  (the codec reads it when the program runs)
from dataclasses import dataclass, field
from typing import ClassVar

import polars as pl

from seakeep.data.cleaning.kinds import literal, numeric
from seakeep.data.cleaning.step import Rewriting


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rewriting):
    """columns: of numbers. factor, offset: of the new value. Which rows: above and below bound the value itself, equals the values of
    other columns; time is a column of times and the moments (ISO 8601) from which and before which rows are meant.

    All conditions must hold; without one, every row is converted. Whole numbers become doubles.
    """

    EXAMPLE: ClassVar[str] = "convert_units: {columns: [distance], factor: 0.001, above: 5000}"

    factor: float = 1.0
    offset: float = 0.0
    above: float | None = None
    below: float | None = None
    equals: Mapping[str, str | int | bool] = field(default_factory=dict)
    time: tuple[str, str, str] | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns, and those of the conditions."""
        return (*self.columns, *self.equals, *((self.time[0],) if self.time else ()))

    def check(self) -> str:
        """What is wrong with the factor or the offset, or nothing."""
        if self.factor == 0:
            return "factor is 0, which would make every value the same"
        unfit = [name for name in ("factor", "offset") if not math.isfinite(getattr(self, name))]
        return f"{unfit[0]} is {getattr(self, unfit[0])}, expected a finite number" if unfit else ""

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The numbers, converted where the conditions hold."""
        found = {}
        for name in self.columns:
            value = numeric(self, name, types).cast(pl.Float64)
            found[name] = pl.when(self._where(name, types)).then(value * self.factor + self.offset).otherwise(value)
        return found

    def _where(self, name: str, types: Mapping[str, pl.DataType]) -> pl.Expr:
        conditions = [pl.lit(value=True)]
        conditions += [pl.col(name) > self.above] if self.above is not None else []
        conditions += [pl.col(name) < self.below] if self.below is not None else []
        conditions += [pl.col(each) == literal(self, each, value, types[each]) for each, value in self.equals.items()]
        if self.time:
            column, start, end = self.time
            moments = [literal(self, column, moment, types[column]) for moment in (start, end)]
            conditions += [(pl.col(column) >= moments[0]) & (pl.col(column) < moments[1])]
        return pl.all_horizontal(conditions)
