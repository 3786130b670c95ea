"""Read texts as true or false."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl

from seakeep.data.cleaning.kinds import textual
from seakeep.data.cleaning.step import Rewriting

if TYPE_CHECKING:
    from collections.abc import Mapping

TRUE = ("true", "t", "yes", "y", "1", "on")
FALSE = ("false", "f", "no", "n", "0", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rewriting):
    """columns: of text. spelt_true, spelt_false: their spellings, capitals and spaces at the ends aside. missing, others: as of parse_numbers."""

    EXAMPLE: ClassVar[str] = "parse_booleans: {columns: [paid], spelt_true: [yes, y], spelt_false: [no, n]}"

    spelt_true: tuple[str, ...] = TRUE
    spelt_false: tuple[str, ...] = FALSE
    missing: tuple[str, ...] = ("",)
    others: Literal["refused", "missing"] = "refused"

    def check(self) -> str:
        """What is wrong with the spellings, or nothing."""
        both = {text.casefold() for text in self.spelt_true} & {text.casefold() for text in self.spelt_false}
        return f"{min(both)!r} is true and false" if both else ""

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """True or false; null where a text is neither."""
        return {name: self._flag(textual(self, name, types)) for name in self.columns}

    def _flag(self, text: pl.Expr) -> pl.Expr:
        plain = text.str.strip_chars().str.to_lowercase()
        yes, no = ([each.lower() for each in each_way] for each_way in (self.spelt_true, self.spelt_false))
        return pl.when(plain.is_in(yes)).then(True).when(plain.is_in(no)).then(False)
