"""Read texts as dates or times, in one of several forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl

from seakeep.data.cleaning.kinds import textual
from seakeep.data.cleaning.step import Rewriting

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMES = ("%H", "%I", "%M", "%S", "%T", "%R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rewriting):
    """columns: of text. formats: tried in order, in strftime's notation; the first that fits a text is taken.

    A column all of whose formats are without a time of day becomes dates, else times without a zone. missing, others: as of
    parse_numbers.
    """

    EXAMPLE: ClassVar[str] = 'parse_dates: {columns: [paid], formats: ["%Y-%m-%d", "%d.%m.%Y"]}'

    formats: tuple[str, ...]
    missing: tuple[str, ...] = ("",)
    others: Literal["refused", "missing"] = "refused"

    def check(self) -> str:
        """What is wrong with the formats, or nothing."""
        wrong = [form for form in self.formats if "%" not in form]
        return f"{wrong[0]!r} is no format of dates" if wrong else "" if self.formats else "there is no format"

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The dates or times; null where a text has none of the forms."""
        timed = any(sign in form for form in self.formats for sign in _TIMES)
        kind = pl.Datetime("us") if timed else pl.Date()
        return {
            name: pl.coalesce(
                textual(self, name, types).str.strip_chars().str.strptime(_kind(form), form, strict=False).cast(kind)
                for form in self.formats
            )
            for name in self.columns
        }


def _kind(form: str) -> pl.Datetime | pl.Date:
    return pl.Datetime("us") if any(sign in form for sign in _TIMES) else pl.Date()
