"""Hold a table to its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, verb
from seakeep.cli._tables import engine_option, statistics_of

if TYPE_CHECKING:
    from seakeep.core.report import Verdict
    from seakeep.core.schema import Environment


@verb
@click.argument("data")
@click.option("--schema", "contract", type=click.Path(dir_okay=False), help="The contract, YAML.")
@click.option(
    "--span", metavar="NAME", help="DATA is a pipeline's file: judge this span of it by the pipeline's contract."
)
@click.option("--name", metavar="NAME", help="Which pipeline, where the file has several.")
@click.option(
    "--environment",
    type=click.Choice(["training", "serving"]),
    default="training",
    show_default=True,
    help="Whether the table has the label and the columns that come after.",
)
@click.option("--reference", metavar="DATA", help="The table that the contract was made for; judges drift too.")
@engine_option
def command(
    door: Door,
    *,
    data: str,
    contract: str | None,
    span: str | None,
    name: str | None,
    environment: Environment,
    reference: str | None,
    engine: str | None,
) -> Verdict:
    """Judge DATA (a table, or statistics saved by `profile -o`) by a contract; or one span of a pipeline by its own.

    Example: seakeep validate trips/2026-06.parquet --schema trips.schema.yaml

    Another: seakeep validate pipeline.py --span 2026-06
    """
    if span is not None:
        from seakeep.pipeline.spans.checking import check_span

        return door.show_report(check_span(data, span, home=door.home, name=name))
    if contract is None:
        raise click.UsageError(
            "Missing option '--schema' (or '--span', for a pipeline's file).", click.get_current_context()
        )
    from seakeep import data as data_room
    from seakeep.pipeline.verbs import on_engine

    schema = data_room.load_schema(contract)
    with on_engine(engine) as connection:
        known = statistics_of(reference, engine=connection) if reference else None
        found = statistics_of(data, engine=connection)
    report = data_room.validate(found, schema, environment=environment, reference=known, subject=data)
    return door.show_report(report)
