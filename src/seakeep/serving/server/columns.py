"""Columns: the contract of one input at the door, made once from the schema so that checking a value costs nanoseconds.

A column turns JSON values into the values of the null contract (features.nulls). Its check has two ways: a quick one, a few
calls into C that say only "all well", and a careful one that finds the value at fault, counts, and words the refusal. The
careful way is the meaning; the quick one may only pass what it would pass unchanged.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.features.nulls import MISSING_TEXT, MISSING_TIME
from seakeep.serving.server.refusals import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.model import Input
    from seakeep.core.schema import ColumnSchema
    from seakeep.serving.server.cells import Cell
    from seakeep.serving.server.settings import Settings

Values = Sequence[Any]
INT64_LEAST, INT64_MOST = -(2**63), 2**63 - 1
_WHOLE = (Kind.INTEGER, Kind.TIMESTAMP)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FLOAT32_MOST = float(np.finfo(np.float32).max)

NATURAL = {
    Kind.INTEGER: ("INT64", "an integer"),
    Kind.NUMBER: ("FP64", "a number"),
    Kind.BOOLEAN: ("BOOL", "true or false"),
    Kind.STRING: ("BYTES", "a text"),
    Kind.TIMESTAMP: ("BYTES", "an ISO 8601 text such as 2013-10-01T05:15:00Z"),
}
DATATYPES = {
    Kind.INTEGER: ("INT64",),
    Kind.NUMBER: ("FP64", "FP32"),
    Kind.BOOLEAN: ("BOOL",),
    Kind.STRING: ("BYTES",),
    Kind.TIMESTAMP: ("INT64", "BYTES"),
}


class Column:
    """One input: how its JSON values are read, checked, counted and made a tensor.

    Parameters: column: the input. schema: its contract, None where the schema does not know it (nothing is then missing or
        outside). settings: what the server lets in. missing, outside: counters.
    """

    def __init__(
        self, column: Input, schema: ColumnSchema | None, settings: Settings, *, missing: Cell, outside: Cell
    ) -> None:
        self.name, self.kind = column.name, column.kind
        self.natural, self.expected = NATURAL[column.kind]
        self.datatypes = DATATYPES[column.kind]
        self.required = schema is None or schema.required
        self._policy = settings.missing
        in_schema = schema is not None and (schema.missing_at_most > 0 or not schema.required)
        self.missing_allowed = settings.missing == "accept" or (settings.missing == "schema" and in_schema)
        self._outside_allowed = settings.domain == "accept"
        self._missing, self._outside = missing, outside
        self._allowed = frozenset(schema.values) if schema and schema.values is not None else None
        self._least, self._most = _bounds(column.kind, schema)
        self._shortest, self._longest = _lengths(column.kind, schema)
        self.converters = _converters(column.kind)
        self.check = _QUICK[column.kind](self)
        self.admit_natural = self.check if self.converters[self.natural] is None else self._admit_converted
        self.array = _ARRAYS[column.kind]

    def admit(self, values: Values, datatype: str) -> Values:
        """`values` under the null contract, None where missing. Raises Refusal for the first that may not come in.

        Parameters: values: decoded JSON values, not empty. datatype: one of `datatypes`, or `natural` for rows.
        """
        convert = self.converters[datatype]
        return self.check(values if convert is None else convert(self, values))

    def _admit_converted(self, values: Values) -> Values:
        return self.admit(values, self.natural)

    def examine(self, values: Values) -> Values:
        """The careful check: finds the value at fault, and counts what is missing or outside of the schema's domain."""
        missing = outside = 0
        for row, value in enumerate(values):
            if value is None:
                missing += 1
                if not self.missing_allowed:
                    self._missing.add(missing)
                    raise BadInput.missing_value(self.name, row, self.expected, self._policy)
            elif self._is_reserved(value):
                raise BadInput.reserved(self.name, row, value)
            elif self._is_too_long(value):
                raise BadInput.value(self.name, row, value, "an integer from -2^63 to 2^63-1")
            elif self._is_outside(value):
                outside += 1
                if not self._outside_allowed:
                    self._outside.add(outside)
                    raise BadInput.outside(self.name, row, value, self._domain())
        self._missing.add(missing)
        self._outside.add(outside)
        return values

    def _is_reserved(self, value: object) -> bool:
        return (self.kind is Kind.STRING and value == MISSING_TEXT) or (
            self.kind is Kind.TIMESTAMP and value == MISSING_TIME
        )

    def _is_too_long(self, value: Any) -> bool:
        return self.kind in _WHOLE and not INT64_LEAST <= value <= INT64_MOST

    def _is_outside(self, value: Any) -> bool:
        if self._allowed is not None and value not in self._allowed:
            return True
        if self._longest is not None and not self._shortest <= len(value) <= self._longest:
            return True
        return self._least is not None and not self._least <= value <= self._most

    def _domain(self) -> str:
        if self._allowed is not None:
            listed = sorted(map(str, self._allowed))
            return "one of " + ", ".join(listed[:20]) + (f", … ({len(listed)})" if len(listed) > 20 else "")
        if self._longest is not None:
            most = "more" if self._longest == math.inf else self._longest
            return f"a text of {self._shortest} to {most} characters"
        unit = " microseconds since 1970 UTC" if self.kind is Kind.TIMESTAMP else ""
        return f"from {self._least} to {self._most}{unit}"

    def _quick_ordered(self) -> Callable[[Values], Values]:
        """Numbers and timestamps: extremes within bounds and no None, which would not compare."""
        if self._allowed is not None:
            return self._quick_listed()
        least = -math.inf if self._least is None else self._least
        most = math.inf if self._most is None else self._most
        if self.kind in _WHOLE:  # the least of all stands for a missing time
            least, most = max(least, INT64_LEAST + 1), min(most, INT64_MOST)
        examine = self.examine

        def check(values: Values) -> Values:
            try:
                if min(values) >= least and max(values) <= most:
                    return values
            except TypeError:
                pass
            return examine(values)

        return check

    def _quick_listed(self) -> Callable[[Values], Values]:
        """Texts and booleans: members of the allowed values, or none of the forbidden."""
        examine, forbidden = self.examine, frozenset((None, MISSING_TEXT))
        passes = forbidden.isdisjoint if self._allowed is None else (self._allowed - forbidden).issuperset
        if self._longest is not None:
            return self._quick_measured(passes)

        def check(values: Values) -> Values:
            return values if passes(values) else examine(values)

        return check

    def _quick_measured(self, passes: Callable[[Values], bool]) -> Callable[[Values], Values]:
        """Texts whose lengths have limits too."""
        examine, shortest, longest = self.examine, self._shortest, self._longest

        def check(values: Values) -> Values:
            if passes(values):
                lengths = tuple(map(len, values))
                if min(lengths) >= shortest and max(lengths) <= longest:
                    return values
            return examine(values)

        return check


