"""How a run looks while it goes: one line a stage, and on a terminal a clock beside the stage that is at work.

Rich is loaded only when a stage is at work on a terminal, since a run with nothing to do should take no time at all.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

import click

from seakeep.cli._here import from_here
from seakeep.core.report import Verdict
from seakeep.pipeline.results import RunResult, Silent, StageResult
from seakeep.views import figures

if TYPE_CHECKING:
    from rich.progress import Progress

COLOURS = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
_WIDEST = 8


class Quiet(Silent):
    """Says nothing; used with --json."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Lines(Quiet):
    """One line a stage on standard output; notes on standard error."""

    def __init__(self) -> None:
        self._clock: Progress | None = None

    def __exit__(self, *_: object) -> None:
        self._stop()

    def started(self, stage: str) -> None:
        """Show a clock beside the stage's name, on a terminal."""
        self._stop()
        if not sys.stdout.isatty():
            return
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._clock = Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), transient=True)
        self._clock.add_task(stage, total=None)
        self._clock.start()

    def finished(self, result: StageResult) -> None:
        """Write the stage's line and its notes."""
        self._stop()
        click.echo(line(result))
        for note in result.notes:
            self.noted(note)

    def noted(self, message: str) -> None:
        """Write a note."""
        click.echo(f"  {message}", err=True)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.stop()
            self._clock = None


def line(result: StageResult) -> str:
    """One stage on one line: verdict, time, CPU time, peak memory; of a cached one the time it once took."""
    verdict = click.style(f"{result.verdict:<12}", fg=COLOURS.get(result.verdict))
    if result.cached:
        return f"{result.stage:<{_WIDEST}}  {verdict}  cached (took {figures.seconds(result.first_seconds)})"
    costs = f"{figures.seconds(result.wall_seconds):>8}  {figures.seconds(result.cpu_seconds):>8} CPU"
    return f"{result.stage:<{_WIDEST}}  {verdict}  {costs}  {figures.size(result.peak_bytes):>9}"


def ending(result: RunResult) -> str:
    """What follows the stages: the checks that did not pass, the release, the pages, the metrics that were asked for."""
    lines = [""] if result.not_passed else []
    for check in result.not_passed:
        verdict = click.style(check.verdict.value, fg=COLOURS.get(check.verdict.value))
        lines.append(f"{verdict}  {check.code} {figures.visible(check.subject)}: {figures.visible(check.message)}")
        lines += [f"      {figures.visible(check.fix)}"] if check.fix else []
    lines.append("")
    if result.label:
        lines += [f"release {result.label}  {result.release[:12]}  {result.folder}"]
    elif result.verdict is Verdict.FAIL:
        lines += ["no release was made"]
    pages = [page for stage in result.stages for page in stage.pages]
    told = [f"{name}={value!r}" for name, value in result.metrics.items() if value is not None]
    return "\n".join([*lines, *(f"page    {page}" for page in pages), *_next(result), *told])


def _next(result: RunResult) -> list[str]:
    """The line to type after a run that made a release: serve it, roll it out, or look at it by its version."""
    if not result.label:
        return []
    name = result.label.partition("@")[0]
    if result.waits:
        told = f"{result.label} passed and waits: {result.champion or 'no release'} is the champion"
        return ["", told, _typed(f"seakeep rollout start {name}", result)]
    if result.label == result.champion:
        return ["", _typed(f"seakeep serve {name}", result)]
    told = f"{result.label} is kept, but it is not the champion: not every check passed"
    return ["", told, _typed(f"seakeep serve {result.label}", result)]


def _typed(command: str, result: RunResult) -> str:
    return f"next: {from_here(command, file=result.file, home=result.home)}"
