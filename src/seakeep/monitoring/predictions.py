"""Drift of the predictions themselves: against the release's own earlier windows, since training has no answers of production.

Called by `judging`. Up to BASELINE windows of a release that have rows, and did not alarm, are its baseline; every window is
compared with all of them together. They tell of a change that no single column shows, and long before labels come. What is hard
is that answers move with the weather too, and nobody measured by how much before the release: how far the baseline's windows
lie from each other is what is usual. Few windows show little of it, so their largest distance is carried on, by an exponential
tail through their median and largest, to what one window in a hundred exceeds; with fewer than FEWEST nothing is judged.
"""

from __future__ import annotations

import math
import statistics as numbers
from dataclasses import replace
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind, Task
from seakeep.core.statistics import Statistics
from seakeep.monitoring.drift import DISTANCES, compared, judge
from seakeep.monitoring.natural import Usual, apart
from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.model import Model
    from seakeep.core.report import Check
    from seakeep.monitoring.drift import Compared

BASELINE = 24
FEWEST = 3
RARE = 0.01
CODE = "monitoring.predictions"
_DISTANCE = DISTANCES[Kind.NUMBER]


def watched(model: Model) -> tuple[str, ...]:
    """The logged columns that stand for the answers: the positive class's probability, each class's, or the value."""
    if model.task is Task.REGRESSION:
        return (names.PREDICTION,)
    classes = model.classes[1:] if model.task is Task.BINARY else model.classes
    return tuple(names.probability(value) for value in classes)


def judge_predictions(earlier: Sequence[Statistics], current: Statistics, *, q: float) -> tuple[Check, ...]:
    """One check a watched column; none while there are fewer than FEWEST earlier windows, or nothing was answered."""
    if len(earlier) < FEWEST:
        return ()
    whole = sum(earlier, Statistics())
    found = [_compared(name, whole, earlier, current) for name in whole.columns if name in current.columns]
    drifted = judge(tuple(each for each in found if each is not None), q=q)
    return tuple(_about_predictions(check) for check in drifted.checks)


def usual_of(distances: Sequence[float]) -> Usual:
    """What is usual among windows with these distances. largest: what one window in a hundred exceeds, at least their own.

    >>> usual_of([0.1, 0.1, 0.1]).largest, round(usual_of([0.1] * 23 + [0.2]).largest, 3)
    (0.1, 0.255)
    """
    median, largest, windows = numbers.median(distances), max(distances), len(distances)
    further = math.log(0.5 / RARE) / math.log((windows + 1) / 2)
    return Usual(0.0, windows, median, median + (largest - median) * max(1.0, further))


def _compared(name: str, whole: Statistics, earlier: Sequence[Statistics], current: Statistics) -> Compared | None:
    parts = [part.columns[name] for part in earlier if name in part.columns]
    distances = [each for part in parts if (each := apart(_DISTANCE, whole[name], part)) is not None]
    known = usual_of(distances) if len(distances) >= FEWEST else None
    return compared(name, _DISTANCE, whole[name], current.columns[name], usual=known)


def _about_predictions(check: Check) -> Check:
    return replace(
        check,
        code=CODE,
        message=check.message.replace("Column", "The predictions", 1),
        fix="See which columns moved; if labels say that it is right, leave it." if check.fix else "",
    )
