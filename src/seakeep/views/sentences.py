"""What a report says in a sentence or two: what moved and by how much, what was decided, and how many checks stand behind it.

The first line of a page and of a terminal's view. Everything is read from the report's checks and tables, so a report without
evidence still gets its count of checks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.readiness import KIND, summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.codec import Json
    from seakeep.core.report import Check, Report

_NAMED = 3


def sentence(report: Report) -> str:
    """What the report found, then how many of its checks passed."""
    return " ".join(part for part in (story(report), counts(report)) if part)


def counts(report: Report) -> str:
    """The verdict in one sentence."""
    if not report.checks:
        return "Nothing was checked, so nothing was found to be in order."
    found = {verdict: sum(check.verdict is verdict for check in report.checks) for verdict in Verdict}
    if found[Verdict.PASS] == len(report.checks):
        every = f"All {figures.number(len(report.checks))} checks passed."
        return "The one check passed." if len(report.checks) == 1 else every
    names = ((Verdict.FAIL, "failed"), (Verdict.INCONCLUSIVE, "inconclusive"), (Verdict.PASS, "passed"))
    listed = ", ".join(f"{figures.number(found[verdict])} {word}" for verdict, word in names if found[verdict])
    return f"Of {figures.counted(len(report.checks), 'check')}: {listed}."


def story(report: Report) -> str:
    """What moved, broke or was decided; empty where the report's kind tells no story or nothing failed."""
    if report.kind == "rollout":
        return next((_sentence(check.message) for check in report.checks if check.code == "rollout.decision"), "")
    if report.kind == "validation":
        return _broken(report)
    if report.kind == KIND:
        return summary(report)
    if report.kind not in ("drift", "monitoring"):
        return ""
    return " ".join(part for part in (_broken(report), _moved(report), _others(report)) if part)


def by_distance(checks: Sequence[Check]) -> list[Check]:
    """Drift checks, those furthest beyond their threshold first."""
    return sorted(checks, key=lambda check: -times(check))


def times(check: Check) -> float:
    """How many times its threshold a check's value is; infinite for a check without numbers."""
    observed, threshold = check.observed, check.threshold
    if not _is_number(observed) or not _is_number(threshold):
        return math.inf
    assert isinstance(observed, int | float)
    assert isinstance(threshold, int | float)
    if math.isnan(observed) or math.isnan(threshold):
        return 0.0
    return observed / threshold if threshold > 0 else math.inf


def moved(check: Check) -> str:
    """What the evidence of a drift check says in words: its effect, or means, missing rates, the value that moved; may be empty.

    >>> from seakeep.core.report import Check, Verdict
    >>> moved(Check("drift.psi", "temp", Verdict.FAIL, "", 0.6, 0.2, "", {"mean": [14.25, 21.8]}))
    'its mean went from 14.25 to 21.8'
    """
    evidence = check.evidence
    effect = evidence.get("effect")
    if isinstance(effect, dict) and isinstance(effect.get("words"), str):
        return figures.lines(str(effect["words"]))
    if check.code == "drift.missing_rate":
        return _pair(evidence, "missing_rate", "missing values went from {} to {} of the rows", is_share=True)
    by = evidence.get("mean_moved_by_standard_deviations")
    said = _pair(evidence, "mean", "its mean went from {} to {}")
    if said and isinstance(by, int | float) and math.isfinite(by) and abs(by) >= 0.005:
        return f"{said}, {figures.number(abs(by), digits=2)} standard deviations {'up' if by > 0 else 'down'}"
    return said or _value(evidence)


def _moved(report: Report) -> str:
    failed = by_distance([check for check in report.failed if check.code.startswith("drift.")])
    if not failed:
        judged = any(check.code.startswith("drift.") for check in report.checks)
        calm = all(c.verdict is Verdict.PASS for c in report.checks if c.code.startswith("drift."))
        return "No column moved beyond its threshold." if judged and calm else ""
    first = next((check for check in failed if math.isfinite(times(check))), failed[0])
    others = list(dict.fromkeys(check.subject for check in failed if check.subject != first.subject))
    return f"{_furthest(first)}{_and(others)}"


def _furthest(check: Check) -> str:
    name = figures.visible(check.subject)
    if not math.isfinite(times(check)):
        return figures.lines(check.message)
    what = check.code.partition(".")[2]
    by = f"{what} {figures.scalar(check.observed)} where {figures.scalar(check.threshold)} is allowed"
    how = moved(check)
    return f"{name} moved most: {by}{', ' if how else ''}{how}."


def _and(names: Sequence[str]) -> str:
    if not names:
        return ""
    listed = ", ".join(figures.visible(name) for name in names[:_NAMED])
    more = f" and {figures.number(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return f" So did {listed}{more}."


def _broken(report: Report) -> str:
    broken = [check for check in report.failed if check.code.startswith("schema.")]
    if not broken:
        return ""
    columns = list(dict.fromkeys(check.subject for check in broken))
    rest = len(columns) - 1
    more = f" So did {figures.counted(rest, 'more column')}." if rest else ""
    return f"The data broke its contract: {figures.lines(broken[0].message)}{more}"


def _others(report: Report) -> str:
    """The first failed check that is neither drift nor contract: a metric that decayed, say."""
    other = [check for check in report.failed if not check.code.startswith(("drift.", "schema."))]
    return figures.lines(other[0].message) if other else ""


def _sentence(text: str) -> str:
    """`text` with a capital and a full stop."""
    shown = figures.lines(text)
    return f"{shown[:1].upper()}{shown[1:]}{'' if shown.endswith(('.', '…')) else '.'}" if shown else ""


def _pair(evidence: Mapping[str, Json], name: str, words: str, *, is_share: bool = False) -> str:
    found = evidence.get(name)
    if not isinstance(found, list | tuple) or len(found) != 2:
        return ""
    shown = [_shown(value, is_share=is_share) for value in found]
    return words.format(*shown) if all(shown) else ""


def _shown(value: Json, *, is_share: bool) -> str:
    if isinstance(value, str):
        return figures.visible(value)
    if not _is_number(value):
        return ""
    assert isinstance(value, int | float)
    return figures.share(value) if is_share else figures.number(value, is_value=True)


def _value(evidence: Mapping[str, Json]) -> str:
    values = evidence.get("moved_values")
    first = values[0] if isinstance(values, list | tuple) and values else None
    if not isinstance(first, dict) or not {"value", "reference", "current"} <= set(first):
        return ""
    before, after = (_shown(first[name], is_share=True) for name in ("reference", "current"))
    value = first["value"]
    named = figures.scalar(value) if value is None or isinstance(value, str | bool | int | float) else ""
    return f"{named} went from {before} to {after} of the rows" if before and after and named else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
