"""Mend texts that were written as UTF-8 and read as Windows-1252 or Latin-1, and let go of marks nobody sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from seakeep.data.cleaning.encodings import mended
from seakeep.data.cleaning.kinds import textual
from seakeep.data.cleaning.step import Rewriting

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rewriting):
    """columns: of text. Also taken out: byte order marks, zero-width spaces, control characters but tab and line ends.

    A text that cannot be turned back whole stays as it is. U+FFFD stands where bytes were lost, and stays.
    """

    EXAMPLE: ClassVar[str] = "fix_encoding: {columns: [city]}"

    def rewritten(self, types: Mapping[str, pl.DataType]) -> Mapping[str, pl.Expr]:
        """The texts as they were meant."""
        return {
            name: textual(self, name, types).map_batches(mended, return_dtype=pl.String, is_elementwise=True)
            for name in self.columns
        }
