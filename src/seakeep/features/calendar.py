"""Parts of a time, from int64 microseconds since 1970 UTC: in NumPy and as ONNX nodes, by the same integer arithmetic.

Times are counted from the first microsecond of the year 1, so that no operand is negative: ONNX divides towards zero, NumPy
downwards. What lies outside of the years 1 to 9999 counts as missing: so does the smallest int64, which would otherwise
become the year 294247. The Gregorian calendar repeats every 400 years = 146,097 days, and so month, day of the year and
year of the cycle are looked up in tables of that length (two nodes, against some fifteen for the arithmetic).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder

FIRST = -62_135_596_800_000_000
LAST = 253_402_300_799_999_999
DAY = 86_400_000_000
HOUR = 3_600_000_000
MINUTE = 60_000_000
CYCLE_DAYS = 146_097
CYCLE_YEARS = 400


def valid(times: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which times lie in the years 1 to 9999; the others, the null contract's mark among them, are missing."""
    return (times >= FIRST) & (times <= LAST)


def since_first(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Microseconds since the first of January of the year 1, of times bounded to the years 1 to 9999."""
    return np.clip(times, FIRST, LAST) - FIRST


def or_missing(part: NDArray[Any], times: NDArray[np.int64]) -> NDArray[np.float64]:
    """`part` as float64, NaN where the time is missing."""
    return np.where(valid(times), part.astype(np.float64), np.nan)


def lower_valid(builder: GraphBuilder, times: str) -> str:
    """The tensor of `valid`."""
    return builder.node("Equal", [_bounded(builder, times), times])


def lower_since_first(builder: GraphBuilder, times: str) -> str:
    """The tensor of `since_first`."""
    return builder.node("Sub", [_bounded(builder, times), builder.constant(np.array(FIRST))])


def lower_or_missing(builder: GraphBuilder, part: str, times: str) -> str:
    """The tensor of `or_missing`, of two dimensions at least."""
    missing = builder.constant(np.array([[np.nan]]))
    return builder.node("Where", [lower_valid(builder, times), builder.cast(part, np.float64), missing])


def lower_cycle_day(builder: GraphBuilder, times: str) -> str:
    """The day of the 400-year cycle, 0 to 146,096."""
    days = builder.node("Div", [lower_since_first(builder, times), builder.constant(np.array(DAY))])
    return builder.node("Mod", [days, builder.constant(np.array(CYCLE_DAYS))])


@functools.cache
def months() -> NDArray[np.int8]:
    """The month, 1 to 12, of each day of the cycle."""
    return (_days().astype("datetime64[M]").astype(np.int64) % 12 + 1).astype(np.int8)


@functools.cache
def days_of_year() -> NDArray[np.int16]:
    """The day of the year, 1 to 366, of each day of the cycle."""
    days = _days()
    first = days.astype("datetime64[Y]").astype("datetime64[D]")
    number: NDArray[np.int64] = (days - first).astype(np.int64)
    return (number + 1).astype(np.int16)


@functools.cache
def years() -> NDArray[np.int16]:
    """The year of the cycle, 1 to 400, of each day of the cycle."""
    return (_days().astype("datetime64[Y]").astype(np.int64) - 30).astype(np.int16)


def _days() -> NDArray[np.datetime64]:
    """The days of the years 2001 to 2400: the year 2001 begins a cycle, as the year 1 does."""
    return np.datetime64("2001-01-01") + np.arange(CYCLE_DAYS)


def _bounded(builder: GraphBuilder, times: str) -> str:
    return builder.node("Clip", [times, builder.constant(np.array(FIRST)), builder.constant(np.array(LAST))])
