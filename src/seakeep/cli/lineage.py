"""Trace an artifact: back to the files it was made from, or on to what was made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli import _prediction
from seakeep.cli._door import Door, plain_object, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from seakeep.registry import Artifact
    from seakeep.registry.lineage import Direction, Lineage


@verb
@click.argument("id_", metavar="ID")
@click.option("--up", "direction", flag_value="up", default="up", help="What it was made from (the default).")
@click.option("--down", "direction", flag_value="down", help="What was made of it.")
def command(door: Door, *, id_: str, direction: Direction) -> None:
    """Trace ID: a release, the first digits of any digest, the path of a data file or of predictions, or a prediction's id.

    Example: seakeep lineage trips@3 --up
    """
    from seakeep.registry.errors import BadReference

    with door.registry() as registry:
        try:
            found, trace = registry.lineage(id_, direction), None
        except BadReference:
            trace = _prediction.traced(registry, id_)
            if trace is None:
                raise
            found = trace.lineage if direction == "up" else replace(trace.lineage, direction="down", edges=())

    def drawn() -> object:
        from rich.console import Group
        from rich.text import Text

        return Group(*([Text(f"{_prediction.head(trace)}\n")] if trace else []), _tree(found))

    told = {"prediction": _prediction.plain(trace)} if trace else {}
    door.show({**plain_object(found), **told}, drawn)


def _tree(found: Lineage) -> RenderableType:
    from seakeep.views import terminal
    from seakeep.views.rows import LineageRow

    return terminal.lineage(
        [
            LineageRow(depth, artifact.kind, _near(artifact), stage, artifact.digest, repeated)
            for depth, stage, artifact, repeated in found.walk()
        ]
    )


def _near(artifact: Artifact) -> str:
    """An artifact's name; a path below the working folder as it is typed from here."""
    path = Path(artifact.name)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else artifact.name
