"""TextOptions: how to read text files as tables. Parameters of read, handed to the source; other formats refuse them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

NULL_VALUES = ("", "NA")


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How to read text as a table.

    null_values: fields that mean "missing". types: column types by name, not to be inferred. separator: one character.
    infer_rows: rows to infer types from, None for all of them.
    """

    null_values: tuple[str, ...] = NULL_VALUES
    types: Mapping[str, pl.DataType] = field(default_factory=dict)
    separator: str = ","
    infer_rows: int | None = None

    def __post_init__(self) -> None:
        if len(self.separator) != 1 or self.separator in '"\r\n' or not self.separator.isascii():
            raise UsageError(
                f"separator must be one ASCII character other than a quote, found {self.separator!r}",
                fix="seakeep.read(…, separator=';')",
            )
        if self.infer_rows is not None and self.infer_rows < 1:
            raise UsageError(
                f"infer_rows must be at least 1, or None for all rows; it is {self.infer_rows}",
                fix="seakeep.read(…, infer_rows=None)",
            )

    @property
    def canonical(self) -> list[object]:
        """JSON values that are equal for equal options; enters the source's digest."""
        types = {name: str(dtype) for name, dtype in self.types.items()}
        return [list(self.null_values), types, self.separator, self.infer_rows]

    def refuse_for(self, what: str) -> None:
        """Raise UsageError if any option was given for a format that has types and nulls of its own."""
        if self != TextOptions():
            raise UsageError(
                f"null_values, types, separator and infer_rows are for CSV files, and this is {what}",
                cause="It knows its own types and missing values.",
                fix="Leave them out; change a type with derive={'column': polars.col('column').cast(…)}.",
            )
