"""Do declared cleaning steps to a table, and say what each of them changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, verb

if TYPE_CHECKING:
    from seakeep.core.report import Verdict


@verb
@click.argument("data")
@click.option("--steps", "declared", required=True, type=click.Path(dir_okay=False), help="The steps, a YAML list.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The cleaned table (.parquet); not written where a check fails.",
)
def command(door: Door, *, data: str, declared: str, output: Path) -> Verdict:
    """Clean DATA: a path, glob or folder.

    Example: seakeep clean trips.parquet --steps cleaning.yaml -o trips-clean.parquet
    """
    from seakeep import data as data_room
    from seakeep.core.report import Verdict
    from seakeep.data.cleaning import clean, load_steps
    from seakeep.data.cleaning.writing import write_table

    if output.suffix != ".parquet":
        raise click.BadParameter(f"{output} does not end in .parquet")
    steps = load_steps(declared)
    cleaned = clean(data_room.read(data), steps)
    if cleaned.report.verdict is Verdict.PASS:
        write_table(cleaned.dataset, output)
    return door.show_report(cleaned.report, tables=("cleaning",))
