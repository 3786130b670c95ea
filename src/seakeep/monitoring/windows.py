"""Windows of time: which ones a log has, which are closed, and which are due. Pure; the log is read elsewhere.

Windows are half open, [start, end), of one length, aligned to Monday, 5 January 1970, midnight UTC, so that days begin at
midnight and weeks on Monday. The watermark says how far time has come: by `asked` it is the clock; by a column it is the latest
event of the newest window that is busy, so that a replay of last summer is watched by the summer's own weeks. A window is closed
when the watermark has passed its end by the grace. The rules for clocks that lie:

    a row later than the watermark's window     waits, and is counted as ahead, until time gets there
    a row of a window judged already            does not change its verdict; it is counted as late
    a window with less than 1 % of the median   is no sign of time (one clock of many, set to 1970 or 2099): it moves no watermark
    window's rows, at either end                and begins no watch
    a clock that was ahead and went back        windows that were judged empty ahead of it are judged again, when time gets there
    a stretch of more than 48 empty windows     is one gap, judged once, not ten years of empty hours
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.data.comparison.moves import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

MONDAY = 4 * 86_400_000_000
BUSY_SHARE = 0.01
LONGEST_RUN = 48


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """start, end: microseconds since 1970 UTC; the end is not part of it."""

    start: int
    end: int

    @property
    def name(self) -> str:
        """Its beginning, as ISO 8601."""
        return iso(self.start) or str(self.start)

    @property
    def until(self) -> str:
        """Its end, as ISO 8601."""
        return iso(self.end) or str(self.end)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a log has in one window. latest: the last moment in it, microseconds. labelled: rows with a label."""

    rows: int
    latest: int
    labelled: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """Windows to judge now, in order. watermark: microseconds, None where there is none. ahead: rows that wait."""

    windows: tuple[Window, ...] = ()
    watermark: int | None = None
    ahead: int = 0


def aligned(moment: int, length: int) -> Window:
    """The window that holds a moment.

    >>> aligned(1_356_998_400_000_000, 7 * 86_400_000_000).name
    '2012-12-31T00:00:00Z'
    """
    start = (moment - MONDAY) // length * length + MONDAY
    return Window(start, start + length)


def started(moments: pl.Expr, length: int) -> pl.Expr:
    """The start of the window that holds each moment, as `aligned` tells it of one."""
    return (moments - MONDAY).floordiv(length) * length + MONDAY


def due(seen: Mapping[int, Seen], *, length: int, grace: int, cursor: int | None, clock: int | None) -> Due:
    """The closed windows from `cursor` on.

    Parameters: seen: rows by window start, of `cursor` and later at least. cursor: end of the last window judged; None to begin
        with the first busy one. clock: microseconds now where windows are cut by it, else None.
    """
    later = {start: each for start, each in seen.items() if cursor is None or start >= cursor}
    busy = _busy(later)
    watermark = clock if clock is not None else max((later[start].latest for start in busy), default=None)
    begun = [start for start in busy if watermark is None or start <= watermark]
    first = cursor if cursor is not None else min(begun, default=None)
    if watermark is None or first is None:
        return Due(watermark=watermark)
    ahead = sum(each.rows for start, each in later.items() if start > watermark)
    last = aligned(watermark - grace, length).start  # the window that is not closed yet
    return Due(_stretch(first, last, length, {start for start, each in later.items() if each.rows}), watermark, ahead)


def _busy(seen: Mapping[int, Seen]) -> list[int]:
    counts = [each.rows for each in seen.values() if each.rows]
    least = statistics.median(counts) * BUSY_SHARE if counts else 0
    return sorted(start for start, each in seen.items() if each.rows and each.rows >= least)


def _stretch(first: int, last: int, length: int, filled: set[int]) -> tuple[Window, ...]:
    """Windows from `first` to before `last`; long runs of empty ones as one."""
    found: list[Window] = []
    at = first
    stops = sorted(start for start in filled if first <= start < last)
    for stop in (*stops, last):
        if stop - at > LONGEST_RUN * length:
            found.append(Window(at, stop))
        else:
            found.extend(Window(start, start + length) for start in range(at, stop, length))
        if stop < last:
            found.append(Window(stop, stop + length))
        at = stop + length
    return tuple(found)
