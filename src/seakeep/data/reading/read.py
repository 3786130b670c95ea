"""read: a Dataset from files, a database or a table in memory. Nothing but metadata is read of formats that have some, and
everything that can be refused early is.

What `data` stands for is found in `reading.finding`, formats live in `data/sources/<ending>.py`, one file each; the columns that files have in
common are found in `reading.fitting`. What is hard is to name the culprit: among many files the torn one, the one with
other columns, the nearest name to a misspelt one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.dataset import Dataset
from seakeep.core.errors import UsageError
from seakeep.data.errors import CannotRead
from seakeep.data.kinds import kind_of
from seakeep.data.reading.finding import source_of
from seakeep.data.reading.fitting import fitted, widened
from seakeep.data.reading.options import NULL_VALUES, UTF8, Dialect, TextOptions
from seakeep.data.steps import Derived, Dropped, Selected, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    import polars as pl

    from seakeep.core.dataset import Step


def read(
    data: object,
    *,
    label: str | None = None,
    time: str | None = None,
    key: str | None = None,
    derive: Mapping[str, pl.Expr] | None = None,
    where: pl.Expr | None = None,
    drop: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    widen: bool = False,
    format: str | None = None,  # noqa: A002  (the word that everybody knows it by)
    query: str | None = None,
    version: int | str | datetime | None = None,
    null_values: Sequence[str] = NULL_VALUES,
    types: Mapping[str, pl.DataType] | None = None,
    separator: str = ",",
    infer_rows: int | None = None,
    quote: str = '"',
    escape: str = "",
    comment: str = "",
    decimal: str = ".",
    header: bool | Sequence[str] = True,
    encoding: str = UTF8,
) -> Dataset:
    """A dataset, read lazily.

    Parameters: data: a path, a glob, a folder (every table below it, in name order), a list of paths; an address of the same in a bucket (`s3://`, `gs://`, `az://`), which is
            copied to this machine once a process; the address of a database (`postgresql://`, `sqlite://`) or of a table of Delta Lake or
            Iceberg (`delta://`, `iceberg://`, or its folder); a Polars frame, lazy or
            not; an Arrow table; a pandas frame (its index is left out, its NaN are missing values).
        label, time, key: columns with these roles.
        derive: columns to add, in order, each from its own row; a later one may use an earlier one.
        where: keep the rows for which this is true, after deriving. drop: columns to leave out, after that. columns: columns to keep, at the end;
            nothing else is read of formats that keep columns apart.
        widen: make a column that files have in several types (whole numbers in one, floats in another) of the type that holds them all.
        format: of the files, whatever their names end in: "parquet", "csv", "jsonl", "arrow", "avro", "tfrecord", …
        query: of a database, in its SQL, which ends with ORDER BY. version: of a table of Delta Lake or Iceberg: its number, or the time
            (datetime, or ISO 8601) as of which it is read.
        null_values, types, separator, infer_rows: of CSV files: fields that mean "missing" (by default the empty
            one and NA); types by column name that are not to be inferred (`types={"zip": polars.String()}`; also of JSON lines and TFRecord);
            the character between fields; rows to infer types from, None (the default) for all, which costs one more pass.
        quote, escape, comment, decimal, header, encoding: of CSV files whose dialect is another than RFC 4180's: the sign around fields; the one
            before a quote within them, where quotes are not doubled; what lines begin with that are passed over; "," for a decimal comma;
            False where there is no header, or the columns' names; a name that Python's codecs know. Such files are copied once a process.
    Raises: CannotRead, MixedTables, BadStep, UnsupportedColumn (all DataError); MissingExtra; UsageError, for an unknown column.

    >>> import polars as pl
    >>> read(pl.DataFrame({"late": [True, False], "distance": [733, 1400]}), label="late").label
    'late'
    """
    dialect = Dialect(quote, escape, comment, decimal, header if isinstance(header, bool) else tuple(header), encoding)
    options = TextOptions(tuple(null_values), dict(types or {}), separator, infer_rows, dialect)
    source = source_of(data, options, named=format, query=query, version=version)
    steps: list[Step] = [Derived.of(name, expression) for name, expression in (derive or {}).items()]
    if where is not None:
        steps.append(Where.of(where))
    if drop:
        steps.append(Dropped(_names("drop", drop)))
    if columns is not None:
        steps.append(Selected(_names("columns", columns)))
    dataset = Dataset(source, label, time, key, tuple(steps))
    dataset, schema = fitted(widened(dataset) if widen else dataset)
    for name, dtype in schema.items():
        for each in _names_within(name, dtype):
            if each == "*" or (each.startswith("^") and each.endswith("$")):
                raise CannotRead.pattern_for_name(each, dataset.description)
        kind_of(dtype, name=name)
    for role, column in (("label", label), ("time", time), ("key", key)):
        if column is not None and column not in schema:
            raise UsageError.unknown_name(f"{role} column", column, schema, where=dataset.description)
    return dataset


def _names_within(name: str, dtype: pl.DataType) -> Iterator[str]:
    """The column's name and those of the fields within it, however deep."""
    yield name
    for field in getattr(dtype, "fields", ()):
        yield from _names_within(field.name, field.dtype)
    if inner := getattr(dtype, "inner", None):
        yield from _names_within(name, inner)


def _names(parameter: str, names: Sequence[str]) -> tuple[str, ...]:
    """Column names. Raises UsageError for one text, and for none where some must be kept."""
    if isinstance(names, str) or not names:
        found = f"found {names!r}" if names else "found none"
        raise UsageError(
            f"{parameter} must be a list of column names, {found}", fix=f"{parameter}=[{names or 'fare'!r}]"
        )
    return tuple(dict.fromkeys(names))
