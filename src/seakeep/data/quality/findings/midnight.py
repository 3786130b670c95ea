"""Times cut down to their day in part of the rows: midnight stands for a time of day that was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import MICROSECONDS_A_DAY, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "Times of day do not pile up at midnight."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 100
KINDS = (Kind.TIMESTAMP,)
TIMES, LEAST = 10, 0.005


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns of times of day with TIMES as many rows at 00:00:00 as the average other minute that has any, and 0.5 % of the rows at least."""
    for name in table.columns(Kind.TIMESTAMP):
        times = numbers(table.sample, name)
        times = times[np.isfinite(times)]
        if len(times) < LEAST_ROWS or table.types[name] == pl.Date():
            continue
        minutes = np.bincount((times % MICROSECONDS_A_DAY // 60_000_000).astype(int), minlength=1440)
        at_midnight = int((times % MICROSECONDS_A_DAY == 0).sum())
        others = minutes[1:]
        if not others.any() or at_midnight < max(5, LEAST * len(times)):
            continue
        if at_midnight >= TIMES * others[others > 0].mean() and at_midnight > 2 * others.max():
            share = at_midnight / len(times)
            message = f"Column {name!r} is at midnight in {share:.1%} of the rows; other minutes of the day have {others.max() / len(times):.2%} at most."
            fix = f"Find where the time of day is lost; hour features of {name!r} are wrong in these rows."
            yield Found(name, message, share, LEAST, fix, {"rows": at_midnight, "sampled": len(times)})
