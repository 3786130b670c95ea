"""Columns: the contract of one input at the door, made once from the schema so that checking a value costs nanoseconds.

A column turns JSON values into the values of the null contract (features.nulls). Its check has two ways: a quick one, a few
calls into C that say only "all well", and a careful one that finds the value at fault, counts, and words the refusal. The
careful way is the meaning; the quick one may only pass what it would pass unchanged.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.features.nulls import MISSING_TEXT, MISSING_TIME
from seakeep.serving.server.converting import DATATYPES, NATURAL, Values, converters
from seakeep.serving.server.limits import bounds, distinct_limit, limits_of
from seakeep.serving.server.marks import Mark, Marked
from seakeep.serving.server.refusals import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from seakeep.core.model import Input
    from seakeep.core.schema import ColumnSchema
    from seakeep.serving.server.cells import Cell
    from seakeep.serving.server.filling import Fill
    from seakeep.serving.server.limits import Limit
    from seakeep.serving.server.settings import Settings

INT64_LEAST, INT64_MOST = -(2**63), 2**63 - 1
_WHOLE = (Kind.INTEGER, Kind.TIMESTAMP)
_FLOAT64_MOST = float(np.finfo(np.float64).max)


class Column:
    """One input: how its JSON values are read, checked, counted and made a tensor.

    Parameters: column: the input. schema: its contract, None where the schema does not know it (nothing is then missing or
        outside). settings: what the server lets in. missing, outside, imputed: counters. fill: what an imputed value becomes.
    """

    def __init__(
        self,
        column: Input,
        schema: ColumnSchema | None,
        settings: Settings,
        *,
        missing: Cell,
        outside: Cell,
        imputed: Cell,
        fill: Fill | None = None,
    ) -> None:
        self.name, self.kind = column.name, column.kind
        self.natural, self.expected = NATURAL[column.kind]
        self.datatypes = DATATYPES[column.kind]
        self.required = schema is None or schema.required
        self._policy = settings.missing
        in_schema = schema is not None and (schema.missing_at_most > 0 or not schema.required)
        accepts = settings.missing == "accept" or (settings.missing != "reject" and in_schema)
        self._when_missing = "accept" if accepts else "reject" if settings.missing == "schema" else settings.missing
        self._when_outside = settings.domain
        self._missing, self._outside, self._imputed = missing, outside, imputed
        self._limits = limits_of(column.name, column.kind, schema)
        self._distinct = schema.distinct_at_most if schema else None
        self._allowed = self._listed(schema)
        self._least, self._most = bounds(schema) if schema and column.kind.is_numeric else (-math.inf, math.inf)
        self._fill = fill(self.keeps) if fill else None
        self.converters = converters(column.kind)
        self.check = self._quick()
        self.admit_natural = self.check if self.converters[self.natural] is None else self._admit_converted
        self.array = _ARRAYS[column.kind]

    def admit(self, values: Values, datatype: str) -> Values:
        """`values` under the null contract, None where missing. Raises Refusal for the first that may not come in.

        Parameters: values: decoded JSON values, not empty. datatype: one of `datatypes`, or `natural` for rows.
        Returns: Marked, where values came in that break the contract.
        """
        convert = self.converters[datatype]
        return self.check(values if convert is None else convert(self, values))

    def _admit_converted(self, values: Values) -> Values:
        return self.admit(values, self.natural)

    def examine(self, values: Values) -> Values:
        """The careful check: finds the values at fault, and counts what is missing or outside of the schema's domain."""
        found = _Found(self._missing, self._outside)
        limits = self._limits if self._distinct is None else (*self._limits, distinct_limit(self._distinct))
        try:
            for row, value in enumerate(values):
                if value is None:
                    self._note_missing(found, row)
                else:
                    self._note_outside(found, row, value, limits)
        finally:
            found.count()
        return self._marked(values, found.broken) if found.broken else values

    def keeps(self, value: Any) -> bool:
        """Whether a value that is there keeps the contract."""
        return not any(limit.breaks(value) for limit in self._limits)

    def extremes(self) -> tuple[Any, Any] | None:
        """The least and greatest value between which all are well, so that two comparisons pass an array; None where it takes more."""
        if self._distinct is not None or self._allowed is not None or self.kind is Kind.STRING:
            return None
        if self.kind is Kind.BOOLEAN:
            return False, True
        lowest, highest = (INT64_LEAST + 1, INT64_MOST) if self.kind in _WHOLE else (-_FLOAT64_MOST, _FLOAT64_MOST)
        return max(self._least, lowest), min(self._most, highest)

    def _note_missing(self, found: _Found, row: int) -> None:
        found.missing += 1
        if self._when_missing == "reject":
            raise BadInput.missing_value(self.name, row, self.expected, self._policy)
        if self._when_missing != "accept":
            found.note("missing", row)

    def _note_outside(self, found: _Found, row: int, value: Any, limits: Sequence[Limit]) -> None:
        if self._is_reserved(value):
            raise BadInput.reserved(self.name, row, value)
        if self.kind in _WHOLE and not INT64_LEAST <= value <= INT64_MOST:
            raise BadInput.value(self.name, row, value, "an integer from -2^63 to 2^63-1")
        limit = next((limit for limit in limits if limit.breaks(value)), None)
        if limit is None:
            return
        found.outside += 1
        if self._when_outside == "reject":
            raise BadInput.outside(self.name, row, value, limit.expected)
        if self._when_outside != "accept":
            found.note(limit.name, row)

    def _marked(self, values: Values, broken: dict[str, list[int]]) -> Marked:
        """The values, with what the training data has most of in the place of those that are imputed."""
        made, marks, count = list(values), [], 0
        for name, rows in broken.items():
            mode = self._when_missing if name == "missing" else self._when_outside
            imputes = mode == "impute" and self._fill is not None
            for row in rows if imputes else ():
                made[row] = self._fill
                count += 1
            marks.append(Mark(f"{self.name}.{name}", tuple(rows), imputes))
        self._imputed.add(count)
        return Marked(made, tuple(marks))

    def _is_reserved(self, value: object) -> bool:
        return (self.kind is Kind.STRING and value == MISSING_TEXT) or (
            self.kind is Kind.TIMESTAMP and value == MISSING_TIME
        )

    def _listed(self, schema: ColumnSchema | None) -> frozenset[Any] | None:
        """The contract's values that keep the rest of it too, None where it lists none."""
        if schema is None or schema.values is None:
            return None
        return frozenset(value for value in schema.values if self._fits(value) and self.keeps(value))

    def _fits(self, value: object) -> bool:
        """Whether a value that the contract lists can come in as this kind at all."""
        if self.kind in _WHOLE:
            return isinstance(value, int) and INT64_LEAST < value <= INT64_MOST
        return isinstance(value, str) or self.kind is not Kind.STRING

    def _quick(self) -> Callable[[Values], Values]:
        """What passes values that are all well in a few calls into C, and has the others examined."""
        check = _QUICK[self.kind](self)
        return check if self._distinct is None else self._quick_distinct(check, self._distinct)

    def _quick_distinct(self, check: Callable[[Values], Values], most: int) -> Callable[[Values], Values]:
        examine = self.examine
        return lambda values: check(values) if len(values) <= most or len(set(values)) <= most else examine(values)

    def _quick_ordered(self) -> Callable[[Values], Values]:
        """Numbers and timestamps: extremes within bounds and no None, which would not compare."""
        if self._allowed is not None:
            return self._quick_listed()
        least, most = self._least, self._most
        if self.kind in _WHOLE:  # the least of all stands for a missing time
            least, most = max(least, INT64_LEAST + 1), min(most, INT64_MOST)
        examine = self.examine

        def check(values: Values) -> Values:
            try:
                if len(values) == 1:  # what is asked most: a third of the time
                    if least <= values[0] <= most:
                        return values
                elif min(values) >= least and max(values) <= most:
                    return values
            except TypeError:
                pass
            return examine(values)

        return check

    def _quick_listed(self) -> Callable[[Values], Values]:
        """Texts and booleans: members of the allowed values, or none of the forbidden."""
        examine, forbidden = self.examine, frozenset((None, MISSING_TEXT))
        passes = forbidden.isdisjoint if self._allowed is None else (self._allowed - forbidden).issuperset
        if self._allowed is None and self._limits:
            return self._quick_tested(passes)

        def check(values: Values) -> Values:
            return values if passes(values) else examine(values)

        return check

    def _quick_tested(self, passes: Callable[[Values], bool]) -> Callable[[Values], Values]:
        """Texts that are tested one by one: by length, pattern or what they stand for."""
        examine, tests = self.examine, tuple(limit.breaks for limit in self._limits)

        def check(values: Values) -> Values:
            if passes(values):
                for breaks in tests:
                    if any(map(breaks, values)):
                        break
                else:
                    return values
            return examine(values)

        return check


class _Found:
    """What a careful check has found so far. missing, outside: counters, which get the counts whatever the end."""

    __slots__ = ("_cells", "broken", "missing", "outside")

    def __init__(self, missing: Cell, outside: Cell) -> None:
        self._cells = missing, outside
        self.missing = self.outside = 0
        self.broken: dict[str, list[int]] = {}

    def note(self, name: str, row: int) -> None:
        self.broken.setdefault(name, []).append(row)

    def count(self) -> None:
        for cell, count in zip(self._cells, (self.missing, self.outside), strict=True):
            if count:
                cell.add(count)


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
