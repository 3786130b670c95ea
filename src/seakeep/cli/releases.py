"""List releases: versions, verdicts, champions."""

from __future__ import annotations

import time

import click

from seakeep.cli._door import Door, verb


@verb
@click.argument("name", required=False)
def command(door: Door, *, name: str | None) -> None:
    """List the releases of NAME, or all.

    Example: seakeep releases trips
    """
    with door.registry() as registry:
        found = registry.releases(name)

    def drawn() -> object:
        from seakeep.views import terminal
        from seakeep.views.rows import ReleaseRow

        return terminal.releases(
            [
                ReleaseRow(each.release.name, each.version, each.release.digest, each.release.verdict,
                           time.strftime("%Y-%m-%d %H:%M", time.localtime(each.registered)), each.aliases)
                for each in found
            ]
        )  # fmt: skip

    listed = [
        {
            "name": each.release.name,
            "version": each.version,
            "digest": each.release.digest,
            "verdict": each.release.verdict,
            "registered": each.registered,
            "aliases": each.aliases,
            "folder": str(each.folder),
        }
        for each in found
    ]
    door.show({"releases": listed}, drawn)
