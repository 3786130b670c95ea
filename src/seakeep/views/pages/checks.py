"""A report's checks as its page shows them: what failed in full, the furthest first, and what passed as a table.

Where a report is about columns (drift, monitoring), a column's checks are one part of the page, with both of its distributions
side by side. Of very many only the first are shown in full; the others are folded into a table, but for kinds whose checks are few
by nature.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.codec import to_plain
from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.pages.parts import Grid, Item, grid
from seakeep.views.pictures.drift import shape
from seakeep.views.pictures.records import grouped
from seakeep.views.sentences import by_distance, moved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.report import Check, Report
    from seakeep.views.pictures.records import Picture, Record

ABOUT_COLUMNS = frozenset({"drift", "monitoring"})
UNFOLDED = frozenset({"readiness"})
SHOWN = 24
_PICTURES = 12
_EVIDENCE_LENGTH = 4000
_GROUPS = ((Verdict.FAIL, "Failed"), (Verdict.INCONCLUSIVE, "Inconclusive"), (Verdict.PASS, "Passed"))


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check that did not pass, or all such checks of one column."""

    code: str
    subject: str
    message: str
    compared: tuple[Item, ...]
    fix: str
    evidence: str
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The checks of one verdict: each in full, or as a grid where they passed; `rest` are those that are folded away."""

    id: str
    title: str
    verdict: str
    checks: tuple[CheckView, ...] = ()
    grid: Grid | None = None
    rest: Grid | None = None


def groups(report: Report) -> tuple[Group, ...]:
    """The checks by verdict, the worst first."""
    found = ((verdict, words, [c for c in report.checks if c.verdict is verdict]) for verdict, words in _GROUPS)
    return tuple(_group(report, verdict, words, checks) for verdict, words, checks in found if checks)


def drawn_columns(found: Sequence[Group]) -> frozenset[str]:
    """The columns whose distributions are drawn beside their checks."""
    return frozenset(view.subject for group in found for view in group.checks if view.picture)


def _group(report: Report, verdict: Verdict, words: str, checks: Sequence[Check]) -> Group:
    name, title = f"checks-{verdict.value}", f"{words} ({figures.number(len(checks))})"
    if verdict is Verdict.PASS:
        listed = _listed("Checks that passed", checks)
        folds = report.kind in ABOUT_COLUMNS and len(checks) > _PICTURES
        return Group(name, title, verdict.value, grid=None if folds else listed, rest=listed if folds else None)
    subjects = _by_subject(report, checks)
    most = len(subjects) if report.kind in UNFOLDED else SHOWN
    shown, rest = subjects[:most], [check for same in subjects[most:] for check in same]
    shapes = _shapes(report) if verdict is Verdict.FAIL else {}
    views = tuple(_view(same, shapes if i < _PICTURES else {}) for i, same in enumerate(shown))
    folded = _listed(f"{figures.counted(len(rest), 'more check')}", rest, fix=True) if rest else None
    return Group(name, title, verdict.value, views, rest=folded)


def _by_subject(report: Report, checks: Sequence[Check]) -> list[list[Check]]:
    """One list a part of the page: of one check, or of a column's checks where the report is about columns."""
    if report.kind not in ABOUT_COLUMNS:
        return [[check] for check in checks]
    subjects: dict[str, list[Check]] = {}
    for check in by_distance(checks):
        subjects.setdefault(check.subject, []).append(check)
    return list(subjects.values())


def _view(checks: Sequence[Check], shapes: Mapping[str, Sequence[Record]]) -> CheckView:
    if len(checks) == 1 and not moved(checks[0]):
        return _one(checks[0], shapes)
    first = checks[0]
    how = next((said for said in map(moved, checks) if said), "")
    plain = [check.message for check in checks if check.observed is None or check.threshold is None or not how]
    said = f"{how[:1].upper()}{how[1:]}." if how else ""
    pairs = [(check.code.partition(".")[2], check) for check in checks if check.observed is not None]
    return CheckView(
        code=figures.visible(", ".join(check.code for check in checks)),
        subject=figures.visible(first.subject) or figures.ABSENT,
        message=figures.lines("\n".join(part for part in (said, *plain) if part)),
        compared=tuple(Item(figures.visible(name), _against(check)) for name, check in pairs),
        fix=figures.lines("\n".join(dict.fromkeys(check.fix for check in checks if check.fix))),
        evidence=_evidence({check.code: check.evidence for check in checks if check.evidence}),
        picture=_picture(first.subject, shapes),
    )


def _one(check: Check, shapes: Mapping[str, Sequence[Record]]) -> CheckView:
    pairs = (("observed", check.observed), ("threshold", check.threshold))
    return CheckView(
        code=figures.visible(check.code),
        subject=figures.visible(check.subject) or figures.ABSENT,
        message=figures.lines(check.message),
        compared=tuple(Item(name, figures.scalar(value)) for name, value in pairs if value is not None),
        fix=figures.lines(check.fix),
        evidence=_evidence(check.evidence),
        picture=_picture(check.subject, shapes),
    )


def _against(check: Check) -> str:
    limit = "" if check.threshold is None else f" (threshold {figures.scalar(check.threshold)})"
    return f"{figures.scalar(check.observed)}{limit}"


def _evidence(found: Mapping[str, object]) -> str:
    if not found:
        return ""
    text = json.dumps(to_plain(found), ensure_ascii=False, indent=1)
    cut = text[:_EVIDENCE_LENGTH] + "\n… the saved report holds the rest" if len(text) > _EVIDENCE_LENGTH else text
    return figures.lines(cut)


def _shapes(report: Report) -> dict[str, list[Record]]:
    needed = {"column", "bin", "reference", "current"}
    tables = [table for table in report.tables if table.name == "shapes" and needed <= set(table.columns)]
    records = [record for table in tables for record in table.records()]
    return {column: rows for column, rows in grouped(records, "column").items() if isinstance(column, str)}


def _picture(subject: str, shapes: Mapping[str, Sequence[Record]]) -> Picture | None:
    return shape(shapes[subject], subject) if subject in shapes else None


def _listed(caption: str, checks: Sequence[Check], *, fix: bool = False) -> Grid:
    columns = ("subject", "check", "observed", "threshold", "message", *(("what to do",) if fix else ()))
    rows = [(c.subject, c.code, c.observed, c.threshold, c.message, *((c.fix,) if fix else ())) for c in checks]
    return grid(caption, columns, rows)
