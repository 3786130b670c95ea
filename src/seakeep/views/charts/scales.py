"""Axes: which ticks a range gets, and where a value falls on the canvas."""

from __future__ import annotations

import math
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

from seakeep.views import figures

Format = Callable[[float], str]
Unit = Literal["", "share", "timestamp", "seconds", "bytes"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_TIME_STEPS = (
    *(_SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(60 * _SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(3600 * _SECOND * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 7, 14)),
)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12000)
_MONTH = 30.44 * _DAY
_CALENDAR = 3e17
_HALF_HOUR = 1800.0 * _SECOND
_LARGEST_STEP = 1e300


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from low to high laid on canvas units from `start` to `end` (start > end for an axis that grows upwards)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The canvas position of `value`; values beyond the range stay at its ends."""
        within = min(max(value, self.low), self.high)
        # Halves, since high - low of two large doubles can overflow.
        span = self.high / 2 - self.low / 2
        part = (within / 2 - self.low / 2) / span if span else 0.0
        return self.start + part * (self.end - self.start)


def padded(low: float, high: float) -> tuple[float, float]:
    """A range that is never empty: a single value gets room on both sides.

    >>> padded(3.0, 3.0), padded(0.0, 0.0), padded(0.0, 1.0)
    ((1.5, 4.5), (-0.5, 0.5), (0.0, 1.0))
    """
    if high / 2 - low / 2 > abs(high) * 1e-12:
        return low, high
    return widened(low, high, abs(high) / 2 or 0.5)


def spanned(values: Sequence[float], unit: Unit) -> tuple[float, float]:
    """The range of an axis for these values; one moment alone gets half an hour on both sides.

    >>> spanned([0.0], "timestamp"), spanned([1.0, 3.0], "")
    ((-1800000000.0, 1800000000.0), (1.0, 3.0))
    """
    low, high = min(values), max(values)
    if unit == "timestamp" and low == high and abs(low) < _CALENDAR:
        return low - _HALF_HOUR, high + _HALF_HOUR
    return padded(low, high)


def widened(low: float, high: float, room: float) -> tuple[float, float]:
    """A range with `room` on both sides, as far as doubles reach."""
    return max(low - room, -sys.float_info.max), min(high + room, sys.float_info.max)


def nice_ticks(low: float, high: float, *, count: int = 5) -> tuple[float, ...]:
    """Round values within [low, high], about `count` of them, 1, 2 or 5 times a power of ten apart.

    >>> nice_ticks(0.0, 1.0)
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    >>> nice_ticks(-3.0, 17.0, count=4)
    (0.0, 5.0, 10.0, 15.0)
    """
    raw = (high / count) - (low / count)
    if not 0 < raw < _LARGEST_STEP:
        return (low, high)
    exponent = math.floor(math.log10(raw))
    step = next((f * 10.0**exponent for f in (1, 2, 5) if f * 10.0**exponent >= raw * 0.75), 10.0 ** (exponent + 1))
    if step == 0 or max(abs(low), abs(high)) / step > 1e12:
        return (low, high)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(_rounded(i * step, step) for i in range(first, last + 1))


def time_ticks(low: float, high: float, *, count: int = 4) -> tuple[float, ...]:
    """Round moments within [low, high] microseconds since 1970 UTC: whole seconds, minutes, hours, days, months, years."""
    if max(abs(low), abs(high)) > _CALENDAR:
        return nice_ticks(low, high, count=count)
    step = max(high - low, 1.0) / count
    if step <= _TIME_STEPS[-1]:
        step = _TIME_STEPS[bisect_left(_TIME_STEPS, step)] if step > _SECOND / 2 else 0
        return _multiples(low, high, step) if step else nice_ticks(low, high, count=count)
    return _months(low, high, max(1, round(step / _MONTH))) or nice_ticks(low, high, count=count)


def ticks(low: float, high: float, unit: Unit, *, count: int = 5) -> tuple[tuple[float, str], ...]:
    """Ticks of an axis and their labels, which differ from each other wherever the ticks do."""
    if unit == "timestamp":
        found = time_ticks(low, high, count=count)
        return tuple((at, _moment(at, found)) for at in found)
    found = _clock_ticks(low, high, count) if unit == "seconds" else nice_ticks(low, high, count=count)
    plain = formatter(unit)
    labels = [plain(at) for at in found]
    if len(set(labels)) < len(labels):
        labels = [figures.number(at, digits=17) for at in found]
    return tuple(zip(found, labels, strict=True))


def formatter(unit: Unit) -> Format:
    """How values of `unit` are written."""
    formats: dict[str, Format] = {
        "": partial(figures.number, is_value=True),
        "share": figures.share,
        "timestamp": figures.timestamp,
        "seconds": figures.seconds,
        "bytes": figures.size,
    }
    return formats[unit]


def _rounded(value: float, step: float) -> float:
    places = max(0, -math.floor(math.log10(step)))
    return round(value, places) + 0.0 if places < 300 else value


def _clock_ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    """Lengths of time in seconds: whole minutes and hours where they span more than one."""
    step = (high - low) / count * _SECOND
    if not 30 * _SECOND < step <= _TIME_STEPS[-1]:
        return nice_ticks(low, high, count=count)
    chosen = _TIME_STEPS[bisect_left(_TIME_STEPS, step)]
    return tuple(at / _SECOND for at in _multiples(low * _SECOND, high * _SECOND, chosen))


def _multiples(low: float, high: float, step: int) -> tuple[float, ...]:
    first, last = math.ceil(low / step), math.floor(high / step)
    return tuple(float(i * step) for i in range(first, last + 1))


def _months(low: float, high: float, months: int) -> tuple[float, ...]:
    step = _MONTH_STEPS[min(bisect_left(_MONTH_STEPS, months), len(_MONTH_STEPS) - 1)]
    try:
        first, last = (_EPOCH + timedelta(microseconds=at) for at in (low, high))
    except OverflowError:
        return ()
    start, stop = (moment.year * 12 + moment.month - 1 for moment in (first, last))
    found = (_month(index) for index in range(start - start % step, stop + 1, step) if index >= 12)
    return tuple(at for at in found if low <= at <= high)


def _month(index: int) -> float:
    moment = datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)
    return float((moment - _EPOCH) // timedelta(microseconds=1))


def _moment(at: float, others: Sequence[float]) -> str:
    texts = [figures.timestamp(other) for other in others]
    text = figures.timestamp(at)
    if any(len(other) != 10 for other in texts):
        return text
    if all(other.endswith("-01-01") for other in texts):
        return text[:4]
    return text[:7] if all(other.endswith("-01") for other in texts) else text
