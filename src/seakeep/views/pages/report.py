"""The page of a report: the verdict first, then what failed and what to do, then the numbers and their pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.codec import to_plain
from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.pages.parts import Grid, Item, grid, table_grid
from seakeep.views.pictures import Picture, is_whole, pictures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Scalar
    from seakeep.core.report import Check, Report

WORDS = {Verdict.PASS: "Pass", Verdict.FAIL: "Fail", Verdict.INCONCLUSIVE: "Inconclusive"}
_GROUPS = ((Verdict.FAIL, "Failed"), (Verdict.INCONCLUSIVE, "Inconclusive"), (Verdict.PASS, "Passed"))
_KINDS = {
    "validation": "Validation",
    "evaluation": "Evaluation",
    "drift": "Drift",
    "training": "Training",
    "parity": "Parity",
}
_EVIDENCE_LENGTH, _ROWS_UNFOLDED, _PICTURES_UNFOLDED, _FIGURES = 4000, 12, 4, 6
_METRICS = {"slice", "metric", "value"}


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check that did not pass."""

    code: str
    subject: str
    message: str
    compared: tuple[Item, ...]
    fix: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Group:
    """The checks of one verdict: each in full, or as a grid where they passed."""

    id: str
    title: str
    verdict: str
    checks: tuple[CheckView, ...] = ()
    grid: Grid | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A table and its pictures; `folded` are the words that open the table, `shown` how many pictures need no opening."""

    id: str
    title: str
    pictures: tuple[Picture, ...]
    grid: Grid
    folded: str = ""
    shown: int = 0


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Everything the template of a report asks for."""

    kind: str
    title: str
    subject: str
    digest: str
    verdict: str
    word: str
    sentence: str
    numbers: tuple[Item, ...]
    groups: tuple[Group, ...]
    sections: tuple[Section, ...]


def report_page(report: Report, *, title: str = "") -> ReportPage:
    """The page of `report`."""
    return ReportPage(
        kind=_KINDS.get(report.kind, figures.visible(report.kind).capitalize()),
        title=figures.visible(title or report.title or report.kind),
        subject=figures.visible(report.subject),
        digest=report.digest,
        verdict=report.verdict.value,
        word=WORDS[report.verdict],
        sentence=sentence(report),
        numbers=tuple(_headline(report)),
        groups=tuple(_group(report, verdict, words) for verdict, words in _GROUPS if _of(report, verdict)),
        sections=tuple(_section(report, i) for i in range(len(report.tables))),
    )


def sentence(report: Report) -> str:
    """The verdict in one sentence."""
    if not report.checks:
        return "Nothing was checked, so nothing was found to be in order."
    counts = {verdict: len(_of(report, verdict)) for verdict in Verdict}
    if counts[Verdict.PASS] == len(report.checks):
        return (
            "The one check passed."
            if len(report.checks) == 1
            else f"All {figures.number(len(report.checks))} checks passed."
        )
    names = ((Verdict.FAIL, "failed"), (Verdict.INCONCLUSIVE, "inconclusive"), (Verdict.PASS, "passed"))
    listed = ", ".join(f"{figures.number(counts[verdict])} {word}" for verdict, word in names if counts[verdict])
    return f"Of {figures.counted(len(report.checks), 'check')}: {listed}."


def _of(report: Report, verdict: Verdict) -> list[Check]:
    return [check for check in report.checks if check.verdict is verdict]


def _group(report: Report, verdict: Verdict, words: str) -> Group:
    checks = _of(report, verdict)
    title = f"{words} ({figures.number(len(checks))})"
    if verdict is not Verdict.PASS:
        return Group(f"checks-{verdict.value}", title, verdict.value, tuple(_check(check) for check in checks))
    columns = ("subject", "check", "observed", "threshold", "message")
    rows = [(c.subject, c.code, c.observed, c.threshold, c.message) for c in checks]
    return Group(f"checks-{verdict.value}", title, verdict.value, grid=grid("Checks that passed", columns, rows))


def _check(check: Check) -> CheckView:
    pairs = (("observed", check.observed), ("threshold", check.threshold))
    evidence = json.dumps(to_plain(check.evidence), ensure_ascii=False, indent=1) if check.evidence else ""
    if len(evidence) > _EVIDENCE_LENGTH:
        evidence = evidence[:_EVIDENCE_LENGTH] + "\n… the saved report holds the rest"
    return CheckView(
        code=figures.visible(check.code),
        subject=figures.visible(check.subject) or figures.ABSENT,
        message=figures.lines(check.message),
        compared=tuple(Item(name, figures.scalar(value)) for name, value in pairs if value is not None),
        fix=figures.lines(check.fix),
        evidence=figures.lines(evidence),
    )


def _headline(report: Report) -> list[Item]:
    """The metrics of all rows: those that a check is about first."""
    found = [table for table in report.tables if table.name == "metrics" and set(table.columns) >= _METRICS]
    records = [record for table in found for record in table.records() if is_whole(record["slice"])]
    ordered = sorted(records, key=lambda record: _place(report, figures.scalar(record["metric"])))[:_FIGURES]
    return [Item(figures.scalar(r["metric"]), figures.short(r["value"]), _between(r)) for r in ordered]


def _between(record: Mapping[str, Scalar]) -> str:
    low, high = record.get("low"), record.get("high")
    return "" if low is None or high is None else f"{figures.short(low)} to {figures.short(high)}"


def _section(report: Report, index: int) -> Section:
    table = report.tables[index]
    drawn = pictures(table)
    long = len(table.rows) > _ROWS_UNFOLDED and drawn
    words = f"All {figures.counted(len(table.rows), 'row')} as a table" if long else ""
    if table.name == "metrics":
        drawn = tuple(sorted(drawn, key=lambda picture: _place(report, picture.title.partition(" ")[0])))
    title = figures.visible(table.title or table.name)
    return Section(f"table-{index}", title, drawn, table_grid(table), words, _PICTURES_UNFOLDED)


def _place(report: Report, metric: str) -> int:
    """Metrics that a check is about come first, in the checks' order."""
    asked = [check.subject.partition("[")[0] for check in report.checks]
    return asked.index(metric) if metric in asked else len(asked)
