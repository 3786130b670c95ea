"""BadText: a file of text, such as CSV, has lines, values or bytes that cannot be read as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.errors.reading import CannotRead
from seakeep.data.errors.words import first_line

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


class BadText(CannotRead):
    """A file of text has lines, values or bytes that cannot be read as a table."""

    @classmethod
    def bad_line(cls, path: Path, line: int, reason: str) -> BadText:
        return cls(
            f"{path} cannot be read as CSV: {first_line(reason)}",
            where=f"line {line}",
            cause="A line has more or fewer fields than the header, or a quote is not closed; a torn file ends so.",
            fix=f"sed -n {line}p {path}",
            path=str(path),
            line=line,
            reason=reason,
        )

    @classmethod
    def bad_value(cls, path: Path, column: str, *, value: str, dtype: pl.DataType) -> BadText:
        return cls(
            f"{value!r} in column {column!r} of {path} is not of type {dtype}",
            cause="The type was given, or inferred from the first rows alone.",
            fix=f"Infer it from all rows (infer_rows=None), or read it as text: types={{{column!r}: polars.String()}}.",
            path=str(path),
            column=column,
            value=value,
            dtype=dtype,
        )

    @classmethod
    def utf16(cls, path: Path) -> BadText:
        return cls(
            f"{path} is UTF-16, UTF-8 is expected",
            cause="It was saved as Unicode text by a spreadsheet.",
            fix="Say so: seakeep.read(…, encoding='utf-16').",
            path=str(path),
        )

    @classmethod
    def is_parquet(cls, path: Path, *, packed: bool) -> BadText:
        renamed = f"mv {path} {path.with_suffix('.parquet')}"
        return cls(
            f"{path} is a Parquet file, CSV is expected",
            where="its first bytes are PAR1",
            cause="It was written or renamed with the wrong ending; the ending says how a file is read.",
            fix=f"Unpack it, and give what is in it the ending .parquet: {path}" if packed else f"Rename it: {renamed}",
            path=str(path),
        )

    @classmethod
    def zero_bytes(cls, path: Path, line: int) -> BadText:
        return cls(
            f"{path} holds bytes that are zero, CSV is text and has none",
            where=f"line {line}",
            cause="A crash left a block of zeros in it, it is UTF-16 without a mark, or it is no text at all.",
            fix=f"See what it is: file {path}; zeros alone go by: tr -d '\\000' < {path} > {path}.clean.csv",
            path=str(path),
            line=line,
        )

    @classmethod
    def bad_record(cls, path: Path, line: int, reason: str) -> BadText:
        return cls(
            f"{path} cannot be read as JSON lines: {first_line(reason)}",
            where=f"line {line}",
            cause="Every line must be one JSON object, and a name must hold values of one type; a torn file ends within a line.",
            fix=f"sed -n {line}p {path}",
            path=str(path),
            line=line,
            reason=reason,
        )

    @classmethod
    def unlike(cls, path: Path, column: str, types: tuple[pl.DataType, pl.DataType]) -> BadText:
        return cls(
            f"column {column!r} of {path} holds {types[0]} and {types[1]}",
            cause="One name stands for values of different types, which no column holds.",
            fix=f"Read it as text: seakeep.read(…, types={{{column!r}: polars.String()}}).",
            path=str(path),
            column=column,
            types=types,
        )
