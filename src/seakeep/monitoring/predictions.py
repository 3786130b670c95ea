"""Drift of the predictions themselves: against the release's own earlier windows, since training has no answers of production.

Called by `judging`. The first BASELINE windows of a release that have rows are its baseline, added up as Statistics add; from then on every
window is compared with them. They tell of a change that no single column shows, and long before labels come. Predictions have no natural
variation on record, so that the floor and the calibration stand alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind, Task
from seakeep.monitoring.drift import DISTANCES, compared, judge
from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from seakeep.core.model import Model
    from seakeep.core.report import Check
    from seakeep.core.statistics import Statistics

BASELINE = 4
CODE = "monitoring.predictions"


def watched(model: Model) -> tuple[str, ...]:
    """The logged columns that stand for the answers: the positive class's probability, each class's, or the value."""
    if model.task is Task.REGRESSION:
        return (names.PREDICTION,)
    classes = model.classes[1:] if model.task is Task.BINARY else model.classes
    return tuple(names.probability(value) for value in classes)


def judge_predictions(baseline: Statistics, current: Statistics, *, q: float) -> tuple[Check, ...]:
    """One check a watched column; none while there is no baseline or nothing was answered."""
    found = [
        compared(name, DISTANCES[Kind.NUMBER], before, current.columns[name])
        for name, before in baseline.columns.items()
        if name in current.columns
    ]
    drifted = judge(tuple(each for each in found if each is not None), q=q)
    return tuple(_about_predictions(check) for check in drifted.checks)


def _about_predictions(check: Check) -> Check:
    return replace(
        check,
        code=CODE,
        message=check.message.replace("Column", "The predictions", 1),
        fix="See which columns moved; if labels say that it is right, leave it." if check.fix else "",
    )
