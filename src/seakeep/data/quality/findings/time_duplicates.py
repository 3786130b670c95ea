"""Times that occur twice in a column where each occurs once: a reading sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import numbers, proposed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "In a time column of single moments none occurs twice."
COST = "rows"
NEEDS: tuple[str, ...] = ("time",)
LEAST_ROWS = 100
MOST, REGULAR = 0.05, 3


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Equal moments in the sample, where at least 95 % are different and chance gives a tenth as many."""
    column = table.statistics[str(table.time)]
    if column.kind is not Kind.TIMESTAMP:
        return
    times = np.sort(numbers(table.sample, str(table.time)))
    times = times[np.isfinite(times)]
    steps = np.diff(times)
    twice = int((steps == 0).sum())
    positive = steps[steps > 0]
    if not twice or twice > MOST * len(times) or not len(positive):
        return
    tick = float(np.gcd.reduce(positive.astype(np.int64)[:100_000]))
    by_chance = len(times) * tick / max(float(times[-1] - times[0]), tick) * len(times) / 2
    regular = float(np.median(positive)) <= REGULAR * tick
    if regular or twice > 10 * by_chance:
        moment = shown(float(times[int(np.flatnonzero(steps == 0)[0])]), column)
        message = f"{twice:,} rows have the time of another row in {table.time!r}, where each moment occurs once otherwise, for example {moment}."
        fix = f"Look whether readings were sent again: {proposed('drop_duplicates', by=[table.time])}"
        yield Found(str(table.time), message, twice, 0, fix, {"rows": twice, "sampled": len(times), "example": moment})
