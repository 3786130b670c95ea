"""Bring numbers within bounds: what lies beyond becomes the bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from seakeep.data.cleaning.kinds import bounds_wrong, numeric
from seakeep.data.cleaning.step import Rewriting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rewriting):
    """columns: of numbers. least, most: the bounds, included; either may be left out."""

    EXAMPLE: ClassVar[str] = "clip: {columns: [fare], least: 0, most: 500}"

    least: int | float | None = None
    most: int | float | None = None

    def check(self) -> str:
        """What is wrong with the bounds, or nothing."""
        return bounds_wrong(self.least, self.most)

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The numbers within the bounds; NaN stays, and so does the type, where the bounds fit it."""
        return {name: numeric(self, name, types).clip(self.least, self.most) for name in self.columns}
