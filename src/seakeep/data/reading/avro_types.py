"""What Avro's types are as columns, and whether Polars' own reader has them.

Called by data.sources.avro. Polars decodes a file some fifty times as fast as fastavro (300,000 rows of four columns: 0.04 against 2 CPU
seconds), but panics at maps and reads no union of two types; so types decide, from the header, before either is asked.
Maps become lists of key and value; a union of numbers becomes the wider of them; any other union has no column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.reading.widening import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Json

_PRIMITIVES: dict[str, pl.DataType] = {
    "null": pl.Null(),
    "boolean": pl.Boolean(),
    "int": pl.Int32(),
    "long": pl.Int64(),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "bytes": pl.Binary(),
    "string": pl.String(),
    "enum": pl.String(),
    "fixed": pl.Binary(),
}
_LOGICAL: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "time-millis": pl.Time(),
    "time-micros": pl.Time(),
    "timestamp-millis": pl.Datetime("ms", "UTC"),
    "timestamp-micros": pl.Datetime("us", "UTC"),
    "local-timestamp-millis": pl.Datetime("ms"),
    "local-timestamp-micros": pl.Datetime("us"),
}


@dataclass(frozen=True, slots=True)
class AvroType:
    """A type as a column. native: whether Polars' reader decodes it."""

    dtype: pl.DataType
    native: bool = True


class NoColumn(ValueError):
    """A type that no column stands for; says which."""


def column_of(told: Json, *, inside: tuple[str, ...] = ()) -> AvroType:
    """The column that an Avro type is. inside: names of the records around it. Raises NoColumn."""
    if isinstance(told, list):
        return _union(told, inside)
    if isinstance(told, str):
        if told in _PRIMITIVES:
            return AvroType(_PRIMITIVES[told], native=told != "null")
        raise NoColumn(f"a record that holds itself ({told})" if told in inside else f"the named type {told!r}")
    if not isinstance(told, dict):
        raise NoColumn(repr(told))
    return _complex(told, inside)


def _complex(told: Mapping[str, Json], inside: tuple[str, ...]) -> AvroType:
    kind, logical = told.get("type"), told.get("logicalType")
    if logical in _LOGICAL:
        return AvroType(_LOGICAL[str(logical)])
    if logical == "decimal":
        precision, scale = told.get("precision"), told.get("scale", 0)
        assert isinstance(precision, int)
        assert isinstance(scale, int)
        return AvroType(pl.Decimal(precision, scale), native=kind == "bytes")
    if logical == "duration":
        return AvroType(pl.Binary(), native=False)
    if kind == "array":
        items = column_of(told.get("items"), inside=inside)
        return AvroType(pl.List(items.dtype), items.native)
    if kind == "map":
        values = column_of(told.get("values"), inside=inside)
        return AvroType(pl.List(pl.Struct({"key": pl.String(), "value": values.dtype})), native=False)
    if kind in ("record", "error"):
        return _record(told, inside)
    if isinstance(kind, dict | list):
        return column_of(kind, inside=inside)
    return column_of(kind, inside=inside)


def _record(told: Mapping[str, Json], inside: tuple[str, ...]) -> AvroType:
    fields = columns_of(told, inside=inside)
    return AvroType(
        pl.Struct({name: each.dtype for name, each in fields.items()}), all(each.native for each in fields.values())
    )


def columns_of(record: Mapping[str, Json], *, inside: tuple[str, ...] = ()) -> dict[str, AvroType]:
    """The columns of a record. Raises NoColumn, naming the field."""
    fields = record.get("fields")
    assert isinstance(fields, list)
    found: dict[str, AvroType] = {}
    for each in fields:
        assert isinstance(each, dict)
        name = str(each["name"])
        try:
            found[name] = column_of(each["type"], inside=(*inside, str(record.get("name"))))
        except NoColumn as error:
            raise NoColumn(f"field {name!r} holds {error}") from error
    return found


def _union(told: list[Json], inside: tuple[str, ...]) -> AvroType:
    rest = [each for each in told if each != "null"]
    if not rest:
        return AvroType(pl.Null(), native=False)
    found = [column_of(each, inside=inside) for each in rest]
    dtype: pl.DataType | None = found[0].dtype
    for each in found[1:]:
        dtype = joined(dtype, each.dtype) if dtype is not None else None
    if dtype is None:
        raise NoColumn("a union of " + " and ".join(str(each.dtype) for each in found))
    return AvroType(dtype, len(found) == 1 and found[0].native)
