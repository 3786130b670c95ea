"""Make values that stand for "not known" missing: -1, 9999, N/A, 1900-01-01."""

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
    """columns: of numbers, texts or times. values: the values that become missing; times as ISO 8601."""

    EXAMPLE: ClassVar[str] = "set_missing: {columns: [age], values: [-1, 999]}"

    values: tuple[bool | int | float | str, ...]

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The values, null for those that stand for it."""
        return {name: self._without(name, types[name]) for name in self.columns}

    def _without(self, name: str, dtype: pl.DataType) -> pl.Expr:
        marks = [literal(self, name, mark, dtype) for mark in self.values]
        return pl.when(pl.any_horizontal([pl.col(name) == mark for mark in marks])).then(None).otherwise(pl.col(name))
