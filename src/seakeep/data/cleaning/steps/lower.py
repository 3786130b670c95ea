"""Write texts in small letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from seakeep.data.cleaning.kinds import textual
from seakeep.data.cleaning.step import Rewriting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rewriting):
    """columns: of text."""

    EXAMPLE: ClassVar[str] = "lower: {columns: [carrier]}"

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The texts in small letters."""
        return {name: textual(self, name, types).str.to_lowercase() for name in self.columns}
