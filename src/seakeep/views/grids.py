"""Tables in a terminal, as rich draws them: without lines, and with fewer columns where it is narrow. Called by `terminal`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table as Grid
from rich.text import Text

from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

NARROW, NAME = 72, 40
"""Characters: a terminal with fewer is narrow; the longest name of a column that is shown whole."""


@dataclass(frozen=True, slots=True)
class ByWidth:
    """A table of columns' facts; a narrow terminal gets the name, what is missing and the last column only."""

    title: Text
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        narrow = options.max_width < NARROW
        last = len(self.columns) - 1
        shown = [i for i, name in enumerate(self.columns) if not narrow or i in (0, last) or name == "missing"]
        grid = grid_of(self.title)
        for i in shown:
            numeric = self.columns[i] in ("missing", "different")
            grid.add_column(
                self.columns[i], justify="right" if numeric else "left", overflow="fold", no_wrap=i not in (0, last)
            )
        for row in self.rows:
            name = figures.shortened(figures.visible(row[0]), 18 if narrow else NAME)
            grid.add_row(Text(name), *(plain(row[i]) for i in shown[1:]))
        yield grid


def grid_of(title: Text | None) -> Grid:
    """An empty table without lines."""
    return Grid(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )


def plain(content: str) -> Text:
    """Text with its control characters written out."""
    return Text(figures.visible(content))
