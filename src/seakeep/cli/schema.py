"""Make and change contracts: infer, update, rename, diff, merge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, verb
from seakeep.cli._help import NAMES, Group

if TYPE_CHECKING:
    from seakeep.core import Schema
    from seakeep.core.report import Report, Verdict
    from seakeep.data.contract.merge import How


@click.group(cls=Group, context_settings={"help_option_names": NAMES})
def command() -> None:
    """Make and change contracts.

    Example: seakeep schema infer trips.parquet -o trips.schema.yaml --label tip
    """


@verb
@click.argument("data")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The contract to write (not over one)."
)
@click.option("--name", default="table", show_default=True, help="What to call the table.")
@click.option("--label", help="The column to predict.")
@click.option("--time", "time_", help="The column that says when.")
@click.option("--key", help="The column that says which row.")
@click.option("--after", multiple=True, metavar="COLUMN", help="A column not known before the prediction.")
def infer(
    door: Door,
    *,
    data: str,
    output: Path | None,
    name: str,
    label: str | None,
    time_: str | None,
    key: str | None,
    after: tuple[str, ...],
) -> None:
    """Infer a contract from DATA (a table, or statistics saved by `profile -o`).

    Example: seakeep schema infer "trips/*.parquet" -o trips.schema.yaml --label tip --key trip_id
    """
    from seakeep import data as data_room
    from seakeep.cli._tables import statistics_of

    if output is not None and output.exists():
        raise click.BadParameter(f"{output} exists; to change it: seakeep schema update {output} {data}")
    schema = data_room.infer_schema(statistics_of(data), name=name, label=label, time=time_, key=key, after=after)
    _written(door, schema, output)


@verb
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("data")
@click.option(
    "--environment", default="training", show_default=True, help="Training, serving, or one of the contract's."
)
@click.option(
    "--accept", multiple=True, metavar="CODE[:SUBJECT]", help="Accept this check alone, such as schema.domain:carrier."
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Accept what failed in a report that `validate --json` wrote.",
)
def update(
    door: Door, *, file: Path, data: str, environment: str, accept: tuple[str, ...], report: Path | None
) -> None:
    """Loosen the contract in FILE just so far that DATA keeps it; what people wrote stays, comments too.

    Example: seakeep schema update trips.schema.yaml trips/2026-06.parquet

    Another: seakeep schema update trips.schema.yaml trips/2026-06.parquet --accept schema.domain:payment
    """
    from seakeep import data as data_room
    from seakeep.cli._tables import statistics_of
    from seakeep.data.contract.update import acceptable, update_schema

    file = file.resolve() if file.is_symlink() else file
    schema = data_room.load_schema(file)
    wanted = {*accept, *(acceptable(_report(report)) if report else ())} if accept or report else None
    updated = update_schema(schema, statistics_of(data), environment=environment, accept=wanted)
    _changed(door, schema, updated, file)


@verb
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("old")
@click.argument("new")
def rename(door: Door, *, file: Path, old: str, new: str) -> None:
    """Rename column OLD to NEW in the contract in FILE, in its roles and rules too.

    Example: seakeep schema rename trips.schema.yaml fare fare_amount
    """
    from seakeep import data as data_room
    from seakeep.data.contract.evolve import rename_column

    file = file.resolve() if file.is_symlink() else file
    schema = data_room.load_schema(file)
    _changed(door, schema, rename_column(schema, old, new), file, renamed=(old, new))


@verb
@click.argument("first", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("second", type=click.Path(dir_okay=False, path_type=Path))
def diff(door: Door, *, first: Path, second: Path) -> Verdict:
    """Tell two contracts apart; exit code 1 where they differ.

    Example: seakeep schema diff old.schema.yaml new.schema.yaml
    """
    from seakeep import data as data_room
    from seakeep.data.contract.evolve import diff_schemas

    return door.show_report(
        diff_schemas(data_room.load_schema(first), data_room.load_schema(second)), tables=("differences",)
    )


@verb
@click.argument("first", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("second", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The contract to write (not over one)."
)
@click.option(
    "--strictest", is_flag=True, help="A contract whose tables keep both; else one that either's tables keep."
)
def merge(door: Door, *, first: Path, second: Path, output: Path | None, strictest: bool) -> Verdict | None:
    """Make one contract of two; exit code 2 where they state a fact in two ways (the first's is taken).

    Example: seakeep schema merge ours.schema.yaml theirs.schema.yaml -o trips.schema.yaml
    """
    from seakeep import data as data_room
    from seakeep.data.contract.merge import merge_schemas

    if output is not None and output.exists():
        raise click.BadParameter(f"{output} exists; name another file, or remove it first")
    how: How = "strictest" if strictest else "widest"
    schema, report = merge_schemas(data_room.load_schema(first), data_room.load_schema(second), how=how)
    if output is None:
        _written(door, schema, None)
        return report.verdict
    data_room.save_schema(schema, output)
    return door.show_report(report)


def _report(path: Path) -> Report:
    """A report that `--json` wrote, which tells its verdict beside the report's own fields."""
    from seakeep.core import Report
    from seakeep.core.codec import Json, from_json, from_plain

    if not path.exists():
        raise click.BadParameter(f"there is no {path}; write it: seakeep validate DATA --schema FILE --json > {path}")
    plain = from_json(dict[str, Json], path.read_bytes(), path=str(path))
    return from_plain(Report, {name: value for name, value in plain.items() if name != "verdict"}, path=str(path))


def _changed(door: Door, before: Schema, after: Schema, file: Path, *, renamed: tuple[str, str] | None = None) -> None:
    """Write what changed into the contract's file and show it."""
    from seakeep.data.contract.editing import save_changed
    from seakeep.data.contract.evolve import diff_schemas

    if after != before and not save_changed(before, after, file, renamed=renamed):
        click.echo(
            f"{file} was written anew, without its comments: anchors make one text stand for two places.", err=True
        )
    table = diff_schemas(before, after).tables
    changes = [dict(zip(each.columns, row, strict=True)) for each in table for row in each.rows]

    def drawn() -> object:
        from seakeep.views import terminal

        return terminal.table(table[0], rows=200) if table else f"{file}: nothing to change"

    door.show({"file": str(file), "changes": changes}, drawn)


def _written(door: Door, schema: Schema, output: Path | None) -> None:
    """Write a new contract to its file, or to standard output."""
    from seakeep import data as data_room

    text = data_room.dump_schema(schema)
    if output is not None:
        data_room.save_schema(schema, output)
        text = f"{output}: {len(schema.columns)} columns"
    door.show(schema, lambda: text.rstrip("\n"))


for _part in (infer, update, rename, diff, merge):
    command.add_command(_part)
