"""Missing values that depend on the label: whether a value is there tells the answer, or rows of one class were collected otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.data.quality.absence import absent
from seakeep.data.quality.finding import Found
from seakeep.data.quality.predicting import target
from seakeep.evidence.intervals import difference_of_rates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "Values are missing alike whatever the label."
COST = "rows"
NEEDS: tuple[str, ...] = ("label",)
LEAST_ROWS = 50
LEAST, TELLS = 0.05, 0.9


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Features whose missing rate differs between classes (or between halves of a numeric label) by LEAST at least, and beyond chance.

    Where missingness alone reaches an AUC of 0.9, it gives the label away.
    """
    goal = target(table)
    if goal is None:
        return
    halves = goal.values > np.median(goal.values) if not goal.classes else goal.values
    for name in table.features():
        missing = absent(goal.rows, name)
        if not 0 < missing.mean() < 1:
            continue
        rates = {
            float(one): (int(missing[halves == one].sum()), int((halves == one).sum())) for one in np.unique(halves)
        }
        low, high = (pick(rates.values(), key=lambda pair: pair[0] / pair[1]) for pick in (min, max))
        gap = high[0] / high[1] - low[0] / low[1]
        interval = difference_of_rates(*high, *low, level=1 - 0.01 / len(table.types))
        if gap < LEAST or interval[0] <= LEAST / 2:
            continue
        told = " It gives the label away." if gap >= TELLS else ""
        message = f"Column {name!r} is missing in {high[0] / high[1]:.1%} of the rows of one class of {table.label!r}, and in {low[0] / low[1]:.1%} of another.{told}"
        fix = f"Find out when it is filled; if after the label, say so: after=[{name!r}]. Else keep the fact: number({name!r}).missing_flag()."
        yield Found(name, message, gap, LEAST, fix, {"interval": list(interval), "rows": int(goal.rows.height)})
