"""The calls of a rule as plain Python functions: comparisons, arithmetic, texts and times, by the names that rules have for them.

Each takes the parts that are its arguments, with their kinds, and makes the part that is its value. See `plain`, which puts them together.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from seakeep.core.kinds import Kind

Row = Sequence[Any]
Part = Callable[[Row], Any]
"""A part of a rule: its value in a row, None where it is missing."""
_LARGEST = 1 << 63
_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def number(value: float | None) -> float | None:
    """A number as a double; NaN is missing."""
    return None if value is None or value != value else float(value)  # noqa: PLR0124  (NaN alone differs from itself)


def present(compute: Callable[..., Any], parts: tuple[Part, ...]) -> Part:
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
    return present(operator.not_, parts)


def _if(parts: Parts, kinds: Kinds) -> Part:
    return _or((_not(parts[:1], ()), parts[1]), kinds)


def _compare(sign: Callable[[Any, Any], bool]) -> Making:
    return lambda parts, kinds: present(sign, _alike(parts, kinds))


def _alike(parts: Parts, kinds: Kinds) -> Parts:
    """Numbers as doubles where one of them is, everything else as it is."""
    if Kind.NUMBER not in kinds:
        return parts
    return tuple(
        part if kind is Kind.NUMBER else present(float, (part,)) for part, kind in zip(parts, kinds, strict=True)
    )


def _doubles(parts: Parts) -> Parts:
    return tuple(present(float, (part,)) for part in parts)


def _between(parts: Parts, kinds: Kinds) -> Part:
    low = present(operator.ge, _alike((parts[0], parts[1]), (kinds[0], kinds[1])))
    high = present(operator.le, _alike((parts[0], parts[2]), (kinds[0], kinds[2])))
    return _and((low, high), ())


def _arithmetic(sign: Callable[[Any, Any], Any]) -> Making:
    """Numbers in doubles; times and durations in whole microseconds, where there is a result in 64 bits."""

    def make(parts: Parts, kinds: Kinds) -> Part:
        if Kind.TIMESTAMP in kinds or kinds == (Kind.DURATION, Kind.DURATION):
            return present(lambda one, other: _whole(sign(one, other)), parts)
        return present(_finished(sign, kinds), _doubles(parts))

    return make


def _finished(compute: Callable[..., float], kinds: Kinds) -> Callable[..., Any]:
    """The result of numbers, missing where it is none; or of a duration and a number, in whole microseconds."""
    last = _microseconds if Kind.DURATION in kinds else number
    return lambda *values: last(compute(*values))


def _whole(value: int) -> int | None:
    return value if -_LARGEST <= value < _LARGEST else None


def _microseconds(value: float) -> int | None:
    return None if value != value or not -_LARGEST <= value < _LARGEST else round(value)  # noqa: PLR0124


def _divide(parts: Parts, kinds: Kinds) -> Part:
    last = number if kinds[1] is Kind.DURATION else _finished(lambda value: value, kinds)
    return present(lambda one, other: last(one / other) if other else None, _doubles(parts))


def _remainder(parts: Parts, kinds: Kinds) -> Part:
    del kinds
    return present(_modulo, _doubles(parts))


def _modulo(value: float, by: float) -> float | None:
    """value - floor(value / by) * by, as Polars computes it."""
    if not by or math.isinf(value) or math.isinf(by):
        return None
    quotient = value / by
    return number(value - (math.floor(quotient) if math.isfinite(quotient) else quotient) * by)


def _signed(turn: Callable[[Any], Any]) -> Making:
    """-x or abs(x): of a duration in whole microseconds, else in doubles."""
    return lambda parts, kinds: (
        present(lambda value: _whole(turn(value)), parts)
        if kinds[0] is Kind.DURATION
        else present(turn, _doubles(parts))
    )


def _rounded(turn: Callable[[float], float]) -> Making:
    return lambda parts, _: present(
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
    return lambda parts, kinds: present(compute, _alike(parts, kinds))


def _plain(compute: Callable[..., Any]) -> Making:
    return lambda parts, _: present(compute, parts)


def _clock(read: Callable[[datetime], int]) -> Making:
    """A part of a time in UTC; missing outside of the years 1 to 9999."""
    return lambda parts, _: present(lambda value: None if (at := _moment(value)) is None else read(at), parts)


@functools.lru_cache(1024)
def _moment(microseconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


CALLS: dict[str, Making] = {
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
