"""MixedTables and UnsupportedColumn: columns that do not fit together, or have no meaning here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_KNOWN_TYPES = "numbers, booleans, text, dates, times, durations, bytes, lists and structs"


class MixedTables(DataError):
    """The files of one dataset do not have the same columns."""

    @classmethod
    def types(cls, column: str, *, files: tuple[str, str], types: tuple[pl.DataType, pl.DataType]) -> MixedTables:
        zones = [getattr(dtype, "time_zone", None) for dtype in types]
        mixed_zones = all(dtype.is_temporal() for dtype in types) and zones[0] != zones[1]
        cast = f"polars.col({column!r}).cast(polars.{type(types[0]).__name__})"
        more = ", or widen=True" if all(dtype.is_numeric() for dtype in types) else ""
        to_utc = f"polars.col({column!r}).cast(polars.Datetime('us', 'UTC'))"
        return cls(
            f"column {column!r} is {types[0]} in {files[0]} and {types[1]} in {files[1]}",
            cause="The files have mixed time zones (None is a time without a zone)."
            if mixed_zones
            else "The files were written with different types.",
            fix=f"Give it one type on reading: seakeep.read(…, derive={{{column!r}: {to_utc if mixed_zones else cast}}}){more}.",
            column=column,
            files=files,
            types=types,
        )

    @classmethod
    def not_widened(cls, column: str, *, files: tuple[str, str], types: tuple[pl.DataType, pl.DataType]) -> MixedTables:
        return cls(
            f"column {column!r} is {types[0]} in {files[0]} and {types[1]} in {files[1]}, and no type holds the values of both",
            cause="widen=True joins numbers with numbers, days with times, and what is in lists and structs.",
            fix=f"Read them apart, or leave the column out: seakeep.read(…, drop=[{column!r}]).",
            column=column,
            files=files,
            types=types,
        )

    @classmethod
    def columns(cls, column: str, *, has: str, lacks: str) -> MixedTables:
        return cls(
            f"column {column!r} is in {has} and not in {lacks}",
            cause="The files were written by different versions of a job, or belong to different tables.",
            fix=f"Read them apart, or leave the column out: seakeep.read(…, drop=[{column!r}]).",
            column=column,
            has=has,
            lacks=lacks,
        )


class UnsupportedColumn(DataError):
    """A column's type has no meaning here."""

    @classmethod
    def of(cls, name: str, dtype: pl.DataType) -> UnsupportedColumn:
        return cls(
            f"column {name!r} is of type {dtype}, which no kind stands for",
            cause="It holds Python objects; these cannot be compared, hashed or saved."
            if str(dtype) == "Object"
            else f"Known types: {_KNOWN_TYPES}.",
            fix=f"Turn it into text or numbers first, or leave it out: seakeep.read(…, drop=[{name!r}]).",
            name=name,
            dtype=dtype,
        )

    @classmethod
    def of_avro(cls, path: Path, told: str) -> UnsupportedColumn:
        return cls(
            f"{path}: {told}, which no column stands for",
            where="the schema in its header",
            cause="A column holds values of one type; Avro's unions, and records that hold themselves, may not.",
            fix="Write it again with one type for the field, or read it yourself: seakeep.read(polars.DataFrame(…)).",
            path=str(path),
            told=told,
        )

    @classmethod
    def not_in_examples(cls, name: str, dtype: pl.DataType) -> UnsupportedColumn:
        return cls(
            f"column {name!r} is of type {dtype}, which a tf.Example cannot hold",
            cause="A feature is a list of bytes, of 32-bit floats or of 64-bit whole numbers.",
            fix=f"Derive plain columns from it, or leave it out: seakeep.read(…, drop=[{name!r}]).",
            name=name,
            dtype=dtype,
        )
