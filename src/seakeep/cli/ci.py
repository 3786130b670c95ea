"""Check a change, deliver it, train again: the one command inside the workflows of GitHub and GitLab."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seakeep.cli._door import Door, plain_object, verb
from seakeep.cli._help import NAMES, Group

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.core.report import Verdict
    from seakeep.pipeline.ci import Checked, Delivered, Retrained

T = TypeVar("T")
_file = click.argument("file", type=click.Path(), default="pipeline.py")
_name = click.option("--name", metavar="NAME", help="Which pipeline, where the file has several.")
_exports = click.option(
    "--export", "exports", multiple=True, metavar="TARGET", help="Write the manifests of this target."
)
_to = click.option("--to", type=click.Path(file_okay=False), default="deploy", show_default=True, metavar="DIR",
                   help="Where manifests go, a folder a target.")  # fmt: skip


@click.group(cls=Group, context_settings={"help_option_names": NAMES})
def command() -> None:
    """The one command inside a workflow of GitHub or GitLab: check a pull request, deliver a merge, train again.

    Write the workflows with: seakeep export github-actions pipeline.py -o .

    Example: seakeep ci check pipeline.py --base origin/main
    """


@verb
@_file
@click.option(
    "--base", metavar="REF", help="What the change goes to (default: what GitHub or GitLab say, else nothing)."
)
@click.option("--rows", type=click.IntRange(min=1), default=50_000, show_default=True, metavar="N",
              help="Try on about so many rows; of each part of a table that arrives in spans.")  # fmt: skip
@click.option("--spans", type=click.IntRange(min=2), metavar="N", help="Try on the newest so many spans.")
@click.option("--minutes", type=click.IntRange(min=1, max=1440), default=10, show_default=True,
              help="Stop the trial after so long.")  # fmt: skip
@click.option("--breaking", type=click.Choice(["fail", "accept"]), default="fail", show_default=True,
              help="A contract that breaks those who kept the old one.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), default=Path("seakeep-ci"),
              show_default=True, metavar="DIR", help="Where the report goes.")  # fmt: skip
@_name
def check(
    door: Door,
    *,
    file: str,
    base: str | None,
    rows: int,
    spans: int | None,
    minutes: int,
    breaking: str,
    output: Path,
    name: str | None,
) -> Verdict:
    """Check the change that is checked out: its contract, its data, and a model tried on a sample.

    Nothing of it is put on record. DIR gets report.md for the pull request, a page a part, junit.xml and code-quality.json. In a job of
    GitHub the report is the job's summary too, and what did not pass is shown beside its line.

    Example: seakeep ci check pipeline.py --base origin/main
    """
    from seakeep.pipeline import ci
    from seakeep.pipeline.ci.base import reference_of, repository
    from seakeep.pipeline.ci.places import findings
    from seakeep.pipeline.ci.writing import MARKDOWN, summary
    from seakeep.views import annotations

    checked = _told("the check", file, lambda: ci.check(
        file, base=reference_of(os.environ) if base is None else base, rows=rows, spans=spans, minutes=minutes,
        accept_breaking=breaking == "accept", name=name, home=door.home, began=lambda text: click.echo(text, err=True)), output=output)  # fmt: skip
    found = findings(checked, repository(Path(file).absolute().parent))
    ci.write_folder(output, checked, found, link=_link())
    _annotate(annotations.commands(found))
    _summarise(lambda limit: summary(checked, link=_link(), limit=limit))
    door.show({"verdict": checked.verdict, **plain_object(checked)}, lambda: _checked(checked, output / MARKDOWN))
    return checked.verdict


@verb
@_file
@_exports
@_to
@click.option("--rollout", metavar="PLAN", help="canary, experiment, immediate or none (default: rollout.plan).")
@_name
def release(
    door: Door, *, file: str, exports: tuple[str, ...], to: str, rollout: str | None, name: str | None
) -> Verdict:
    """Deliver what was merged: the full run, its release, the manifests, and its rollout.

    May be done again: what is there is found. Releases are not signed. Exit code 2 also where the release passed and another
    rollout is under way.

    Example: seakeep ci release pipeline.py --export kubernetes --rollout canary
    """
    from seakeep.cli._progress import Lines, Quiet
    from seakeep.pipeline import ci
    from seakeep.pipeline.ci.writing import delivery

    with Quiet() if door.as_json else Lines() as observer:
        done = _told("the delivery", file, lambda: ci.deliver(
            file, exports=exports, to=to, rollout=rollout, name=name, home=door.home, observer=observer))  # fmt: skip
    _summarise(lambda _limit: delivery(done))
    plain = {**plain_object(done), "verdict": done.verdict, "exit_code": done.verdict.exit_code}
    door.show(plain, lambda: _delivered(done))
    return done.verdict


@verb
@_file
@_exports
@_to
@click.option("--now", is_flag=True, help="Train now, whatever the cool-down and the budget say.")
@_name
def retrain(door: Door, *, file: str, exports: tuple[str, ...], to: str, now: bool, name: str | None) -> int:
    """Look once whether to train again (new spans, the schedule, drift, decay), do it, and export what came of it.

    What asks for a training and what stands against it are the settings [retrain]; the exit codes are those of
    `seakeep retrain --once`.

    Example: seakeep ci retrain pipeline.py --export kubernetes
    """
    from seakeep.pipeline import ci
    from seakeep.pipeline.ci.writing import retraining

    done = _told("the retraining", file, lambda: ci.retrain(
        file, asked=now, exports=exports, to=to, name=name, home=door.home,
        began=lambda why: click.echo(f"training: {why}", err=True)))  # fmt: skip
    _summarise(lambda _limit: retraining(done))
    door.show(_plain(done), lambda: _retrained(done))
    return done.look.exit_code


def _told(what: str, file: str, work: Callable[[], T], *, output: Path | None = None) -> T:
    """What `work` returns; where it breaks off, the platform is told before the error goes on to the door.

    output: the folder of the report, where there is one.
    """
    from seakeep.core.errors import SeakeepError
    from seakeep.core.files import CannotWrite

    try:
        return work()
    except SeakeepError as error:
        from seakeep.pipeline.ci.base import repository
        from seakeep.pipeline.ci.places import place_of_error
        from seakeep.pipeline.ci.writing import broken, write_broken
        from seakeep.views import annotations

        folder = Path(file).absolute().parent
        path, line = place_of_error(error.where, repository(folder), folder)
        _annotate([annotations.error(error.found, title=type(error).__name__, path=path, line=line)])
        if output is not None:
            with contextlib.suppress(CannotWrite):  # what broke off is what matters
                write_broken(output, error, path=path, line=line)
        told = broken(error, what=what)
        _summarise(lambda _limit: told)
        raise


def _annotate(commands: list[str]) -> None:
    """Commands of GitHub's runner, in a job of GitHub; on standard error, so that the answer stays one document."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for each in commands:
            click.echo(each, err=True)