def _lengths(kind: Kind, schema: ColumnSchema | None) -> tuple[Any, Any]:
    """The shortest and longest text that the contract allows; None where it sets no limit."""
    if schema is None or kind is not Kind.STRING or (schema.length_at_least is None and schema.length_at_most is None):
        return None, None
    return schema.length_at_least or 0, math.inf if schema.length_at_most is None else schema.length_at_most


def _bounds(kind: Kind, schema: ColumnSchema | None) -> tuple[Any, Any]:
    if schema is None or (schema.minimum is None and schema.maximum is None) or not kind.is_numeric:
        return None, None
    least = -math.inf if schema.minimum is None else schema.minimum
    return least, math.inf if schema.maximum is None else schema.maximum


Convert = Callable[[Column, Values], Values]


def _converters(kind: Kind) -> dict[str, Convert | None]:
    """By datatype: what turns decoded JSON values into those of the null contract; None where they are already."""
    if kind is Kind.TIMESTAMP:
        return {"INT64": _from_microseconds, "BYTES": _from_iso}
    if kind is Kind.NUMBER:
        return {"FP64": None, "FP32": _from_float32}
    return {NATURAL[kind][0]: None}


def _from_float32(column: Column, values: Values) -> Values:
    """A client's float32 was written as decimal text: the float32 nearest to it is what was meant."""
    for row, value in enumerate(values):
        if value is not None and abs(value) > _FLOAT32_MOST:
            raise BadInput.value(column.name, row, value, "a number that a 32-bit float holds")
    return [None if value is None else float(np.float32(value)) for value in values]


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


def _doubles(values: Values) -> NDArray[np.float64]:
    return np.array(values, np.float64)  # None becomes NaN


def _texts(values: Values) -> NDArray[np.object_]:
    return np.array([MISSING_TEXT if value is None else value for value in values], np.object_)


def _times(values: Values) -> NDArray[np.int64]:
    return np.array([MISSING_TIME if value is None else value for value in values], np.int64)


_ARRAYS: dict[Kind, Callable[[Values], NDArray[Any]]] = {
    Kind.INTEGER: _doubles,
    Kind.NUMBER: _doubles,
    Kind.BOOLEAN: _doubles,
    Kind.STRING: _texts,
    Kind.TIMESTAMP: _times,
}
_QUICK: dict[Kind, Callable[[Column], Callable[[Values], Values]]] = {
    Kind.INTEGER: Column._quick_ordered,
    Kind.NUMBER: Column._quick_ordered,
    Kind.BOOLEAN: Column._quick_listed,
    Kind.STRING: Column._quick_listed,
    Kind.TIMESTAMP: Column._quick_ordered,
}
