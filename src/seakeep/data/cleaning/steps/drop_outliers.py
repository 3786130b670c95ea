"""Drop rows whose numbers lie beyond given bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from seakeep.data.cleaning.kinds import bounds_wrong
from seakeep.data.cleaning.step import Cleaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Cleaning):
    """columns: of numbers. least, most: the bounds, included. Rows where the value is missing stay."""

    EXAMPLE: ClassVar[str] = "drop_outliers: {columns: [fare], least: 0, most: 500}"

    columns: tuple[str, ...]
    least: int | float | None = None
    most: int | float | None = None

    def check(self) -> str:
        """What is wrong with the bounds, or nothing."""
        return bounds_wrong(self.least, self.most)

    def kept(self) -> pl.Expr:
        """Rows within the bounds."""
        low = [pl.col(name) >= self.least for name in self.columns if self.least is not None]
        high = [pl.col(name) <= self.most for name in self.columns if self.most is not None]
        return pl.all_horizontal([bound.fill_null(value=True) for bound in (*low, *high)])
