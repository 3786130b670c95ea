"""The page of a report: the verdict first, then what failed and what to do, then the numbers and their pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.pages.checks import Group, drawn_columns, groups
from seakeep.views.pages.parts import Grid, Item, table_grid
from seakeep.views.pictures import Picture, is_whole, pictures
from seakeep.views.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Scalar
    from seakeep.core.report import Report, Table

WORDS = {Verdict.PASS: "Pass", Verdict.FAIL: "Fail", Verdict.INCONCLUSIVE: "Inconclusive"}
_KINDS = {
    "validation": "Validation",
    "evaluation": "Evaluation",
    "drift": "Drift",
    "monitoring": "Monitoring",
    "rollout": "Rollout",
    "training": "Training",
    "parity": "Parity",
}
_ROWS_UNFOLDED, _PICTURES_UNFOLDED, _FIGURES, _NARROW = 12, 4, 6, 5
_METRICS = {"slice", "metric", "value"}


@dataclass(frozen=True, slots=True)
class Section:
    """A table and its pictures.

    folded: the words that open the table; shown: how many pictures need no opening; beside: one picture and a narrow table.
    """

    id: str
    title: str
    pictures: tuple[Picture, ...]
    grid: Grid
    folded: str = ""
    shown: int = 0
    beside: bool = False


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
    found = groups(report)
    return ReportPage(
        kind=_KINDS.get(report.kind, figures.visible(report.kind).capitalize()),
        title=figures.visible(title or report.title or report.kind),
        subject=figures.visible(report.subject),
        digest=report.digest,
        verdict=report.verdict.value,
        word=WORDS[report.verdict],
        sentence=sentence(report),
        numbers=tuple(_headline(report)),
        groups=found,
        sections=tuple(_section(report, i, drawn_columns(found)) for i in range(len(report.tables))),
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


def _section(report: Report, index: int, shown: frozenset[str]) -> Section:
    table = report.tables[index]
    drawn = pictures(_not_drawn_yet(table, shown), report=report)
    long = len(table.rows) > _ROWS_UNFOLDED and (drawn or table.name == "shapes")
    words = f"All {figures.counted(len(table.rows), 'row')} as a table" if long else ""
    if table.name == "metrics":
        drawn = tuple(sorted(drawn, key=lambda picture: _place(report, picture.title.partition(" ")[0])))
    title = figures.visible(table.title or table.name)
    beside = len(drawn) == 1 and len(table.columns) <= _NARROW and table.name != "shapes"
    return Section(f"table-{index}", title, drawn, table_grid(table), words, _PICTURES_UNFOLDED, beside)


def _not_drawn_yet(table: Table, shown: frozenset[str]) -> Table:
    """A table "shapes" without the columns whose distributions stand beside their checks; others as they are."""
    if table.name != "shapes" or "column" not in table.columns:
        return table
    place = table.columns.index("column")
    return replace(table, rows=tuple(row for row in table.rows if figures.scalar(row[place]) not in shown))


def _place(report: Report, metric: str) -> int:
    """Metrics that a check is about come first, in the checks' order."""
    asked = [check.subject.partition("[")[0] for check in report.checks]
    return asked.index(metric) if metric in asked else len(asked)
