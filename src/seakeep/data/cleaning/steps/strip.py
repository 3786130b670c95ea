"""Take spaces (of any kind) from both ends of texts; a text of nothing else becomes empty."""

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

    EXAMPLE: ClassVar[str] = "strip: {columns: [carrier]}"

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The texts without spaces at their ends."""
        return {name: textual(self, name, types).str.strip_chars() for name in self.columns}
