"""TextOptions: how to read files as tables that know nothing of types. Parameters of read, handed to the source; others refuse them.

CSV takes all of them; JSON lines and TFRecord, whose values have types but too few, take `types`.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

NULL_VALUES = ("", "NA")
UTF8 = "utf-8"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written, where it is not as RFC 4180 has it.

    quote: around fields that hold separators; "" for none. escape: before a quote within a field; "" where quotes are doubled.
    comment: what lines begin with that are passed over; "" for none. decimal: "." or ",". header: whether the first line names the
    columns, or their names where none does. encoding: a name that Python's codecs know.
    """

    quote: str = '"'
    escape: str = ""
    comment: str = ""
    decimal: str = "."
    header: bool | tuple[str, ...] = True
    encoding: str = UTF8

    def __post_init__(self) -> None:
        for name in ("quote", "escape"):
            value = getattr(self, name)
            if len(value) > 1 or not value.isascii() or value in ("\r", "\n"):
                raise _wrong(name, value, "one ASCII character, or '' for none")
        if "\n" in self.comment or "\r" in self.comment:
            raise _wrong("comment", self.comment, "the beginning of a line")
        if self.decimal not in (".", ","):
            raise _wrong("decimal", self.decimal, "'.' or ','")
        if not isinstance(self.header, bool) and len(set(self.header)) != len(self.header):
            raise _wrong("header", list(self.header), "True, False, or names that all differ")
        try:
            name = codecs.lookup(self.encoding).name
        except LookupError:
            raise UsageError.unknown_name("encoding", self.encoding, _ENCODINGS) from None
        object.__setattr__(self, "encoding", UTF8 if name == "utf-8-sig" else name)

    @property
    def plain(self) -> bool:
        """Whether files are read as they stand: UTF-8 (with a mark or without), quotes doubled, no comments, a header."""
        return self == Dialect(decimal=self.decimal)

    @property
    def canonical(self) -> list[object]:
        """JSON values that are equal for equal dialects."""
        header = self.header if isinstance(self.header, bool) else list(self.header)
        return [self.quote, self.escape, self.comment, self.decimal, header, self.encoding]


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How to read text as a table.

    null_values: fields that mean "missing". types: column types by name, not to be inferred. separator: one character.
    infer_rows: rows to infer types from, None for all of them. dialect: of CSV files.
    """

    null_values: tuple[str, ...] = NULL_VALUES
    types: Mapping[str, pl.DataType] = field(default_factory=dict)
    separator: str = ","
    infer_rows: int | None = None
    dialect: Dialect = Dialect()

    def __post_init__(self) -> None:
        taken = (self.dialect.quote, self.dialect.escape, self.dialect.decimal if self.dialect.decimal == "," else "")
        if len(self.separator) != 1 or self.separator in '"\r\n' or not self.separator.isascii():
            raise UsageError(
                f"separator must be one ASCII character other than a quote, found {self.separator!r}",
                fix="seakeep.read(…, separator=';')",
            )
        if self.separator in taken:
            raise UsageError(
                f"separator is {self.separator!r}, which is also the dialect's quote, escape or decimal sign",
                fix="seakeep.read(…, separator=';', decimal=',')",
                separator=self.separator,
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
        dialect = [] if self.dialect == Dialect() else [self.dialect.canonical]
        return [list(self.null_values), types, self.separator, self.infer_rows, *dialect]

    def refuse_for(self, what: str, *, but: tuple[str, ...] = ()) -> None:
        """Raise UsageError if an option other than `but` was given for a format that has types and nulls of its own."""
        usual = TextOptions()
        given = [each.name for each in fields(self) if getattr(self, each.name) != getattr(usual, each.name)]
        if set(given) <= set(but):
            return
        allowed = f" ({' and '.join(but)} may be given)" if but else ""
        raise UsageError(
            f"null_values, types, separator, infer_rows and the dialect are for CSV files, and this is {what}{allowed}",
            cause="It knows its own types and missing values.",
            fix="Leave them out; change a type with derive={'column': polars.col('column').cast(…)}.",
            given=tuple(given),
        )


_ENCODINGS = (
    "utf-8",
    "latin-1",
    "cp1252",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1251",
    "iso8859-15",
    "shift_jis",
    "gb18030",
)


def _wrong(name: str, value: object, expected: str) -> UsageError:
    return UsageError(
        f"{name} must be {expected}, found {value!r}",
        fix=f"seakeep.read(…, {name}={getattr(Dialect(), name)!r})",
        value=value,
    )
