"""Hold a table to its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, verb

if TYPE_CHECKING:
    from seakeep.core.report import Verdict
    from seakeep.core.schema import Environment


@verb
@click.argument("data")
@click.option("--schema", "contract", required=True, type=click.Path(dir_okay=False), help="The contract, YAML.")
@click.option(
    "--environment",
    type=click.Choice(["training", "serving"]),
    default="training",
    show_default=True,
    help="Whether the table has the label and the columns that come after.",
)
@click.option("--reference", metavar="DATA", help="The table that the contract was made for; judges drift too.")
def command(door: Door, *, data: str, contract: str, environment: Environment, reference: str | None) -> Verdict:
    """Judge DATA (a table, or statistics saved by `profile -o`) by a contract.

    Example: seakeep validate trips/2026-06.parquet --schema trips.schema.yaml
    """
    from seakeep import data as data_room
    from seakeep.cli._tables import statistics_of

    schema = data_room.load_schema(contract)
    known = statistics_of(reference) if reference else None
    report = data_room.validate(statistics_of(data), schema, environment=environment, reference=known, subject=data)
    return door.show_report(report)
