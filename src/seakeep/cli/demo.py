"""`seakeep demo`: a model's whole life on real data, told in the terminal."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="A model's whole life on 336,776 real flights.")
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
    """Take real flights through a model's whole life: contract, judged release, live answers, a broken feed stopped, drift,
    retraining, and releases that are let in, sent back and compared on evidence.

    An earlier telling in the same folder is replaced.

    Needs `pip install 'seakeep[demo]'`. Example:

        seakeep demo --dir demo-flights
    """
    from seakeep.cli._demo.story import tell
    from seakeep.cli._demo.telling import Telling
    from seakeep.views import terminal

    context.exit(tell(Telling(folder.absolute(), terminal.console())).exit_code)
