"""Measure how far a table has moved from another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, verb
from seakeep.cli._pages import page_option, write_page

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.core.report import Verdict


@verb
@click.argument("reference")
@click.argument("current")
@click.option("--distance", "distances", multiple=True, metavar="NAME=NUMBER", help="A distance and its threshold.")
@click.option("--schema", "contract", type=click.Path(dir_okay=False), help="Take thresholds from this contract first.")
@page_option
def command(
    door: Door, *, reference: str, current: str, distances: tuple[str, ...], contract: str | None, output: Path | None
) -> Verdict:
    """Compare CURRENT with REFERENCE: tables, or statistics saved by `profile -o`.

    Example: seakeep drift january.json february.parquet --distance psi=0.2 -o drift.html
    """
    from seakeep import data as data_room
    from seakeep.cli._tables import pairs, statistics_of

    asked = pairs(distances, option="--distance") or None
    schema = data_room.load_schema(contract) if contract else None
    report = data_room.drift(statistics_of(reference), statistics_of(current), distances=asked, schema=schema)
    write_page(output, report)
    return door.show_report(report, tables=("drift",))
