"""Converting: decoded JSON values of each datatype as values of the null contract (features.nulls). Which datatypes a kind takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.serving.server.refusals import BadInput

if TYPE_CHECKING:
    from seakeep.serving.server.columns import Column

Values = Sequence[Any]
"""One column's: a list or tuple, None where missing."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
NATURAL = {
    Kind.INTEGER: ("INT64", "an integer"),
    Kind.NUMBER: ("FP64", "a number"),
    Kind.BOOLEAN: ("BOOL", "true or false"),
    Kind.STRING: ("BYTES", "a text"),
    Kind.TIMESTAMP: ("BYTES", "an ISO 8601 text such as 2013-10-01T05:15:00Z"),
}
_NARROW = {
    f"{sign}INT{bits}": (0 if sign else -(2 ** (bits - 1)), 2 ** (bits if sign else bits - 1) - 1)
    for bits in (32, 16, 8)
    for sign in ("", "U")
}
"""By datatype narrower than 64 bits: its least and greatest value."""
DATATYPES = {
    Kind.INTEGER: ("INT64", "UINT64", *_NARROW),
    Kind.NUMBER: ("FP64", "FP32", "FP16", *_NARROW),
    Kind.BOOLEAN: ("BOOL",),
    Kind.STRING: ("BYTES",),
    Kind.TIMESTAMP: ("INT64", "BYTES"),
}
"""By kind: the datatypes that its null contract holds without loss, the usual one first. A double does not hold every INT64."""
Convert = Callable[["Column", Values], Values]


def converters(kind: Kind) -> dict[str, Convert | None]:
    """By datatype: what turns decoded JSON values into those of the null contract; None where they are already."""
    if kind is Kind.TIMESTAMP:
        return {"INT64": _from_microseconds, "BYTES": _from_iso}
    narrow: dict[str, Convert | None] = {name: partial(_from_narrow, datatype=name) for name in _NARROW}
    if kind is Kind.NUMBER:
        return {"FP64": None, "FP32": _from_float32, "FP16": _from_float16, **narrow}
    if kind is Kind.INTEGER:
        return {"INT64": None, "UINT64": _from_unsigned, **narrow}
    return {NATURAL[kind][0]: None}


def _from_float32(column: Column, values: Values) -> Values:
    return _rounded(column, values, np.float32, "a number that a 32-bit float holds")


def _from_float16(column: Column, values: Values) -> Values:
    return _rounded(column, values, np.float16, "a number that a 16-bit float holds")


def _rounded(column: Column, values: Values, dtype: type[np.floating[Any]], expected: str) -> Values:
    """A client's narrow float was written as decimal text: the float nearest to it is what was meant."""
    most = float(np.finfo(dtype).max)
    for row, value in enumerate(values):
        if value is not None and abs(value) > most:
            raise BadInput.value(column.name, row, value, expected)
    return [None if value is None else float(dtype(value)) for value in values]


def _from_unsigned(column: Column, values: Values) -> Values:
    for row, value in enumerate(values):
        if value is not None and value < 0:
            raise BadInput.value(column.name, row, value, "an integer from 0")
    return values


def _from_narrow(column: Column, values: Values, *, datatype: str) -> Values:
    """Whole numbers within what the datatype holds; a column of numbers has them as doubles."""
    least, most = _NARROW[datatype]
    for row, value in enumerate(values):
        if value is not None and (not least <= value <= most or value % 1):
            raise BadInput.value(column.name, row, value, f"an integer from {least} to {most}")
    return values if column.kind is not Kind.NUMBER else [None if value is None else float(value) for value in values]


def _from_microseconds(column: Column, values: Values) -> Values:
    for row, value in enumerate(values):
        if isinstance(value, str):
            raise BadInput.value(column.name, row, value, "microseconds since 1970 UTC, an integer")
    return values


def _from_iso(column: Column, values: Values) -> Values:
    return [None if value is None else _microseconds(column, row, value) for row, value in enumerate(values)]


def _microseconds(column: Column, row: int, text: object) -> int:
    try:
        moment = dt.datetime.fromisoformat(text)  # type: ignore[arg-type]  # what is no text raises TypeError
    except (ValueError, TypeError):
        raise BadInput.value(column.name, row, text, column.expected) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
