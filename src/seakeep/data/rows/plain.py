"""A typed rule as plain Python functions of one row: what `lowering` says in Polars, for a server's worker, which lives without it.

Made once from the tree, called once a row: a rule of three comparisons takes about a microsecond. Nothing of a rule's text is run as
code: every node is one function that is written here. A row is a tuple of values under the null contract: None where missing,
timestamps in microseconds since 1970 UTC. What is hard is to mean the same to the bit: truth has three values, arithmetic is in
doubles where Polars' is, and what has no answer is missing; tests draw rules and rows at random and hold the two to each other.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Kind
from seakeep.data.rows.automaton import matcher
from seakeep.data.rows.expression import Expression
from seakeep.data.rows.tree import Call, Column, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.data.rows.kinds import Typed
    from seakeep.data.rows.tree import Node

Row = Sequence[Any]
Part = Callable[[Row], Any]
"""A part of a rule: its value in a row, None where it is missing."""
Judge = Callable[[Row], bool | None]
_LARGEST = 1 << 63
_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def judge_of(text: str, kinds: Mapping[str, Kind]) -> tuple[Judge, tuple[str, ...]]:
    """What judges a row by a rule, and the columns whose values it takes, in that order.

    Raises: BadRule, where the rule does not fit `kinds`; Unread, where it has a pattern that is not read without Polars.
    >>> judge, columns = judge_of("fare >= 0 and dropped_off > picked_up", {"fare": Kind.NUMBER, "dropped_off": Kind.TIMESTAMP,
    ...     "picked_up": Kind.TIMESTAMP})
    >>> columns, judge((1.0, 5, 3)), judge((-1.0, 5, None)), judge((1.0, 5, None))
    (('fare', 'dropped_off', 'picked_up'), True, False, None)
    """
    expression = Expression.of(text)
    _check_patterns(expression.tree)
    typed = expression.typed(kinds, pattern_fault=_none)
    places = {name: place for place, name in enumerate(expression.columns)}
    return _part(typed, places), expression.columns


def _check_patterns(node: Node) -> None:
    """Raise Unread for a pattern that cannot be matched here."""
    if not isinstance(node, Call):
        return
    for argument in node.arguments:
        _check_patterns(argument)
    if node.name == "matches" and len(node.arguments) == 2 and isinstance(node.arguments[1], Value):
        matcher(str(node.arguments[1].value))


def _none(pattern: str) -> str:
    """No fault: a pattern that `matcher` read is one."""
    del pattern
    return ""


def _part(typed: Typed, places: Mapping[str, int]) -> Part:
    node = typed.node
    if isinstance(node, Column):
        return _column(places[node.name], typed.kind)
    if isinstance(node, Value):
        value = float(node.value) if typed.kind is Kind.NUMBER else node.value
        return lambda _: value
    parts = tuple(_part(argument, places) for argument in typed.arguments)
    kinds = tuple(argument.kind for argument in typed.arguments)
    if node.name == "matches":
        return _present(matcher(str(_literal(typed.arguments[1]))), parts[:1])
    if node.name == "in":
        return _listed(parts[0], typed)
    return _CALLS[node.name](parts, kinds)


def _column(place: int, kind: Kind) -> Part:
    if kind is Kind.NUMBER:
        return lambda row: _number(row[place])
    return operator.itemgetter(place)


def _number(value: float | None) -> float | None:
    """A number as a double; NaN is missing."""
    return None if value is None or value != value else float(value)  # noqa: PLR0124  (NaN alone differs from itself)


def _literal(typed: Typed) -> Any:
    assert isinstance(typed.node, Value)
    return typed.node.value


def _listed(part: Part, typed: Typed) -> Part:
    """Whether a value is one of those listed; numbers as doubles where one of them is no whole number."""
    kinds = {argument.kind for argument in typed.arguments}
    values = [_literal(argument) for argument in typed.arguments[1:]]
    if Kind.NUMBER in kinds:
        doubles = frozenset(map(float, values))
        return _present(lambda value: float(value) in doubles, (part,))
    return _present(frozenset(values).__contains__, (part,))


def _present(compute: Callable[..., Any], parts: tuple[Part, ...]) -> Part:
    """`compute` of parts that are there; missing where one is not."""
    if len(parts) == 1:
        only = parts[0]
        return lambda row: None if (value := only(row)) is None else compute(value)
    if len(parts) == 2:
        first, second = parts
        return lambda row: (
            None if (one := first(row)) is None or (other := second(row)) is None else compute(one, other)
        )

    def several(row: Row) -> Any:
        values = [part(row) for part in parts]
        return None if None in values else compute(*values)

    return several


Parts = tuple[Part, ...]
Kinds = tuple[Kind, ...]
Making = Callable[[Parts, Kinds], Part]


def _and(parts: Parts, kinds: Kinds) -> Part:
    del kinds

    def joined(row: Row) -> bool | None:
        found: bool | None = True
        for part in parts:
            value = part(row)
            if value is False:
                return False
            if value is None:
                found = None
        return found

    return joined


def _or(parts: Parts, kinds: Kinds) -> Part:
    denied = _and(tuple(_not((part,), ()) for part in parts), kinds)
    return _not((denied,), ())


def _not(parts: Parts, kinds: Kinds) -> Part:
    del kinds
    return _present(operator.not_, parts)


def _if(parts: Parts, kinds: Kinds) -> Part:
    return _or((_not(parts[:1], ()), parts[1]), kinds)


def _compare(sign: Callable[[Any, Any], bool]) -> Making:
    return lambda parts, kinds: _present(sign, _alike(parts, kinds))


def _alike(parts: Parts, kinds: Kinds) -> Parts:
    """Numbers as doubles where one of them is, everything else as it is."""
    if Kind.NUMBER not in kinds:
        return parts
    return tuple(
        part if kind is Kind.NUMBER else _present(float, (part,)) for part, kind in zip(parts, kinds, strict=True)
    )


def _doubles(parts: Parts) -> Parts:
    return tuple(_present(float, (part,)) for part in parts)


def _between(parts: Parts, kinds: Kinds) -> Part:
    low = _present(operator.ge, _alike((parts[0], parts[1]), (kinds[0], kinds[1])))
    high = _present(operator.le, _alike((parts[0], parts[2]), (kinds[0], kinds[2])))
    return _and((low, high), ())


def _arithmetic(sign: Callable[[Any, Any], Any]) -> Making:
    """Numbers in doubles; times and durations in whole microseconds, where there is a result in 64 bits."""

    def make(parts: Parts, kinds: Kinds) -> Part:
        if Kind.TIMESTAMP in kinds or kinds == (Kind.DURATION, Kind.DURATION):
            return _present(lambda one, other: _whole(sign(one, other)), parts)
        return _present(_finished(sign, kinds), _doubles(parts))

    return make


def _finished(compute: Callable[..., float], kinds: Kinds) -> Callable[..., Any]:
    """The result of numbers, missing where it is none; or of a duration and a number, in whole microseconds."""
    last = _microseconds if Kind.DURATION in kinds else _number
    return lambda *values: last(compute(*values))


def _whole(value: int) -> int | None:
    return value if -_LARGEST <= value < _LARGEST else None


def _microseconds(value: float) -> int | None:
    return None if value != value or not -_LARGEST <= value < _LARGEST else round(value)  # noqa: PLR0124


def _divide(parts: Parts, kinds: Kinds) -> Part:
    last = _number if kinds[1] is Kind.DURATION else _finished(lambda value: value, kinds)
    return _present(lambda one, other: last(one / other) if other else None, _doubles(parts))


def _remainder(parts: Parts, kinds: Kinds) -> Part:
    del kinds
    return _present(_modulo, _doubles(parts))


def _modulo(value: float, by: float) -> float | None:
    """value - floor(value / by) * by, as Polars computes it."""
    if not by or math.isinf(value) or math.isinf(by):
        return None
    quotient = value / by
    return _number(value - (math.floor(quotient) if math.isfinite(quotient) else quotient) * by)


def _signed(turn: Callable[[Any], Any]) -> Making:
    """-x or abs(x): of a duration in whole microseconds, else in doubles."""
    return lambda parts, kinds: (
        _present(lambda value: _whole(turn(value)), parts)
        if kinds[0] is Kind.DURATION
        else _present(turn, _doubles(parts))
    )


def _rounded(turn: Callable[[float], float]) -> Making:
    return lambda parts, _: _present(
        lambda value: float(turn(value)) if math.isfinite(value) else value, _doubles(parts)
    )


def _is_missing(parts: Parts, kinds: Kinds) -> Part:
    del kinds
    (part,) = parts
    return lambda row: part(row) is None


def _coalesce(parts: Parts, kinds: Kinds) -> Part:
    alike = _alike(parts, kinds)
    return lambda row: next((value for part in alike if (value := part(row)) is not None), None)


def _several(compute: Callable[..., Any]) -> Making:
    return lambda parts, kinds: _present(compute, _alike(parts, kinds))


def _plain(compute: Callable[..., Any]) -> Making:
    return lambda parts, _: _present(compute, parts)


def _clock(read: Callable[[datetime], int]) -> Making:
    """A part of a time in UTC; missing outside of the years 1 to 9999."""
    return lambda parts, _: _present(lambda value: None if (at := _moment(value)) is None else read(at), parts)


@functools.lru_cache(1024)
def _moment(microseconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


_CALLS: dict[str, Making] = {
    "and": _and,
    "or": _or,
    "not": _not,
    "if": _if,
    "=": _compare(operator.eq),
    "!=": _compare(operator.ne),
    "<": _compare(operator.lt),
    "<=": _compare(operator.le),
    ">": _compare(operator.gt),
    ">=": _compare(operator.ge),
    "between": _between,
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _divide,
    "%": _remainder,
    "negative": _signed(operator.neg),
    "abs": _signed(abs),
    "round": _rounded(round),
    "floor": _rounded(math.floor),
    "ceil": _rounded(math.ceil),
    "is_missing": _is_missing,
    "length": _plain(len),
    "lower": _plain(str.lower),
    "upper": _plain(str.upper),
    "starts_with": _plain(str.startswith),
    "ends_with": _plain(str.endswith),
    "contains": _plain(operator.contains),
    "min": _several(min),
    "max": _several(max),
    "coalesce": _coalesce,
    "year": _clock(lambda at: at.year),
    "month": _clock(lambda at: at.month),
    "day": _clock(lambda at: at.day),
    "hour": _clock(lambda at: at.hour),
    "weekday": _clock(lambda at: at.isoweekday()),
    "days_between": _plain(lambda earlier, later: float(later - earlier) / _DAY),
}
