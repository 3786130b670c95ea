"""What a model's contract says of rows of a table: the same of each row as a server says of a request with that row.

Columns are first brought to the form in which a server has them (see views). Then each is asked as the server asks: whether all is
well, at the cost of two comparisons; only values for which that cannot be said are held to the server's own limits, each
different one once. Rules between columns are judged in Polars, which tests hold to the server's way.

What many rows can break only together (a share that may be missing, how many different values there may be, a reference to another
table) is a matter of `seakeep validate`.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.rows.expression import Expression
from seakeep.data.rows.patterns import whole
from seakeep.data.rows.plain import judge_of
from seakeep.data.rows.regular import Unread
from seakeep.features.nulls import MISSING_TEXT
from seakeep.serving.scoring.views import TYPES
from seakeep.serving.server.limits import bounds, limits_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from seakeep.core.model import Input, Model
    from seakeep.core.schema import ColumnSchema
    from seakeep.serving.server.limits import Limit

_log = logging.getLogger("seakeep.serving")
_FLOAT_MOST = float(np.finfo(np.float64).max)
_INTEGER_LEAST, _INTEGER_MOST = -(2**63), 2**63 - 1
_INFINITE = ("infinite", "a finite number")
_RESERVED = ("reserved", "a value that does not stand for a missing one")
_EXACT = ("domain", "bounds")
"""Limits of which the look for suspects tells exactly who breaks them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Rows that break one rule. name: as in a server's answers and the quarantine: "fare.bounds", or a row rule's own. rows: ascending.

    column: whose value is at fault; "" for a row rule. expected: what the contract says, in words.
    """

    name: str
    rows: NDArray[np.int64]
    column: str
    expected: str


class Contract:
    """What one model's contract says of rows. Parameters: model: with its schema."""

    def __init__(self, model: Model) -> None:
        schema = model.schema
        self.columns = tuple(_Column(column, schema.columns.get(column.name)) for column in model.inputs)
        self._rules = tuple(_rules(model))

    def faults(self, frame: pl.DataFrame, views: Mapping[str, pl.Series]) -> list[Fault]:
        """What columns hold that they may not, in the model's order."""
        return [fault for column in self.columns for fault in column.faults(frame[column.name], views[column.name])]

    def broken_rules(self, views: Mapping[str, pl.Series]) -> list[Fault]:
        """Which rows break a rule between columns. Parameters: views: as answered, with what was imputed."""
        if not self._rules:
            return []
        table = pl.DataFrame(
            [views[name] for name in dict.fromkeys(name for rule in self._rules for name in rule.reads)]
        )
        masks = table.select(rule.broken.alias(str(at)) for at, rule in enumerate(self._rules))
        found = zip(self._rules, masks, strict=True)
        return [
            Fault(rule.name, mask.arg_true().to_numpy().astype(np.int64), "", rule.holds)
            for rule, mask in found
            if mask.any()
        ]


class _Column:
    """One input's contract. Parameters: column: the input. schema: what the contract says of it, or None."""

    def __init__(self, column: Input, schema: ColumnSchema | None) -> None:
        self.name, self.kind = column.name, column.kind
        self.limits = limits_of(column.name, column.kind, schema)
        may_be_missing = schema is not None and (schema.missing_at_most > 0 or not schema.required)
        self._missing_breaks = not may_be_missing
        self._suspects = _suspects(column.kind, schema, self.limits)

    def keeps(self, value: Any) -> bool:
        """Whether a value that is there keeps the contract."""
        return not any(limit.breaks(value) for limit in self.limits)

    def faults(self, values: pl.Series, view: pl.Series) -> Iterator[Fault]:
        """What is wrong with a column's values. Parameters: values: as the table has them. view: as a server has them."""
        lost = _lost(values, view, self.kind)
        if self._missing_breaks and view.null_count():
            missing = view.is_null() if lost is None else view.is_null() & ~lost
            if missing.any():
                yield self._fault("missing", _rows(missing), "a value")
        if lost is not None:
            yield self._fault("kind", _rows(lost), f"a {self.kind.value} of 64 bits")
        suspects = self._suspects(view)
        if suspects is not None and suspects.any():
            yield from self._examined(view, _rows(suspects))

    def _examined(self, view: pl.Series, rows: NDArray[np.int64]) -> Iterator[Fault]:
        """The first limit that each suspect value breaks, told once for all rows that hold it."""
        suspects = view.gather(rows).to_physical()
        if len(self.limits) == 1 and self.limits[0].name in _EXACT:
            yield from self._told_apart(suspects, rows)
            return
        different = suspects.unique()
        wrong = [self._wrong(value) for value in different.to_list()]
        known = {each: code for code, each in enumerate(dict.fromkeys(each for each in wrong if each is not None))}
        codes = pl.Series([-1 if each is None else known[each] for each in wrong], dtype=pl.Int32)
        found = suspects.replace_strict(different, codes, return_dtype=pl.Int32).to_numpy()
        for (name, expected), code in known.items():
            yield self._fault(name, rows[found == code], expected)

    def _told_apart(self, suspects: pl.Series, rows: NDArray[np.int64]) -> Iterator[Fault]:
        """Where every suspect is at fault: what no server lets in, and what breaks the only limit."""
        if self.kind is Kind.NUMBER:
            special = suspects.is_infinite()
        else:
            mark = {Kind.STRING: MISSING_TEXT, Kind.TIMESTAMP: _INTEGER_LEAST}.get(self.kind)
            special = pl.Series([False]).new_from_index(0, len(suspects)) if mark is None else suspects == mark
        found = special.to_numpy()
        if found.any():
            name, expected = _INFINITE if self.kind is Kind.NUMBER else _RESERVED
            yield self._fault(name, rows[found], expected)
        if not found.all():
            yield self._fault(self.limits[0].name, rows[~found], self.limits[0].expected)

    def _wrong(self, value: Any) -> tuple[str, str] | None:
        """What is wrong with a value, and what the contract says; None where nothing is."""
        if self.kind is Kind.NUMBER and math.isinf(value):
            return _INFINITE
        if value == MISSING_TEXT or (self.kind is Kind.TIMESTAMP and value == _INTEGER_LEAST):
            return _RESERVED
        limit = next((limit for limit in self.limits if limit.breaks(value)), None)
        return None if limit is None else (limit.name, limit.expected)

    def _fault(self, what: str, rows: NDArray[np.int64], expected: str) -> Fault:
        return Fault(f"{self.name}.{what}", rows, self.name, expected)


