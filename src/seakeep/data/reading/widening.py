"""The narrowest type that holds the values of two columns, and how a column becomes of it.

Called where files, or parts of one, have a column in different types: by sources that infer types (JSON lines), and by
`read(…, widen=True)`. What is hard is what must not be joined: text and numbers, times with and without a zone, since
a value would then mean something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SIGNED: tuple[pl.DataType, ...] = (pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Int128())
_UNSIGNED: tuple[pl.DataType, ...] = (pl.UInt8(), pl.UInt16(), pl.UInt32(), pl.UInt64())
_TEXT = (pl.String, pl.Categorical, pl.Enum)
_UNITS = ("ms", "us", "ns")
_MOST_DIGITS = 38


def joined(first: pl.DataType, second: pl.DataType) -> pl.DataType | None:
    """The narrowest type that holds both columns' values; None where there is none. A whole number beyond 2^53 loses
    digits where the other is a float.

    >>> joined(pl.Int32(), pl.Float32()), joined(pl.List(pl.Null()), pl.List(pl.String())), joined(pl.Int8(), pl.String())
    (Float64, List(String), None)
    """
    if first == second:
        return first
    if isinstance(first, pl.Null) or isinstance(second, pl.Null):
        return second if isinstance(first, pl.Null) else first
    if first.is_numeric() and second.is_numeric():
        return _number(first, second)
    if isinstance(first, _TEXT) and isinstance(second, _TEXT):
        return pl.String()
    if isinstance(first, pl.List) and isinstance(second, pl.List):
        inner = joined(_made(first.inner), _made(second.inner))
        return None if inner is None else pl.List(inner)
    if isinstance(first, pl.Struct) and isinstance(second, pl.Struct):
        return _struct(first, second)
    return _moment(first, second)


def joined_schemas(schemas: Iterable[Mapping[str, pl.DataType]]) -> tuple[dict[str, pl.DataType], str]:
    """The columns of all tables in the order in which they first occur, and the first column that has no joined type ("" none)."""
    found: dict[str, pl.DataType] = {}
    for schema in schemas:
        for name, dtype in schema.items():
            both = joined(found.get(name, dtype), dtype)
            if both is None:
                return found, name
            found[name] = both
    return found, ""


def conformed(column: pl.Expr, held: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """A column of type `held` as the type `wanted`, which `joined` gave: structs get the fields that they lack, as missing."""
    if held == wanted:
        return column
    if isinstance(wanted, pl.List) and isinstance(held, pl.List):
        return column.list.eval(conformed(pl.element(), _made(held.inner), _made(wanted.inner)))
    if isinstance(wanted, pl.Struct) and isinstance(held, pl.Struct):
        known = {field.name: _made(field.dtype) for field in held.fields}
        fields = [
            conformed(column.struct.field(field.name), known[field.name], _made(field.dtype)).alias(field.name)
            if field.name in known
            else pl.lit(None, dtype=_made(field.dtype)).alias(field.name)
            for field in wanted.fields
        ]
        return pl.when(column.is_not_null()).then(pl.struct(fields))
    return column.cast(wanted)


def _number(first: pl.DataType, second: pl.DataType) -> pl.DataType:
    if first.is_float() or second.is_float():
        return pl.Float64()
    if isinstance(first, pl.Decimal) or isinstance(second, pl.Decimal):
        scales = [each.scale for each in (first, second) if isinstance(each, pl.Decimal)]
        return pl.Decimal(_MOST_DIGITS, max(scales))
    if first in _UNSIGNED and second in _UNSIGNED:
        return max(first, second, key=_UNSIGNED.index)
    return max(map(_signed, (first, second)), key=_SIGNED.index)


def _signed(dtype: pl.DataType) -> pl.DataType:
    """The narrowest signed type that holds an integer type's values."""
    return _SIGNED[_UNSIGNED.index(dtype) + 1] if dtype in _UNSIGNED else dtype if dtype in _SIGNED else _SIGNED[-1]


def _struct(first: pl.Struct, second: pl.Struct) -> pl.DataType | None:
    sides = ({field.name: _made(field.dtype) for field in side.fields} for side in (first, second))
    fields, unlike = joined_schemas(sides)
    return None if unlike else pl.Struct(fields)


def _moment(first: pl.DataType, second: pl.DataType) -> pl.DataType | None:
    """Days and times without a zone are times; times of one zone have the finer unit."""
    zones = {each.time_zone if isinstance(each, pl.Datetime) else None for each in (first, second)}
    if not all(isinstance(each, pl.Date | pl.Datetime) for each in (first, second)) or len(zones) > 1:
        return None
    units = [each.time_unit for each in (first, second) if isinstance(each, pl.Datetime)]
    return pl.Datetime(max(units, key=_UNITS.index), zones.pop())


def _made(dtype: Any) -> pl.DataType:
    """An instance, where Polars gives a class."""
    made: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return made
