"""A stretch of time without rows: a feed that was down, a file that did not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import numbers, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "The time column has no stretch without rows that is far longer than all others."
COST = "rows"
NEEDS: tuple[str, ...] = ("time",)
LEAST_ROWS = 200
FACTOR, LEAST = 4.0, 0.004


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Gaps between neighbouring times (of the sample) that are FACTOR times the fourth largest, in the middle 98 % of the rows.

    Nights and weekends come back and are among the four; of times at random the largest gap is three times the fourth with a
    probability of about ln(rows)^-2, so that FACTOR is 4.
    """
    if table.statistics[str(table.time)].kind is not Kind.TIMESTAMP:
        return
    times = np.sort(numbers(table.sample, str(table.time)))
    times = times[np.isfinite(times)]
    cut = len(times) // 100
    inner = times[cut : len(times) - cut]
    gaps = np.diff(inner)
    if len(gaps) < 100:
        return
    largest = np.argsort(-gaps)[:4]
    usual = float(gaps[largest[3]])
    for at in largest[:3]:
        if gaps[at] >= FACTOR * usual and gaps[at] >= LEAST * (inner[-1] - inner[0]):
            column = table.statistics[str(table.time)]
            start, end = shown(float(inner[at]), column), shown(float(inner[at + 1]), column)
            message = (
                f"No row lies between {start} and {end}; the next longest gaps are {FACTOR:g} times shorter or more."
            )
            fix = "Look for the files or partitions of this stretch that did not arrive."
            evidence = {"from": start, "to": end, "hours": float(gaps[at]) / 3.6e9, "usual_hours": usual / 3.6e9}
            yield Found(str(table.time), message, float(gaps[at]) / 3.6e9, FACTOR * usual / 3.6e9, fix, evidence)
