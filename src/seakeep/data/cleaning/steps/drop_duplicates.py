"""Drop rows that repeat an earlier one, in all columns or in some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from seakeep.data.cleaning.step import Cleaning

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Cleaning):
    """by: the columns that count; all, where none are named. The first row of equal ones stays. Nulls equal nulls."""

    EXAMPLE: ClassVar[str] = "drop_duplicates: {by: [flight_id]}"

    by: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns that count."""
        return self.by

    def repeated(self, types: Mapping[str, pl.DataType]) -> tuple[str, ...]:
        """The columns that count."""
        return self.by or tuple(types)
