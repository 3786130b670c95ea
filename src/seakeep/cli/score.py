"""Predict every row of a table and write the answers to a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, plain_object, verb
from seakeep.cli._tables import engine_option

if TYPE_CHECKING:
    from seakeep.serving.scoring import Keep


@verb
@click.argument("release")
@click.argument("data")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".parquet or .csv")
@click.option(
    "--keep",
    type=click.Choice(["key", "all"]),
    default="key",
    show_default=True,
    help="Columns of the table to write beside the predictions.",
)
@engine_option
@click.option("--overwrite", is_flag=True, help="Replace the output if it is there.")
def command(
    door: Door, *, release: str, data: str, output: Path, keep: Keep, engine: str | None, overwrite: bool
) -> None:
    """Score DATA with RELEASE.

    Example: seakeep score trips trips/2026-06.parquet -o scored.parquet
    """
    from seakeep.pipeline import verbs

    shown = sys.stderr.isatty() and not door.as_json
    summary = verbs.score(
        release,
        data,
        output,
        keep=keep,
        overwrite=overwrite,
        progress=_progress if shown else None,
        engine=engine,
        home=door.home,
    )
    if shown:
        click.echo(err=True)
    text = f"{summary.rows:,} rows in {summary.seconds:.2f} s ({summary.rows_per_second:,.0f} rows/s): {summary.path}"
    door.show({**plain_object({**_fields(summary)}), "rows_per_second": summary.rows_per_second}, lambda: text)


def _progress(done: int, rows: int, seconds: float) -> None:
    """Rows, rate and time left, on one line that is written over."""
    rate = done / seconds if seconds else 0.0
    left = (rows - done) / rate if rate else 0.0
    click.echo(f"\r{done:,} of {rows:,} rows  {rate:,.0f} rows/s  {left:.0f} s left \x1b[K", nl=False, err=True)


def _fields(summary: object) -> dict[str, object]:
    from dataclasses import fields

    named = {field.name: getattr(summary, field.name) for field in fields(summary)}  # type: ignore[arg-type]
    return named | {"path": str(named["path"])}