def _rows(mask: pl.Series) -> NDArray[np.int64]:
    return mask.arg_true().to_numpy().astype(np.int64)


def _lost(values: pl.Series, view: pl.Series, kind: Kind) -> pl.Series | None:
    """Where a table has a value that cannot be one of the input's kind; None for nowhere."""
    if kind not in (Kind.INTEGER, Kind.TIMESTAMP) or not view.null_count():
        return None
    there = values.is_not_null()
    if values.dtype.is_float():
        there &= values.is_not_nan()
    lost = there & view.is_null()
    return lost if lost.any() else None


Suspects = Callable[[pl.Series], pl.Series | None]
"""Which rows of a view must be looked at: all that break the contract, and perhaps some more. None for none of them."""


def _suspects(kind: Kind, schema: ColumnSchema | None, limits: Sequence[Limit]) -> Suspects:
    listed = schema.values if schema is not None else None
    if listed is not None:
        allowed = pl.Series([value for value in listed if _may_pass(value, kind, limits)], dtype=_LISTED[kind])
        return lambda view: ~view.to_physical().is_in(allowed.implode())
    if kind is Kind.BOOLEAN:
        return lambda _: None
    return (
        _suspect_texts(schema, {limit.name for limit in limits})
        if kind is Kind.STRING
        else _suspect_numbers(kind, schema)
    )


def _may_pass(value: Any, kind: Kind, limits: Sequence[Limit]) -> bool:
    """Whether a listed value is one of the column's kind and keeps the rest of the contract."""
    fits = isinstance(value, str) == (kind is Kind.STRING) and isinstance(value, bool) == (kind is Kind.BOOLEAN)
    return fits and value != MISSING_TEXT and not any(limit.breaks(value) for limit in limits)


def _suspect_numbers(kind: Kind, schema: ColumnSchema | None) -> Suspects:
    least, most = bounds(schema) if schema is not None else (-math.inf, math.inf)
    lowest, highest = (-_FLOAT_MOST, _FLOAT_MOST) if kind is Kind.NUMBER else (_INTEGER_LEAST + 1, _INTEGER_MOST)
    least, most = max(least, lowest), min(most, highest)
    if kind is not Kind.NUMBER:  # exact also beyond 2^53, where Polars would compare doubles
        least, most = math.ceil(least), math.floor(most)

    def suspect(view: pl.Series) -> pl.Series | None:
        numbers = view.to_physical()
        low: Any = numbers.min()
        high: Any = numbers.max()
        return None if low is None or (low >= least and high <= most) else (numbers < least) | (numbers > most)

    return suspect


def _suspect_texts(schema: ColumnSchema | None, limits: set[str]) -> Suspects:
    if schema is None or not limits:
        return lambda view: view == MISSING_TEXT
    if "semantics" in limits:
        return lambda view: view.is_not_null()
    shortest, longest = schema.length_at_least or 0, schema.length_at_most
    pattern = whole(schema.pattern) if "pattern" in limits else ""

    def suspect(view: pl.Series) -> pl.Series:
        found = view == MISSING_TEXT
        if "length" in limits:
            lengths = view.str.len_chars()
            found |= (lengths < shortest) if longest is None else (lengths < shortest) | (lengths > longest)
        return found | ~view.str.contains(pattern) if pattern else found

    return suspect


_LISTED: Mapping[Kind, pl.DataType] = {**TYPES, Kind.TIMESTAMP: pl.Int64()}


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule between columns. reads: of which. broken: true where a row of views breaks it; null where that cannot be told."""

    name: str
    holds: str
    reads: tuple[str, ...]
    broken: pl.Expr


def _rules(model: Model) -> Iterator[_Rule]:
    """The rules that a server holds requests to."""
    inputs = {column.name: column.kind for column in model.inputs}
    kinds = {name: column.kind for name, column in model.schema.columns.items()} | inputs
    dtypes = pl.Schema({name: TYPES[kind] for name, kind in inputs.items()})
    for rule in model.schema.rules:
        if not rule.holds or "serving" in rule.not_in:
            continue
        try:
            _, reads = judge_of(rule.holds, kinds)
        except Unread as error:
            _log.warning("rows are not held to the rule %r: %s is not read at the door", rule.name, error)
            continue
        if set(reads) <= set(inputs):
            yield _Rule(rule.name, rule.holds, reads, ~Expression.of(rule.holds).polars(dtypes, kinds))
