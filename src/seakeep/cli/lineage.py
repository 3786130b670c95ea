"""Trace an artifact: back to the files it was made from, or on to what was made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, plain_object, verb

if TYPE_CHECKING:
    from seakeep.registry.lineage import Direction


@verb
@click.argument("id_", metavar="ID")
@click.option("--up", "direction", flag_value="up", default="up", help="What it was made from (the default).")
@click.option("--down", "direction", flag_value="down", help="What was made of it.")
def command(door: Door, *, id_: str, direction: Direction) -> None:
    """Trace ID: a release, the first digits of any digest, or the path of a data file or of predictions.

    Example: seakeep lineage trips@3 --up
    """
    with door.registry() as registry:
        found = registry.lineage(id_, direction)

    def drawn() -> object:
        from seakeep.views import terminal
        from seakeep.views.rows import LineageRow

        return terminal.lineage(
            [
                LineageRow(depth, artifact.kind, artifact.name, stage, artifact.digest, repeated)
                for depth, stage, artifact, repeated in found.walk()
            ]
        )

    door.show(plain_object(found), drawn)
