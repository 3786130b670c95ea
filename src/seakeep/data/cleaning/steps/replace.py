"""Put one text in another's place: spellings of one thing, levels to be merged."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (the codec reads it when the program runs)
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from seakeep.data.cleaning.kinds import textual
from seakeep.data.cleaning.step import Rewriting

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rewriting):
    """columns: of text. to: what is put in the place of each text named; others stay."""

    EXAMPLE: ClassVar[str] = "replace: {columns: [city], to: {NYC: New York, new york: New York}}"

    to: Mapping[str, str]

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The texts with others in the place of those named."""
        return {name: textual(self, name, types).replace(dict(self.to)) for name in self.columns}
