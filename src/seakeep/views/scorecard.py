"""A readiness report in a terminal: its score, then section by section what is proven, what is missing, and what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.readiness import number, rows, score, summary
from seakeep.views.signs import SIGNS, STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Scalar
    from seakeep.core.report import Check, Report

_CELLS = 14
_PLACE = {1.0: "1", 0.5: "½", 0.0: "0"}


def scorecard(report: Report) -> RenderableType:
    """The score, then each section as a bar and its tests."""
    head = Text.assemble(figures.visible(report.title), ": ", (f"{score(report):g} of 7", "bold"))
    parts: list[RenderableType] = [head, Padding(Text(summary(report), style="dim"), (0, 0, 0, 2), expand=False)]
    for row in rows(report):
        names = [test["test"] for test in rows(report, "readiness_tests") if test["section"] == row["section"]]
        own = [check for check in report.checks if check.subject.partition(" ")[0] in names]
        parts += [Text(""), _bar(row), *(_test(check, report) for check in own)]
    return Group(*parts)


def _bar(row: Mapping[str, Scalar]) -> Text:
    points, most = number(row["points"]), number(row["most"]) or 1.0
    full = min(_CELLS, round(points / most * _CELLS))
    name = figures.scalar(row["section"])
    return Text.assemble(
        (f"{name:<18} ", "bold"), "█" * full, ("░" * (_CELLS - full), "dim"), f"  {points:g} of {most:g}"
    )


def _test(check: Check, report: Report) -> RenderableType:
    place = _PLACE.get(number(check.observed), "-")
    head = Text.assemble((f"{SIGNS[check.verdict]} {place} ", STYLES[check.verdict]), figures.visible(check.subject))
    lines: list[RenderableType] = [Text(figures.lines(check.message), style="dim")]
    lines += [Text(f"→ {figures.lines(check.fix)}")] if check.fix and check.verdict is not Verdict.PASS else []
    lines += [Text(seen, style="dim") for seen in _newest(check, report)]
    return Group(head, Padding(Group(*lines), (0, 0, 0, 4), expand=False))


def _newest(check: Check, report: Report) -> list[str]:
    """The newest piece of evidence of a test that earned points, and how many there are."""
    test = check.subject.partition(" ")[0]
    found = [row for row in rows(report, "readiness_evidence") if row["test"] == test]
    if not found or not number(check.observed):
        return []
    last = max(found, key=lambda row: figures.scalar(row["date"]))
    said = " ".join(figures.visible(str(last[name])) for name in ("what", "digest") if last[name])
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    day = f" of {figures.scalar(last['date'])[:10]}" if last["date"] else ""
    return [f"· {said}{day}{more}"]
