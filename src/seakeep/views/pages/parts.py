"""The parts that pages share: a named value, a grid of cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.codec import Scalar
    from seakeep.core.report import Table

ROWS_SHOWN = 500
_VERDICTS = frozenset(verdict.value for verdict in Verdict)


@dataclass(frozen=True, slots=True)
class Item:
    """A value and its name; `beside` is a smaller line, such as an interval."""

    name: str
    value: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; numbers are set to the right."""

    name: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text; `verdict` is its value where the text is one."""

    text: str
    is_number: bool = False
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as it is shown."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def grid(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Scalar]], *, note: str = "") -> Grid:
    """Rows as cells; the first ROWS_SHOWN of them, and a note where there are more."""
    shown = tuple(tuple(_cell(value) for value in row) for row in rows[:ROWS_SHOWN])
    numeric = [any(row[i].is_number for row in shown) for i in range(len(columns))]
    shown = tuple(tuple(replace(cell, is_number=n) for cell, n in zip(row, numeric, strict=True)) for row in shown)
    headings = tuple(Column(_heading(name), number) for name, number in zip(columns, numeric, strict=True))
    left_out = f"The first {ROWS_SHOWN} of {figures.counted(len(rows), 'row')}; the saved report holds all of them."
    notes = (figures.lines(note), left_out if len(rows) > ROWS_SHOWN else "")
    return Grid(figures.lines(caption), headings, shown, " ".join(part for part in notes if part))


def table_grid(table: Table) -> Grid:
    """A report's table as a grid."""
    return grid(table.title or table.name, table.columns, table.rows, note=table.note)


def _cell(value: Scalar) -> Cell:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = figures.scalar(value) if value != "" else ""
    return Cell(text, is_number, text if value in _VERDICTS else "")


def _heading(name: str) -> str:
    return figures.visible(name).replace("_", " ")
