"""Hold a table to its contract."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seakeep.cli._door import Door, verb
from seakeep.cli._tables import engine_option, is_saved, statistics_of

if TYPE_CHECKING:
    from seakeep.core import Report, Schema
    from seakeep.core.report import Verdict
    from seakeep.core.schema import Environment

_PARQUET = click.Path(dir_okay=False, path_type=Path)


@verb
@click.argument("data")
@click.option("--schema", "contract", type=click.Path(dir_okay=False), help="The contract, YAML.")
@click.option(
    "--span", metavar="NAME", help="DATA is a pipeline's file: judge this span of it by the pipeline's contract."
)
@click.option("--name", metavar="NAME", help="Which pipeline, where the file has several.")
@click.option(
    "--environment",
    metavar="NAME",
    default="training",
    show_default=True,
    help="training, serving, or one that the contract declares: whether the table has the label and what comes after.",
)
@click.option("--reference", metavar="DATA", help="The table that the contract was made for; judges drift too.")
@click.option(
    "--previous", metavar="DATA", help="The span before: judges growth, and drift where no reference is given."
)
@click.option("--serving", metavar="DATA", help="What servers were asked: judges skew; with --key row by row too.")
@click.option(
    "--key", "keys", multiple=True, metavar="COLUMN", help="Join DATA and --serving by this; may be repeated."
)
@click.option(
    "--rows", is_flag=True, help="Judge every row by every rule; done anyway where the contract has row rules."
)
@click.option(
    "--quarantine", type=_PARQUET, metavar="FILE", help="Write the broken rows here (.parquet), with their rules."
)
@click.option("--good", type=_PARQUET, metavar="FILE", help="Write the other rows here (.parquet).")
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
    previous: str | None,
    serving: str | None,
    keys: tuple[str, ...],
    rows: bool,
    quarantine: Path | None,
    good: Path | None,
    engine: str | None,
) -> Verdict:
    """Judge DATA (a table, or statistics saved by `profile -o`) by a contract; or one span of a pipeline by its own.

    Example: seakeep validate trips/2026-06.parquet --schema trips.schema.yaml

    Another: seakeep validate trips/2026-06.parquet --schema trips.schema.yaml --quarantine broken.parquet --good good.parquet

    Another: seakeep validate pipeline.py --span 2026-06
    """
    if span is not None:
        from seakeep.pipeline.spans.checking import check_span

        return door.show_report(check_span(data, span, home=door.home, name=name))
    if contract is None:
        raise click.UsageError(
            "Missing option '--schema' (or '--span', for a pipeline's file).", click.get_current_context()
        )
    by_rows = rows or quarantine is not None or good is not None
    _check_tables(data, serving, by_rows=by_rows, keys=keys)
    from seakeep import data as data_room
    from seakeep.pipeline.verbs import on_engine

    schema = data_room.load_schema(contract)
    with on_engine(engine) as connection:
        others = {"reference": reference, "previous": previous, "serving": serving}
        known = {role: statistics_of(table, engine=connection) for role, table in others.items() if table}
        found = statistics_of(data, engine=connection)
        report = data_room.validate(found, schema, environment=environment, subject=data, **known)
        if by_rows or (schema.rules and not is_saved(data)):
            places = {"folder": Path(contract).parent, "quarantine": quarantine, "good": good}
            report += _by_rows(door, data, schema, environment=environment, engine=connection, **places)
    if keys:
        report += data_room.skew(data_room.read(data), data_room.read(str(serving)), key=keys)
    return door.show_report(report, tables=("skew",))


def _check_tables(data: str, serving: str | None, *, by_rows: bool, keys: tuple[str, ...]) -> None:
    """Raise UsageError, where rows are asked of statistics, which have none."""
    context = click.get_current_context()
    if by_rows and is_saved(data):
        raise click.UsageError(f"{data} holds statistics, which have no rows: name the table itself.", context)
    if keys and serving is None:
        raise click.UsageError("--key joins DATA with another table: name it with --serving.", context)
    if keys and (is_saved(data) or is_saved(str(serving))):
        raise click.UsageError("--key joins rows, and statistics have none: name both tables themselves.", context)


def _by_rows(
    door: Door,
    data: str,
    schema: Schema,
    **given: Any,
) -> Report:
    """The report by rows; on a terminal it tells how far it is."""
    from seakeep import data as data_room

    shown = sys.stderr.isatty() and not door.as_json
    report = data_room.validate_rows(
        data_room.read(data), schema, subject=data, progress=_progress if shown else None, **given
    )
    if shown:
        click.echo(err=True)
    return report


def _progress(rows: int, share: float, seconds: float) -> None:
    """Rows, rate and time left, on one line that is written over."""
    rate, left = rows / seconds if seconds else 0.0, seconds * (1 - share) / share
    click.echo(f"\r{rows:,} rows, {share:.0%}  {rate:,.0f} rows/s  {left:.0f} s left \x1b[K", nl=False, err=True)
