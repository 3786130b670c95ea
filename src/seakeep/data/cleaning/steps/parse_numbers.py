"""Read texts as numbers: thousands separators, decimal commas, currency signs, percent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl

from seakeep.data.cleaning.kinds import textual
from seakeep.data.cleaning.step import Rewriting

if TYPE_CHECKING:
    from collections.abc import Mapping

CURRENCY = r"[$€£¥₹₽₩¢]|\b(?:USD|EUR|GBP|CHF|JPY)\b"
SIGNS = {",": ",", ".": r"\.", " ": r"[\s\x{00A0}\x{202F}]", "'": "['’]"}
PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rewriting):
    """columns: of text. decimal, thousands: the signs between digits; thousands "" for none.

    Currency signs and spaces around the number are let go, a percent sign divides by 100, (1.50) is -1.5. missing: texts that
    become missing. others: what becomes of texts that are no number: "refused" fails the report, "missing" says they are none.
    """

    EXAMPLE: ClassVar[str] = 'parse_numbers: {columns: [fare], decimal: ",", thousands: "."}'

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    missing: tuple[str, ...] = ("",)
    others: Literal["refused", "missing"] = "refused"

    def check(self) -> str:
        """What is wrong with the signs, or nothing."""
        return f"decimal and thousands are both {self.decimal!r}" if self.decimal == self.thousands else ""

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The numbers, as doubles; null where a text is none."""
        return {name: self._number(textual(self, name, types)) for name in self.columns}

    def _number(self, text: pl.Expr) -> pl.Expr:
        bare = text.str.strip_chars().str.replace_all(CURRENCY, "").str.strip_chars()
        negative = bare.str.contains(r"^\(.*\)$")
        bare = bare.str.strip_chars("()")
        percent = bare.str.ends_with("%")
        bare = bare.str.strip_chars_end("% ")
        if self.thousands:
            grouped = bare.str.contains(
                rf"^[+-]?\d{{1,3}}({SIGNS[self.thousands]}\d{{3}})*({SIGNS[self.decimal]}\d+)?$"
            )
            apart = bare.str.replace_all(SIGNS[self.thousands], "")
            bare = pl.when(grouped | ~bare.str.contains(SIGNS[self.thousands])).then(apart).otherwise(None)
        if self.decimal == ",":
            bare = (
                pl.when(bare.str.contains(".", literal=True))
                .then(None)
                .otherwise(bare.str.replace(",", ".", literal=True))
            )
        bare = pl.when(bare.str.contains(PLAIN)).then(bare).otherwise(None)
        number = bare.cast(pl.Float64, strict=False)
        number = pl.when(percent).then(number / 100).otherwise(number)
        return pl.when(negative).then(-number).otherwise(number)
