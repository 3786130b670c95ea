"""Know a table: rows, missing values, ranges, quantiles, most frequent values of every column."""

from __future__ import annotations

from pathlib import Path

import click

from seakeep.cli._door import Door, verb
from seakeep.cli._tables import engine_option, statistics_of


@verb
@click.argument("data")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write statistics (.json) or a page (.html).",
)
@engine_option
def command(door: Door, *, data: str, engine: str | None, output: Path | None) -> None:
    """Profile DATA: a path, glob or folder of Parquet or CSV files.

    Example: seakeep profile "trips/*.parquet" -o trips.html
    """
    from seakeep.core.files import write_text
    from seakeep.pipeline.verbs import on_engine
    from seakeep.views import html, terminal

    if output is not None and output.suffix not in (".json", ".html"):
        raise click.BadParameter(f"{output} ends in neither .json nor .html")
    with on_engine(engine) as connection:
        statistics = statistics_of(data, engine=connection)
    if output is not None and output.suffix == ".html":
        write_text(output, html.render(statistics, title=data))
    elif output is not None:
        statistics.save(output)
    door.show(statistics, lambda: terminal.statistics(statistics))
