"""Score a project by the ML Test Score: 28 tests, each answered by what is on record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, plain_object, verb
from seakeep.cli._pages import page_option, write_page

if TYPE_CHECKING:
    from seakeep.core.report import Report, Verdict

PROOFS = ("reproducible", "tests")


@verb
@click.argument("project", type=click.Path(), default=".")
@click.option("--name", metavar="NAME", help="Which pipeline, where the file has several.")
@click.option("--at-least", type=float, metavar="SCORE", help="End with code 1 below this score (0 to 7).")
@click.option("--fresh", metavar="LENGTH", default="30d", show_default=True, help="How old evidence may be.")
@click.option("--attest", metavar="TEST", help="Sign off that a person ran TEST; needs --by and --evidence.")
@click.option("--by", metavar="NAME", default="", help="Who signs off.")
@click.option("--evidence", metavar="TEXT|FILE", default="", help="What it rests on; a file is kept by its digest.")
@click.option("--valid", metavar="LENGTH", default="90d", show_default=True, help="How long a signature counts.")
@click.option("--prove", type=click.Choice(PROOFS), help="Train again and compare, or run the project's own tests.")
@click.option("--badge", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a badge (.svg).")
@page_option
def command(
    door: Door,
    *,
    project: str,
    name: str | None,
    at_least: float | None,
    fresh: str,
    attest: str | None,
    by: str,
    evidence: str,
    valid: str,
    prove: str | None,
    badge: Path | None,
    output: Path | None,
) -> Verdict | None:
    """Say of each of 28 tests what is proven for PROJECT, a pipeline's file or its folder, what is missing, and what to type.

    Nothing is run or written but by --attest and --prove. The exit code is 0 unless --at-least asks for a score: then 1 below it.

    Example: seakeep readiness pipeline.py --at-least 2
    """
    from seakeep.pipeline import readiness

    _check(attest, by, evidence, badge)
    if attest:
        readiness.attest(project, attest, by=by, evidence=evidence, valid=valid, name=name, home=door.home)
    if prove:
        told = None if door.as_json else _told
        readiness.prove(project, "tests" if prove == "tests" else "reproducible", name=name, home=door.home, told=told)
    report = readiness.assess(project, name=name, home=door.home, fresh=fresh, at_least=at_least)
    write_page(output, report)
    if badge is not None:
        from seakeep.core.files import write_text
        from seakeep.views.badge import badge as drawn

        write_text(badge, drawn(report))
    _show(door, report)
    return report.checks[0].verdict if at_least is not None else None


def _show(door: Door, report: Report) -> None:
    from seakeep.views import readiness, terminal

    figures = {"score": readiness.score(report), "sections": readiness.sections(report)}
    door.show({**figures, "verdict": report.verdict, **plain_object(report)}, lambda: terminal.drawn(report))


def _check(attest: str | None, by: str, evidence: str, badge: Path | None) -> None:
    if not attest and (by or evidence):
        raise click.UsageError("--by and --evidence sign a test off, so they need --attest TEST")
    if badge is not None and badge.suffix != ".svg":
        raise click.BadParameter(f"{badge} does not end in .svg", param_hint="--badge")


def _told(message: str) -> None:
    click.echo(message, err=True)
