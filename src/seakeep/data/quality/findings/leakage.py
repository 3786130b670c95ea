"""A column that tells the label too well by itself: most often it is the label in other words, or is known only after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.quality.finding import Found
from seakeep.data.quality.predicting import groups_of, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No feature tells the label nearly by itself."
COST = "rows"
NEEDS: tuple[str, ...] = ("label",)
LEAST_ROWS = 100
THRESHOLDS = {"AUC": 0.97, "errors avoided": 0.93, "variance explained": 0.97}


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Features whose score alone (see `predicting`) has an interval that lies above the threshold of its measure."""
    goal = target(table)
    if goal is None:
        return
    for name in table.features():
        groups = groups_of(goal.rows, name)
        score = goal.score(groups) if groups is not None else None
        if score is None or score.low < THRESHOLDS[score.measure]:
            continue
        message = f"Column {name!r} alone tells the label {table.label!r}: {score.measure} {score.value:.3f} ({score.low:.3f} to {score.high:.3f})."
        fix = f"If it is known only after the prediction is asked for, say so: after=[{name!r}], or available: after in the contract."
        evidence = {"measure": score.measure, "interval": [score.low, score.high], "rows": score.rows}
        yield Found(name, message, score.value, THRESHOLDS[score.measure], fix, evidence)
