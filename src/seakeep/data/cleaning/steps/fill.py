"""Put one value in the place of missing ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from seakeep.data.cleaning.kinds import literal
from seakeep.data.cleaning.step import Rewriting

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rewriting):
    """columns: of one kind. value: a number, text, or time (ISO 8601) of that kind."""

    EXAMPLE: ClassVar[str] = "fill: {columns: [visits], value: 0}"

    value: bool | int | float | str

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The values, with one where there was none; NaN counts as missing."""
        found = {}
        for name in self.columns:
            filled = pl.col(name).fill_null(literal(self, name, self.value, types[name]))
            found[name] = filled.fill_nan(float(self.value)) if types[name].is_float() else filled
        return found
