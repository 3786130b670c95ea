"""Rows out of order in a table that is in order of time: late arrivals, files put together the wrong way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import EXAMPLES, numbers, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from seakeep.data.quality.finding import Part, Table

MEANING = "Rows are in the order of the time column, or in none."
COST = "rows"
NEEDS: tuple[str, ...] = ("time",)
LEAST_ROWS = 100
MOST = 0.02


class _Look:
    def __init__(self, time: str) -> None:
        self.time, self.last = time, -np.inf
        self.steps = self.falls = 0
        self.rows: list[int] = []

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:
        """Count the steps back in time."""
        if part != "table" or rows.is_empty():
            return
        times = numbers(rows, self.time)
        known = np.flatnonzero(np.isfinite(times))
        if not len(known):
            return
        steps = np.diff(np.concatenate([[self.last], times[known]]))
        falls = np.flatnonzero(steps < 0)
        self.last = float(times[known[-1]])
        self.steps += len(steps)
        self.falls += len(falls)
        self.rows += [first + int(known[at]) for at in falls[: EXAMPLES - len(self.rows)]]


def look(table: Table) -> _Look | None:
    """Looks at the time of every row and the one before it."""
    return _Look(str(table.time)) if table.statistics[str(table.time)].kind is Kind.TIMESTAMP else None


def find(table: Table, look: _Look | None) -> Iterator[Found]:
    """Steps back in a table of which at most 2 % of the steps are."""
    if look is not None and 0 < look.falls <= MOST * look.steps:
        message = f"{look.falls:,} of {table.rows:,} rows are earlier than the row before them in a table ordered by {table.time!r}, for example row {look.rows[0]:,}."
        fix = "Sort it before you write it, or take a span's rows by time and not by place."
        yield Found(str(table.time), message, look.falls, 0, fix, {"rows": look.falls, "examples": some(look.rows)})
