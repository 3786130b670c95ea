"""Which Kind a Polars type is. Called by whoever meets a table: profile, read, the schema's checks.

What is hard: a type that has no kind (arbitrary Python objects) must be refused here, by name, before it reaches a graph.
"""

from __future__ import annotations

import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.errors import UnsupportedColumn

_BY_TYPE: dict[type[pl.DataType], Kind] = {
    pl.Boolean: Kind.BOOLEAN,
    pl.String: Kind.STRING,
    pl.Categorical: Kind.STRING,
    pl.Enum: Kind.STRING,
    pl.Date: Kind.TIMESTAMP,
    pl.Datetime: Kind.TIMESTAMP,
    pl.Duration: Kind.DURATION,
    pl.Time: Kind.DURATION,
    pl.Binary: Kind.BINARY,
    pl.List: Kind.LIST,
    pl.Array: Kind.LIST,
    pl.Struct: Kind.STRUCT,
    pl.Null: Kind.NULL,
}


def kind_of(dtype: pl.DataType, *, name: str = "") -> Kind:
    """The kind of a column of this Polars type. A time of day is a duration: microseconds since midnight.

    Parameters: name: the column's, for the message. Raises: UnsupportedColumn, for a type that holds Python objects.
    >>> kind_of(pl.Date()).value, kind_of(pl.Decimal(9, 2)).value, kind_of(pl.UInt8()).value
    ('timestamp', 'number', 'integer')
    """
    if dtype.is_integer():
        return Kind.INTEGER
    if dtype.is_float() or dtype.is_decimal():
        return Kind.NUMBER
    kind = _BY_TYPE.get(dtype.base_type())
    if kind is None:
        raise UnsupportedColumn.of(name, dtype)
    return kind
