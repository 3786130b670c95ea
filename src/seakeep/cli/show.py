"""Show what an identifier stands for: a release, a report, statistics, a schema, a model, a dataset, a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seakeep.cli import _prediction
from seakeep.cli._door import Door, plain_object, verb

if TYPE_CHECKING:
    from seakeep.registry import Artifact, Registered, Registry


@verb
@click.argument("id_", metavar="ID")
def command(door: Door, *, id_: str) -> None:
    """Show ID: a release, the first digits of any digest, a data file's path, or a prediction's id.

    Example: seakeep show trips@3
    """
    from seakeep.registry.errors import BadReference

    with door.registry() as registry:
        try:
            artifact = registry.find(id_)
        except BadReference:
            trace = _prediction.traced(registry, id_)
            if trace is None:
                raise
            door.show(_prediction.plain(trace), lambda: f"{_prediction.head(trace)}\n\n{_prediction.rows(trace)}")
            return
        if artifact.kind == "release":
            _show_release(door, registry.resolve(artifact.digest))
        else:
            _show_artifact(door, registry, artifact)


def _show_release(door: Door, found: Registered) -> None:
    from seakeep.core import Report

    paths = sorted((found.folder / "reports").glob("*.json"))
    reports = [Report.load(path) for path in paths]
    plain = {
        "kind": "release",
        "label": found.label,
        "digest": found.release.digest,
        "version": found.version,
        "aliases": found.aliases,
        "registered": found.registered,
        "folder": str(found.folder),
        **plain_object(found.release),
        "reports": {path.stem: report.verdict for path, report in zip(paths, reports, strict=True)},
    }

    def drawn() -> object:
        from rich.console import Group
        from rich.text import Text

        from seakeep.views import terminal

        aliases = f" ({', '.join(found.aliases)})" if found.aliases else ""
        head = Text(f"release {found.label}{aliases}  {found.release.digest[:12]}\nfolder  {found.folder}\n")
        origins = Text(
            "\n".join(
                f"{role:<14} {origin if role == 'set' or role.endswith('_spans') else origin[:12]}"
                for role, origin in found.release.made_from.items()
            )
            + "\n"
        )
        return Group(head, origins, *(terminal.report(report) for report in reports))

    door.show(plain, drawn)


def _show_artifact(door: Door, registry: Registry, artifact: Artifact) -> None:
    """A noun drawn by its own view; of what is kept elsewhere, who wrote and who read it."""
    from seakeep.core import Model, Report, Schema, Statistics

    kinds: dict[str, Any] = {"report": Report, "schema": Schema, "statistics": Statistics, "model": Model}
    noun = registry.get(kinds[artifact.kind], artifact.digest) if artifact.kind in kinds else None
    written, read = registry.executions.writing(artifact.digest), registry.executions.reading(artifact.digest)
    plain = {
        "kind": artifact.kind,
        "name": artifact.name,
        "digest": artifact.digest,
        "noun": plain_object(noun) if isinstance(noun, Report | Schema | Statistics) else None,
        "written_by": [_told(each) for each in written],
        "read_by": [_told(each) for each in read],
    }

    def drawn() -> object:
        from rich.console import Group
        from rich.text import Text

        from seakeep.views import card, terminal

        views: dict[str, Any] = {
            "report": terminal.drawn,
            "schema": terminal.schema,
            "statistics": terminal.statistics,
        }
        head = Text(f"{artifact.kind} {artifact.name}  {artifact.digest}")
        lines = [f"written by {each.pipeline} {each.stage} (run {each.run})" for each in written[:5]]
        lines += [f"read by {each.pipeline} {each.stage} (run {each.run})" for each in read[:5]]
        shown = views[artifact.kind](noun) if artifact.kind in views else ""
        shown = Text(card.card(noun)) if isinstance(noun, Model) else shown
        return Group(head, Text("\n".join(lines)), shown)

    door.show(plain, drawn)


def _told(execution: Any) -> dict[str, Any]:
    names = ("id", "run", "pipeline", "stage", "verdict", "started", "wall_seconds", "cpu_seconds", "peak_bytes")
    return {name: getattr(execution, name) for name in names}
