"""Make one level of several: rare ones, or different words for one thing."""

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
    """columns: of text. levels: those that become one. into: its name."""

    EXAMPLE: ClassVar[str] = "merge_levels: {columns: [carrier], levels: [OO, HA], into: other}"

    levels: tuple[str, ...]
    into: str

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The texts with one level for several."""
        merged = dict.fromkeys(self.levels, self.into)
        return {name: textual(self, name, types).replace(merged) for name in self.columns}
