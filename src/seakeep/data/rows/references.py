"""References: whether values of a row occur in another table, by one or several columns.

Called by `plan` for rules such as `{refers: origin, to: airports.parquet, by: faa}`. The other table's different keys are held in
memory, and nothing else of it; the table that is judged goes by piece by piece. A row with a part of its key missing refers to
nothing and breaks nothing, as in SQL.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import DataError
from seakeep.core.kinds import Kind
from seakeep.data.frames import fetch, schema_of
from seakeep.data.kinds import kind_of
from seakeep.data.rows.errors import BadReference
from seakeep.data.rows.kinds import same_family
from seakeep.data.rows.lookups import OWN, Lookup
from seakeep.data.rows.lowering import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.dataset import Dataset
    from seakeep.core.schema import RowRule


def lookup_of(rule: RowRule, other: Dataset, dtypes: pl.Schema) -> Lookup:
    """The keys that a rule's columns may have, for a table of these types. Raises BadReference; DataError, naming the file."""
    try:
        theirs = schema_of(other)
        own, by = _expressions(rule, dtypes, theirs)
        return Lookup(f"{OWN}known {rule.name}", own, _different(other, by))
    except BadReference:
        raise
    except DataError as error:
        raise BadReference.unreadable(rule.name, rule.to, error) from error


def table_of(rule: RowRule, tables: Mapping[str, Dataset], folder: Path) -> Dataset:
    """The table that a rule refers to: one of `tables`, or what is read from its path, relative to `folder`. Raises BadReference."""
    if rule.to in tables:
        return tables[rule.to]
    from seakeep.data.reading.read import read

    place = rule.to if "://" in rule.to else str(folder / Path(rule.to).expanduser())
    try:
        return read(place)
    except DataError as error:
        raise BadReference.unreadable(rule.name, rule.to, error) from error


def _expressions(
    rule: RowRule, dtypes: pl.Schema, theirs: pl.Schema
) -> tuple[tuple[pl.Expr, ...], tuple[pl.Expr, ...]]:
    """The key's parts in both tables, of one type each."""
    pairs = [_pair(rule, own, by, dtypes=dtypes, theirs=theirs) for own, by in zip(rule.refers, rule.by, strict=True)]
    return tuple(own for own, _ in pairs), tuple(by for _, by in pairs)


def _pair(rule: RowRule, own: str, by: str, *, dtypes: pl.Schema, theirs: pl.Schema) -> tuple[pl.Expr, pl.Expr]:
    if by not in theirs:
        raise BadReference.unknown_column(rule.name, by, tuple(theirs), to=rule.to)
    first, second = kind_of(dtypes[own], name=own), kind_of(theirs[by], name=by)
    if not same_family(first, second) and Kind.NULL not in (first, second):
        raise BadReference.kinds(rule.name, own, first.value, other=by, found=second.value, to=rule.to)
    return joinable(pl.col(own), dtypes[own], second), joinable(pl.col(by), theirs[by], first)


def joinable(column: pl.Expr, dtype: pl.DataType, beside: Kind) -> pl.Expr:
    """A column in the form that it is compared in with one of kind `beside`; whole numbers are doubles beside numbers only."""
    kind = kind_of(dtype)
    if kind is Kind.NULL:
        return column.cast(_TYPES.get(beside, pl.Null))
    value = plain(column, dtype)
    if Kind.NUMBER in (kind, beside):
        return value.cast(pl.Float64)
    return value.cast(pl.Int128) if kind is Kind.INTEGER else value


def _different(other: Dataset, by: Sequence[pl.Expr]) -> pl.DataFrame:
    """The different keys of a table, without those that miss a part."""
    names = [str(number) for number in range(len(by))]
    found: pl.DataFrame | None = None
    for number, piece in enumerate(other.pieces()):
        keys = piece.select(part.alias(name) for part, name in zip(by, names, strict=True)).drop_nulls().unique()
        some = fetch(other, number, keys, streaming=True)
        found = some if found is None else pl.concat([found, some]).unique()
    assert found is not None, "a dataset has at least one piece"
    return found


_TYPES = {
    Kind.INTEGER: pl.Int128,
    Kind.NUMBER: pl.Float64,
    Kind.STRING: pl.String,
    Kind.BOOLEAN: pl.Boolean,
    Kind.TIMESTAMP: pl.Int64,
    Kind.DURATION: pl.Int64,
}