def _summarise(drawn: Callable[[int], str]) -> None:
    """Add to the job's summary, in a job of GitHub. The runner takes 1 MiB a step, and nothing of what is larger."""
    from seakeep.views.markdown_report import SUMMARY

    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if not place:
        return
    try:
        taken = Path(place).stat().st_size if Path(place).exists() else 0
        with Path(place).open("a", encoding="utf-8", errors="replace") as file:
            file.write(drawn(max(SUMMARY - taken - 1, 4096)) + "\n")
    except OSError as error:
        click.echo(f"the job's summary cannot be written: {error}", err=True)


def _link() -> str:
    """Where this job's files are found, by the variables of the platform; "" elsewhere."""
    server, repository, run = (os.environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    if server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}#artifacts"
    job = os.environ.get("CI_JOB_URL", "")
    return f"{job}/artifacts/browse" if job else ""


def _checked(checked: Checked, report: Path) -> object:
    from rich.console import Group
    from rich.text import Text

    from seakeep.views import terminal

    drawn = [terminal.report(part.report) for part in checked.parts if part.report is not None]
    skipped = [f"{part.title}: not run, {part.why}" for part in checked.parts if part.report is None]
    return Group(*drawn, Text("\n".join([*skipped, "", f"tried on {checked.sample}", f"report  {report}"])))


def _delivered(done: Delivered) -> str:
    from seakeep.cli._progress import ending

    lines = [ending(done.run), *(f"manifests  {target}  {folder}" for target, folder in done.exported.items())]
    return "\n".join([*lines, *([done.told] if done.told else [])])


def _plain(done: Retrained) -> dict[str, Any]:
    return {**plain_object(done.look), "exported": done.exported, "exit_code": done.look.exit_code}


def _retrained(done: Retrained) -> str:
    from seakeep.cli.retrain import _words

    return "\n".join(
        [_words(done.look), *(f"  manifests  {target}  {folder}" for target, folder in done.exported.items())]
    )


for _part in (check, release, retrain):
    command.add_command(_part)
