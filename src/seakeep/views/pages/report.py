"""The page of a report: the verdict first, then what failed and what to do, then the numbers and their pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.pages.checks import Group, drawn_columns, groups
from seakeep.views.pages.headlines import headline, place
from seakeep.views.pages.parts import Grid, Item, table_grid
from seakeep.views.pictures import Picture, pictures
from seakeep.views.readiness import KIND, score
from seakeep.views.sentences import sentence

if TYPE_CHECKING:
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
    "readiness": "Readiness",
}
_ROWS_UNFOLDED, _PICTURES_UNFOLDED, _NARROW = 12, 4, 5
_ORDER = {
    "rollout": ("decisions", "looks", "effects"),
    "monitoring": ("drift", "windows", "decay", "metrics", "shapes"),
}


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
        word=f"{score(report):g} of 7" if report.kind == KIND else WORDS[report.verdict],
        sentence=sentence(report),
        numbers=headline(report),
        groups=found,
        sections=tuple(_section(report, i, drawn_columns(found)) for i in _order(report)),
    )


def _order(report: Report) -> list[int]:
    """Places of the tables: those that tell the report's story first."""
    first = _ORDER.get(report.kind, ())
    names = [table.name for table in report.tables]
    return sorted(range(len(names)), key=lambda i: first.index(names[i]) if names[i] in first else len(first))


def _section(report: Report, index: int, shown: frozenset[str]) -> Section:
    table = report.tables[index]
    drawn = pictures(_not_drawn_yet(table, shown), report=report)
    long = len(table.rows) > _ROWS_UNFOLDED and (drawn or table.name == "shapes")
    words = f"All {figures.counted(len(table.rows), 'row')} as a table" if long else ""
    if table.name == "metrics":
        drawn = tuple(sorted(drawn, key=lambda picture: place(report, picture.title.partition(" ")[0])))
    title = figures.visible(table.title or table.name)
    beside = len(drawn) == 1 and len(table.columns) <= _NARROW and table.name != "shapes"
    return Section(f"table-{index}", title, drawn, table_grid(table), words, _PICTURES_UNFOLDED, beside)


def _not_drawn_yet(table: Table, shown: frozenset[str]) -> Table:
    """A table "shapes" without the columns whose distributions stand beside their checks; others as they are."""
    if table.name != "shapes" or "column" not in table.columns:
        return table
    place = table.columns.index("column")
    return replace(table, rows=tuple(row for row in table.rows if figures.scalar(row[place]) not in shown))
