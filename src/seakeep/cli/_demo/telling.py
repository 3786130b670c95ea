"""How the demo speaks: panels, paragraphs, checks, small tables, and the figures for its last page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from seakeep.cli._demo.season import MODEL
from seakeep.core import Verdict
from seakeep.views import terminal
from seakeep.views.rows import StageRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rich.console import Console

    from seakeep.core import Check, Report
    from seakeep.pipeline import StageResult
    from seakeep.registry import Registered


class Telling:
    """One telling of the demo. folder: where its project, data, registry and reports are written."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder, self.console = folder, console
        self.rows: list[StageRow] = []
        self.pages: list[tuple[str, str]] = []
        self.home, self._act = folder / ".seakeep", ""

    def act(self, title: str, what: str) -> None:
        """Begin an act."""
        self._act = title
        self.console.print()
        self.console.print(Panel(what, title=f"[bold]{title}[/]", title_align="left", border_style="cyan"))

    def say(self, text: str) -> None:
        """Print a paragraph; lines that hold a path are left whole, to be copied."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=str(self.folder) in text)

    def checks(self, checks: Iterable[Check], *, most: int = 12, fixes: bool = False) -> None:
        """Print checks, a line each; the worst first where there are many. fixes: with what to do next."""
        worst = sorted(checks, key=lambda check: -check.verdict.exit_code % 3)
        grid = Grid(box=None, show_header=False, pad_edge=True)
        for check in worst[:most]:
            grid.add_row(terminal.verdict(check.verdict), Text(check.message))
            if fixes and check.fix:
                grid.add_row("", Text(f"→ {check.fix}", style="dim"))
        if worst:
            self.console.print(grid)
        if len(worst) > most:
            self.say(f"  and {len(worst) - most} more")

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a small table."""
        grid = Grid(title=title or None, title_justify="left", box=None, pad_edge=True, header_style="bold")
        for column in columns:
            grid.add_column(column)
        for row in rows:
            grid.add_row(*map(Text, row))
        self.console.print(grid)

    def figure(self, stage: str, seconds: float, *, note: str) -> None:
        """Keep a figure for the last page."""
        self.rows.append(StageRow(stage, seconds=seconds, note=note))

    def page(self, report: Report, name: str) -> None:
        """Draw a report as a page to open in a browser."""
        from seakeep.core.files import write_text
        from seakeep.views import html

        path = self.folder / "pages" / f"{name}.html"
        path.parent.mkdir(exist_ok=True)
        write_text(path, html.render(report))
        self.opened(path)

    def opened(self, page: Path | str) -> None:
        """Keep a page for the last act, which lists it under the title of this one."""
        self.pages.append((self._act, str(page)))

    def release(self, reference: str = MODEL) -> Registered:
        """A release on record, by default the one in charge."""
        from seakeep import Registry

        with Registry.existing(self.home) as registry:
            return registry.resolve(reference)

    # What a run tells while it goes on (see pipeline.results.Observer).
    def started(self, stage: str) -> None:
        """Nothing: a line is printed when the stage is done."""

    def finished(self, result: StageResult) -> None:
        """One line a stage."""
        verdict = Verdict(result.verdict) if result.verdict in ("pass", "fail", "inconclusive") else None
        costs = (result.wall_seconds, result.cpu_seconds, result.peak_bytes)
        self.rows.append(StageRow(result.stage, *costs, verdict, result.cached, "; ".join(result.notes)))
        if result.stage == "evaluate":
            for page in result.pages:
                self.opened(page)
        said = "found in the cache" if result.cached else f"{result.wall_seconds:.2f} s"
        self.say(f"  {result.stage:<9} {result.verdict:<13} {said}")

    def noted(self, message: str) -> None:
        """What a run wants a person to know."""
        self.say(f"  {message}")
