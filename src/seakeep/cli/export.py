"""Write the files that a foreign system expects of a project or a release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seakeep.cli._door import Door, pair, verb
from seakeep.core.errors import SeakeepError, UsageError

if TYPE_CHECKING:
    from seakeep.pipeline.exports import Exported, Target


@verb
@click.argument("target", required=False)
@click.argument("what", metavar="[PROJECT|RELEASE]", required=False)
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="The folder to write."
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="An option of the target.")
@click.option(
    "--check", is_flag=True, help="Write nothing; say whether DIR is up to date (exit code 1 where it is not)."
)
@click.option("--force", metavar="REASON", help="Export a release that did not pass its checks; the files are marked.")
@click.option("--list", "listing", is_flag=True, help="List the targets, or the options of TARGET.")
def command(
    door: Door,
    *,
    target: str | None,
    what: str | None,
    output: Path | None,
    settings: tuple[str, ...],
    check: bool,
    force: str | None,
    listing: bool,
) -> int:
    """Write the files that TARGET expects of a project or a release.

    PROJECT is a pipeline's file or the folder of pipeline.py; RELEASE is a name, NAME@3, a digest's beginning or a release's
    folder. The same project and release give the same bytes.

    Example: seakeep export kubernetes pipeline.py -o deploy --set image=registry.example.com/team/trips
    """
    if listing or target is None:
        return _list(door, target)
    if what is None or output is None:
        raise UsageError(
            "an export needs what to export, and where to",
            where="seakeep export",
            fix=f"seakeep export {target} pipeline.py -o DIR",
        )
    from seakeep.pipeline.exports import export

    given = dict(pair(text) for text in settings)
    done = export(target, what, to=output, settings=given, force=force, check=check, home=door.home)
    door.show(_plain(done, check=check), lambda: _words(done, check=check))
    return int(check and not done.is_current)


def _plain(done: Exported, *, check: bool) -> dict[str, Any]:
    return {
        "target": done.target,
        "name": done.name,
        "folder": str(done.folder),
        "written": not check,
        "current": done.is_current,
        "files": done.states,
        "next": done.next_lines,
    }


def _words(done: Exported, *, check: bool) -> str:
    width = max(map(len, done.states), default=0)
    lines = [f"  {path:<{width}}  {state}" for path, state in done.states.items()]
    if check:
        told = "up to date" if done.is_current else f"out of date: seakeep export {done.target} … -o {done.folder}"
        return "\n".join([*lines, f"{done.folder} is {told}"])
    lines.insert(0, f"{done.target} of {done.name}, in {done.folder}")
    if done.next_lines:
        lines += ["next:", *(f"  {line}" for line in done.next_lines)]
    return "\n".join(lines)


def _list(door: Door, target: str | None) -> int:
    """Every target with what it needs, or one target's options with their defaults."""
    from seakeep.pipeline.exports.targets import Target, defaults, targets

    if target is not None:
        found = Target.of(target)
        known = defaults(found.module.Options)
        door.show({"target": found.name, "options": known}, lambda: "\n".join(_options(found, known)))
        return 0
    rows = [_row(name) for name in targets()]
    width = max((len(row["target"]) for row in rows), default=0)
    door.show({"targets": rows}, lambda: "\n".join(f"{row['target']:<{width}}  {row['summary']}" for row in rows))
    return 0


def _options(target: Target, known: dict[str, object]) -> list[str]:
    width = max(map(len, known), default=0)
    return [f"{target.name}: {target.summary}", *(f"  {key:<{width}}  {value!r}" for key, value in known.items())]


def _row(name: str) -> dict[str, str]:
    """A target's line. One whose library is not installed is told with the line that installs it."""
    from seakeep.pipeline.exports import Target

    try:
        found = Target.of(name)
    except SeakeepError as error:
        return {"target": name, "needs": "", "summary": str(error.fix)}
    return {"target": name, "needs": found.needs, "summary": found.summary}
