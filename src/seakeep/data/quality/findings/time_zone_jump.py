"""A clock that jumps by whole hours in part of the table: another time zone, or summer time in one file only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.data.quality.blocks import Order, orders
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "The hours of day of a time column are alike all along the table."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 1000
KINDS = (Kind.TIMESTAMP,)
HOUR, FEWEST, LEAST, MOST = 3_600_000_000, 20, 0.3, 0.5
ROWS_OF_A_BLOCK, BLOCKS_LEFT = 400, 10
WHOLE_HOURS = 72  # a block that holds less of a day's course than three days of it has hours of its own


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Blocks of rows whose hours of day are those of the other blocks, moved by whole hours, far better than as they are."""
    for name, column in table.columns(Kind.TIMESTAMP).items():
        for order in orders(table):
            found = _jump(name, order, table) if column.missing < column.rows / 2 else None
            if found:
                yield found
                break


def _jump(name: str, order: Order, table: Table) -> Found | None:
    hours = numbers(order.rows, name) // HOUR
    order = order.wider(_together(hours, order))
    days = [
        np.bincount((part[np.isfinite(part)] % 24).astype(int), minlength=24).astype(float)
        for part in (hours[each] for each in order.parts())
    ]
    if len(days) < 4 or any(day.sum() < FEWEST for day in days):
        return None
    shares = np.array([day / day.sum() for day in days])
    usual = np.median(shares, axis=0)
    if not usual.any():  # no hour is usual: half of the blocks have none of the others' hours
        return None
    usual = usual / usual.sum()
    apart = np.array([[np.abs(np.roll(usual, move) - day).sum() / 2 for move in range(24)] for day in shares])
    moves = apart.argmin(axis=1)
    moved = (moves != 0) & (apart[:, 0] >= LEAST) & (apart.min(axis=1) <= MOST * apart[:, 0])
    counts = np.bincount(moves[moved], minlength=24)
    near = counts + np.roll(counts, 1) + np.roll(counts, -1)  # of few rows the best hour may be the next one
    move = int((near + counts / len(days)).argmax())
    same = moved & np.isin((moves - move) % 24, (0, 1, 23))
    blocks = int(same.sum())
    steady = float(np.median(apart[~moved, 0])) if not moved.all() else 1.0
    if not 2 <= blocks <= len(days) / 2 or steady > LEAST / 2:
        return None
    at = order.place(order.edges[int(np.flatnonzero(same)[0])], table)
    hours_moved = move if move <= 12 else move - 24
    message = f"Column {name!r}: from about {at} on, in {blocks / len(days):.0%} of the rows, hours of day are moved by {hours_moved:+d}."
    fix = "Write times in UTC, or with their zone; correct this part on reading with dt.offset_by."
    return Found(name, message, hours_moved, 0, fix, {"order": order.name, "at": at, "blocks": blocks, "of": len(days)})


def _together(hours: np.ndarray[Any, Any], order: Order) -> int:
    """How many blocks make one that spans whole days, and has rows enough for a course of the day where that leaves some blocks."""
    parts = list(map(hours.__getitem__, order.parts()))
    spans = [np.ptp(part[np.isfinite(part)]) if np.isfinite(part).any() else 0.0 for part in parts]
    for_days = math.ceil(WHOLE_HOURS / max(1.0, float(np.median(spans))))
    for_rows = min(math.ceil(ROWS_OF_A_BLOCK * len(parts) / len(hours)), len(parts) // BLOCKS_LEFT)
    return max(1, for_days, for_rows)
