"""No worse than the champion: non-inferiority of one metric. Called by `evaluate`.

With the champion's predictor both models answer the same rows, and the interval of the paired difference decides: it is narrow,
since rows that are hard for one are hard for the other. With its report alone the two intervals are put together by
square-and-add (Zou and Donner 2008) as if the rows were others, which is wider than needed, so more often inconclusive.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.report import Check, Verdict
from seakeep.evaluation.estimate import Estimate, difference, measure, metric
from seakeep.evaluation.gates import interval_text, rows_needed
from seakeep.evaluation.slices import ALL

if TYPE_CHECKING:
    from seakeep.core.codec import Json
    from seakeep.core.model import Model
    from seakeep.core.report import Report
    from seakeep.evaluation.requirements import NoWorse
    from seakeep.evaluation.sample import Sample

CODE = "metric.no_worse_than"


def comparable(champion: Model, model: Model) -> str:
    """Why the two models' answers cannot be compared row by row; empty where they can."""
    if champion.task is not model.task:
        return f"the champion is a {champion.task.value} model and this one is {model.task.value}"
    if set(champion.classes) != set(model.classes):
        return f"the champion's classes are {list(champion.classes)} and this model's {list(model.classes)}"
    return ""


def paired(requirement: NoWorse, ours: Sample, theirs: Sample, *, level: float, seed: int) -> Check:
    """The check from both models' answers to the same rows."""
    gap = difference(requirement.metric, ours, theirs, level=level, seed=seed)
    own = measure(requirement.metric, ours, level=level).value
    return _judged(requirement, _oriented(gap, requirement.metric), own, how="on the same rows", level=level)


def unpaired(requirement: NoWorse, ours: Sample, champion: Report, *, level: float) -> Check:
    """The check from our answers and the champion's report."""
    own = measure(requirement.metric, ours, level=level)
    theirs = reported(champion, requirement.metric)
    if theirs is None or own.value is None:
        reason = own.reason or f"the champion's report has no {requirement.metric} over all rows"
        return incomparable(requirement, reason)
    gap = square_and_add(own, theirs)
    return _judged(requirement, _oriented(gap, requirement.metric), own.value, how="by its report", level=level)


def first(requirement: NoWorse) -> Check:
    """The check where there is no champion: it passes, since nothing in production can get worse."""
    message = f"There is no champion with another model yet, so there is nothing that {requirement.metric} could be worse than."
    return Check(
        CODE, requirement.metric, Verdict.PASS, message, None, -requirement.margin, evidence={"champion": False}
    )


def incomparable(requirement: NoWorse, reason: str) -> Check:
    """The check where there is a champion and it cannot be compared with."""
    message = f"{requirement.metric} cannot be compared with the champion's: {reason}."
    fix = "Give the champion itself: evaluate(…, champion_predictor=, champion_model=)."
    return Check(CODE, requirement.metric, Verdict.INCONCLUSIVE, message, None, -requirement.margin, fix)


def _judged(requirement: NoWorse, gap: Estimate, own: float | None, *, how: str, level: float) -> Check:
    if gap.value is None:
        return incomparable(requirement, gap.reason)
    verdict = Verdict.INCONCLUSIVE
    if gap.low is not None and gap.high is not None:
        verdict = Verdict.PASS if gap.low > -requirement.margin else verdict
        verdict = Verdict.FAIL if gap.high < -requirement.margin else verdict
    sides = "better" if gap.value > 0 else "worse"
    size = "equal to the champion's" if gap.value == 0 else f"{abs(gap.value):.4g} {sides} than the champion's"
    message = (
        f"{requirement.metric} is {size} {how}, difference {interval_text(gap.low, gap.high)}; "
        f"worse by {requirement.margin:g} is not allowed."
    )
    evidence: dict[str, Json] = {
        "rows": gap.rows,
        "level": level,
        "low": gap.low,
        "high": gap.high,
        "value": own,
        "how": how,
    }
    if gap.low is not None and gap.high is not None:
        half = (gap.high - gap.low) / 2
        evidence |= {
            "resolution": half,
            "rows_needed": rows_needed(gap.rows, half, abs(gap.value + requirement.margin)),
        }
    fix = {
        Verdict.PASS: "",
        Verdict.FAIL: "Keep the champion; see where the errors are: report.table('errors').",
        Verdict.INCONCLUSIVE: "Compare on more rows, or on the same rows: evaluate(…, champion_predictor=).",
    }[verdict]
    return Check(CODE, requirement.metric, verdict, message, gap.value, -requirement.margin, fix, evidence)


def _oriented(gap: Estimate, name: str) -> Estimate:
    """The difference with its sign such that above 0 is better."""
    if metric(name).GREATER_IS_BETTER or gap.value is None:
        return gap
    if gap.low is None or gap.high is None:
        return Estimate(name, gap.rows, -gap.value)
    return Estimate(name, gap.rows, -gap.value, -gap.high, -gap.low)


def square_and_add(own: Estimate, theirs: Estimate) -> Estimate:
    """Our metric less theirs, on other rows, with the interval of that difference (Zou and Donner 2008). Both have a value."""
    assert own.value is not None
    assert theirs.value is not None
    gap = own.value - theirs.value
    if own.low is None or own.high is None or theirs.low is None or theirs.high is None:
        return Estimate(own.metric, own.rows, gap)
    low = gap - math.hypot(own.value - own.low, theirs.high - theirs.value)
    high = gap + math.hypot(own.high - own.value, theirs.value - theirs.low)
    return Estimate(own.metric, own.rows, gap, low, high)


def reported(champion: Report | None, name: str, *, where: str = ALL) -> Estimate | None:
    """A metric and its interval from a report of kind "evaluation", over all rows or in one slice; None where it is not there."""
    if champion is None:
        return None
    rows = [row for table in champion.tables if table.name == "metrics" for row in table.records()]
    for row in rows:
        value, low, high = (row.get(key) for key in ("value", "low", "high"))
        if row.get("slice") == where and row.get("metric") == name and isinstance(value, int | float):
            known = isinstance(low, int | float) and isinstance(high, int | float)
            return Estimate(name, 0, value, float(low or 0) if known else None, float(high or 0) if known else None)
    return None
