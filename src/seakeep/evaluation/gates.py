"""Gates: a requirement on a metric, judged. Called by `evaluate`; the rule is stated in `requirements`.

Every check carries what it rests on: the interval and its level, the rows, and the margin by which the value passed or failed; an
inconclusive one says about how many rows would settle it. Over every slice of a column the level is raised (Bonferroni), so that
twenty slices do not raise a false alarm by their number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.report import Check, Verdict
from seakeep.evaluation.estimate import Estimate, measure
from seakeep.evaluation.requirements import ENOUGH_ROWS, Threshold
from seakeep.evaluation.slices import ALL, Slice, named, slices_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.codec import Json
    from seakeep.evaluation.collect import Collected


@dataclass(frozen=True, slots=True)
class Rules:
    """min_rows: a slice of fewer rows is not judged. level: of every interval, 0 to 1."""

    min_rows: int = 100
    level: float = 0.95


def thresholds(requirement: Threshold, seen: Collected, *, rules: Rules) -> Iterator[Check]:
    """The checks of one requirement: one, or one a slice."""
    if requirement.by is not None:
        yield from _every_slice(requirement, seen, rules)
    elif requirement.slice is not None:
        yield _in_slice(requirement, seen, named(seen.groups, requirement.slice), rules, rules.level)
    else:
        yield _judged(requirement, ALL, measure(requirement.metric, seen.sample, level=rules.level), rules.level)


def decide(
    value: float, limits: tuple[float, float] | None, threshold: float, *, rows: int, confident: bool
) -> Verdict:
    """Whether `value` is at least `threshold` (turn signs for at most), by the rule that `requirements` states.

    >>> decide(0.72, (0.71, 0.73), 0.70, rows=50, confident=True).value
    'pass'
    >>> decide(0.72, (0.60, 0.84), 0.70, rows=50, confident=False).value
    'inconclusive'
    """
    observed = Verdict.PASS if value >= threshold else Verdict.FAIL
    if limits is not None and limits[0] >= threshold:
        return Verdict.PASS
    if limits is not None and limits[1] < threshold:
        return Verdict.FAIL
    return observed if rows >= ENOUGH_ROWS and not confident else Verdict.INCONCLUSIVE


def rows_needed(rows: int, half_width: float, distance: float) -> int | None:
    """About how many rows make the interval narrow enough to leave the threshold, at this distance; None for no distance."""
    return math.ceil(rows * (half_width / distance) ** 2) if distance > 0 and half_width > 0 else None


def interval_text(low: float | None, high: float | None) -> str:
    """An interval for a message, or the words for its absence."""
    return "with no interval" if low is None or high is None else f"[{low:.4g}, {high:.4g}]"


def _every_slice(requirement: Threshold, seen: Collected, rules: Rules) -> Iterator[Check]:
    found = slices_by(seen.groups, requirement.by or ())
    large = [each for each in found.slices if len(each.rows) >= rules.min_rows]
    level = 1 - (1 - rules.level) / max(1, len(large))
    for each in large:
        yield _in_slice(requirement, seen, each, rules, level)
    small = [each for each in found.slices if len(each.rows) < rules.min_rows]
    if small or found.left_out or not found.slices:
        yield _unjudged(requirement, [each.name for each in small], found.left_out, rules)


def _in_slice(requirement: Threshold, seen: Collected, part: Slice, rules: Rules, level: float) -> Check:
    if len(part.rows) < rules.min_rows:
        reason = f"too few rows: {len(part.rows)}, and {rules.min_rows} are asked for"
        return _judged(requirement, part.name, Estimate(requirement.metric, len(part.rows), reason=reason), level)
    return _judged(requirement, part.name, measure(requirement.metric, seen.sample.take(part.rows), level=level), level)


def _judged(requirement: Threshold, name: str, found: Estimate, level: float) -> Check:
    subject = requirement.metric if name == ALL else f"{requirement.metric}[{name}]"
    code, where = f"metric.{requirement.kind}", "over all rows" if name == ALL else f"where {name}"
    if found.value is None:
        message = f"{requirement.metric} {where} is not known: {found.reason}."
        fix = f"Evaluate on more labelled rows {where}."
        return Check(code, subject, Verdict.INCONCLUSIVE, message, None, requirement.value, fix, {"rows": found.rows})
    verdict = _verdict(requirement, found)
    words = requirement.kind.replace("_", " ")
    message = (
        f"{requirement.metric} {where} is {found.value:.4g} {interval_text(found.low, found.high)} on {found.rows:,} rows; "
        f"{words} {requirement.value:g} is required."
    )
    evidence = _evidence(requirement, found, level)
    return Check(
        code, subject, verdict, message, found.value, requirement.value, _fix(verdict, evidence, where), evidence
    )


def _verdict(requirement: Threshold, found: Estimate) -> Verdict:
    assert found.value is not None
    sign = 1.0 if requirement.kind == "at_least" else -1.0
    limits = None
    if found.low is not None and found.high is not None:
        low, high = sorted((sign * found.low, sign * found.high))
        limits = (low, high)
    threshold = sign * requirement.value
    return decide(sign * found.value, limits, threshold, rows=found.rows, confident=requirement.confident)


def _evidence(requirement: Threshold, found: Estimate, level: float) -> dict[str, Json]:
    assert found.value is not None
    margin = (found.value - requirement.value) * (1 if requirement.kind == "at_least" else -1)
    evidence: dict[str, Json] = {
        "rows": found.rows,
        "level": level,
        "low": found.low,
        "high": found.high,
        "margin": margin,
    }
    if found.low is not None and found.high is not None:
        # The power of the gate: a difference smaller than this cannot be told from none on so many rows.
        evidence["resolution"] = (found.high - found.low) / 2
        evidence["rows_needed"] = rows_needed(found.rows, (found.high - found.low) / 2, abs(margin))
    return evidence


def _fix(verdict: Verdict, evidence: dict[str, Json], where: str) -> str:
    if verdict is Verdict.PASS:
        return ""
    if verdict is Verdict.FAIL:
        return 'See where the errors are: report.table("errors").'
    needed = evidence.get("rows_needed")
    return f"About {needed:,} rows {where} would settle it." if needed else f"Evaluate on more labelled rows {where}."


def _unjudged(requirement: Threshold, small: list[str], left_out: int, rules: Rules) -> Check:
    noun = "slice" if len(small) == 1 else "slices"
    parts = [f"{len(small)} {noun} of fewer than {rules.min_rows} rows ({', '.join(small[:5])})"] if small else []
    parts += [f"{left_out} rarer slices"] if left_out else []
    by = " and ".join(requirement.by or ())
    return Check(
        f"metric.{requirement.kind}",
        f"{requirement.metric}[by {by}]",
        Verdict.INCONCLUSIVE,
        f"{requirement.metric} was not judged in {' and '.join(parts) or 'any slice: there are no rows'}.",
        None,
        requirement.value,
        "Evaluate on more labelled rows, or lower min_rows=.",
        {"too_few_rows": list(small), "left_out": left_out, "min_rows": rules.min_rows},
    )
