"""`seakeep demo`: the main job on real data, told in the terminal."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="A model's life on 336,776 real flights.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-flights"),
    show_default=True,
    help="Where its project, data, registry and reports are written.",
)
@click.pass_context
def command(context: click.Context, folder: Path) -> None:
    """Take real flights from raw data to live predictions: contract, model, judgement, release, server, scored month.

    Needs `pip install 'seakeep[demo]'`. Example:

        seakeep demo --dir demo-flights
    """
    from seakeep.cli._demo.story import Story
    from seakeep.views import terminal

    context.exit(Story(folder.absolute(), terminal.console()).tell().exit_code)
