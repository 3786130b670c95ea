"""What of a filter of Polars an Iceberg table can answer before it reads: a `row_filter` of pyiceberg, by which files and row groups are passed over.

Called by data.tables.iceberg. The filter is applied to the rows afterwards in any case, so what is pushed must keep at least all of its rows; whatever is
not known to do so is left out. What is hard is where the two differ: NaN is above all numbers in Polars and beside them in Iceberg; a column may have been
another one in the snapshot that is read; writers cut integers near the type's minimum into wrong partitions (`truncate`). A filter is known by its written form,
which Polars may change: what is not recognised is not pushed.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

Values = tuple[Any, ...]

_COMPARED = {"Eq": "EqualTo", "NotEq": "NotEqualTo", "Lt": "LessThan", "LtEq": "LessThanOrEqual"}
_ABOVE = {"Gt": "GreaterThan", "GtEq": "GreaterThanOrEqual"}
_BOUNDS = {"Both": ("GtEq", "LtEq"), "Left": ("GtEq", "Lt"), "Right": ("Gt", "LtEq"), "None": ("Gt", "Lt")}
_PYTHON: dict[type[pl.DataType], type] = {
    pl.Int32: int,
    pl.Int64: int,
    pl.Float64: float,
    pl.String: str,
    pl.Date: date,
    pl.Datetime: datetime,
}
"""Kinds of columns whose values both sides order alike, and the type of their values."""


class _UnknownError(Exception):
    """A part of a filter that has no like."""


def pushed(predicate: pl.Expr, table: Any, snapshot: int | None) -> Any | None:
    """A filter of pyiceberg that keeps all rows which `predicate` keeps; None where nothing can be told of it.

    Parameters: table: pyiceberg's. snapshot: the one that is read, None for the table's own schema.
    """
    from pyiceberg.expressions.visitors import bind
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    here = table.scan(snapshot_id=snapshot).projection()
    columns = pl.from_arrow(schema_to_pyarrow(here).empty_table())
    assert isinstance(columns, pl.DataFrame)
    reading = _Reading(columns.schema, {field.name: field for field in here.fields}, _wrapped(table))
    try:
        written = json.loads(predicate.meta.serialize(format="json"))
    except (pl.exceptions.PolarsError, ValueError):
        return None
    found = _conjunction(reading, written)
    if found is None or bind(here, found, case_sensitive=True) != _bound(table, found):
        return None
    return found


def _bound(table: Any, found: Any) -> Any:
    """The filter in the table's newest schema, which plans are made by; None where it has no such columns."""
    from pyiceberg.expressions.visitors import bind

    try:
        return bind(table.schema(), found, case_sensitive=True)
    except (ValueError, TypeError):
        return None


def _wrapped(table: Any) -> frozenset[int]:
    """Numbers of the fields by whose truncated values files are put into partitions."""
    from pyiceberg.transforms import TruncateTransform

    parts = (field for spec in table.specs().values() for field in spec.fields)
    return frozenset(field.source_id for field in parts if isinstance(field.transform, TruncateTransform))


def _conjunction(reading: _Reading, node: Any) -> Any | None:
    """What is known of the parts of a conjunction, put together."""
    found: list[Any] = []
    for part in _parts(node):
        try:
            found.append(reading.read(part))
        except (_UnknownError, KeyError, TypeError, ValueError, AttributeError, pl.exceptions.PolarsError):
            continue
    return reduce(_expressions().And, found) if found else None


def _expressions() -> Any:
    """pyiceberg's kinds of filters."""
    from pyiceberg import expressions

    return expressions


def _parts(node: Any) -> list[Any]:
    inner = node.get("BinaryExpr") if isinstance(node, dict) else None
    if inner and inner["op"] in ("And", "LogicalAnd"):
        return [*_parts(inner["left"]), *_parts(inner["right"])]
    return [node]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads one written filter. columns: their types. fields: pyiceberg's, by name. wrapped: fields of which partitions may tell wrong."""

    columns: pl.Schema
    fields: Mapping[str, Any]
    wrapped: frozenset[int]

    def read(self, node: Any) -> Any:
        """The like of a part. Raises _UnknownError, or whatever a part of another form leads to."""
        make = _expressions()
        ((form, inner),) = node.items()
        if form == "Function":
            return self._function(inner)
        if form != "BinaryExpr":
            raise _UnknownError(form)
        if inner["op"] in ("And", "LogicalAnd", "Or", "LogicalOr"):
            join = make.And if inner["op"].endswith("And") else make.Or
            return join(self.read(inner["left"]), self.read(inner["right"]))
        return self._compared(inner["op"], self._column(inner["left"]), _values(inner["right"]))

    def _function(self, inner: Any) -> Any:
        make = _expressions()
        kind = inner["function"]["Boolean"]
        name = self._column(inner["input"][0])
        if kind == "IsNotNull":
            return make.NotNull(name)
        if kind == "IsNull" and not self.fields[name].required:
            return make.IsNull(name)
        if "IsBetween" in kind:
            sides = zip(_BOUNDS[kind["IsBetween"]["closed"]], inner["input"][1:], strict=True)
            return reduce(make.And, (self._compared(op, name, _values(side)) for op, side in sides))
        if "IsIn" in kind and not kind["IsIn"]["nulls_equal"]:
            (listed,) = _values(inner["input"][1])
            return make.In(name, self._checked(name, tuple(value for value in listed if value is not None)))
        raise _UnknownError(kind)

    def _column(self, node: Any) -> str:
        name = str(node["Column"])
        if "." in name or self.fields[name].field_id in self.wrapped:
            raise _UnknownError(name)
        return name

    def _compared(self, op: str, name: str, values: Values) -> Any:
        """A comparison. One that NaN passes in Polars is not pushed: Arrow takes a row group for free of NaN where its bounds are one value."""
        make = _expressions()
        (value,) = self._checked(name, values)
        made = getattr(make, (_COMPARED | _ABOVE)[op])
        if self.columns[name] == pl.Float64 and op in (*_ABOVE, "NotEq"):
            raise _UnknownError(op)
        return made(name, value)

    def _checked(self, name: str, values: Values) -> Values:
        """The values, each of the column's own type; neither NaN nor a zero, which has two signs."""
        dtype = self.columns[name]
        wanted: Any = _PYTHON[dtype.base_type()]
        if isinstance(dtype, pl.Datetime) and dtype.time_unit != "us":
            raise _UnknownError(dtype)
        for value in values:
            if type(value) is not wanted or (wanted is float and (math.isnan(value) or value == 0)):
                raise _UnknownError(value)
        return tuple(value.isoformat() if isinstance(value, datetime) else value for value in values)


def _values(node: Any) -> Values:
    """The value that a part without columns has."""
    ((form, _),) = node.items()
    if form != "Literal":
        raise _UnknownError(form)
    written = io.BytesIO(json.dumps(node).encode())
    value = pl.select(pl.Expr.deserialize(written, format="json")).item()
    return (value.to_list() if isinstance(value, pl.Series) else value,)
