"""Know a table: rows, missing values, ranges, quantiles, most frequent values of every column."""

from __future__ import annotations

from pathlib import Path

import click

from seakeep.cli._door import Door, verb


@verb
@click.argument("data")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write statistics (.json) or a page (.html).",
)
def command(door: Door, *, data: str, output: Path | None) -> None:
    """Profile DATA: a path, glob or folder of Parquet or CSV files.

    Example: seakeep profile "trips/*.parquet" -o trips.html
    """
    from seakeep.cli._tables import statistics_of
    from seakeep.core.files import write_text
    from seakeep.views import html, terminal

    if output is not None and output.suffix not in (".json", ".html"):
        raise click.BadParameter(f"{output} ends in neither .json nor .html")
    statistics = statistics_of(data)
    if output is not None and output.suffix == ".html":
        write_text(output, html.render(statistics, title=data))
    elif output is not None:
        statistics.save(output)
    door.show(statistics, lambda: terminal.statistics(statistics))
