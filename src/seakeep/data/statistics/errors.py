"""Errors of what a profile was asked for besides the columns: weights, slices, means of the label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import DataError, UsageError

if TYPE_CHECKING:
    import polars as pl


class BadWeights(DataError):
    """A column of weights holds what cannot weigh."""

    @classmethod
    def in_rows(cls, name: str, what: str, rows: int, first: int) -> BadWeights:
        """what: "missing", "negative", …; first: the first such row, counted from 0."""
        return cls(
            f"the column of weights {name!r} is {what} in {rows:,} {'row' if rows == 1 else 'rows'}, first in row {first:,}",
            cause="Every row must say what it weighs: a number from 0 to 2^40.",
            fix=f'Mend it on reading: seakeep.read(…, derive={{"{name}": polars.col("{name}").fill_null(1.0)}}), or drop such rows.',
            name=name,
            what=what,
            rows=rows,
            first=first,
        )

    @classmethod
    def kind(cls, name: str, dtype: pl.DataType) -> BadWeights:
        return cls(
            f"the column of weights {name!r} is {dtype}, expected numbers",
            cause="Another column was meant, or the file keeps numbers as text.",
            fix=f'Convert it on reading: seakeep.read(…, derive={{"{name}": polars.col("{name}").cast(polars.Float64)}}).',
            name=name,
            dtype=dtype,
        )


class BadSlicing(UsageError):
    """Statistics cannot be sliced as asked."""

    @classmethod
    def too_many(cls, by: tuple[str, ...], found: int, most: int) -> BadSlicing:
        text = " & ".join(by)
        return cls(
            f"slices by {text} are more than {most:,}: the rows so far make {found:,}",
            cause="Each slice has statistics of every column; a key or a fine number makes one a row.",
            fix=f"Slice by a column of few values, or derive one, for example by rounding {by[0]!r}.",
            by=by,
            slices=found,
        )

    @classmethod
    def kind(cls, name: str, dtype: pl.DataType) -> BadSlicing:
        return cls(
            f"column {name!r} is {dtype}, by which rows cannot be sliced",
            cause="Slices are by values; lists, structs and bytes have no names.",
            fix="Choose another column, or derive one from it.",
            name=name,
            dtype=dtype,
        )


class BadLabel(UsageError):
    """The label has no mean."""

    @classmethod
    def kind(cls, name: str, dtype: pl.DataType) -> BadLabel:
        return cls(
            f"the label {name!r} is {dtype}, which has no mean",
            cause="Means by value need a label that is a number or true/false.",
            fix=f'Derive one: seakeep.read(…, derive={{"is_x": polars.col("{name}") == "x"}}), then label="is_x".',
            name=name,
            dtype=dtype,
        )
