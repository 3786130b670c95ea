"""Predict every row of a table and write the answers to a file, a folder of parts, or a table."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, plain_object, verb
from seakeep.cli._tables import engine_option

if TYPE_CHECKING:
    from seakeep.serving import ScoreSummary
    from seakeep.serving.scoring import Broken, Keep
    from seakeep.serving.scoring.predictors import Trees

_LINE_SECONDS = 10.0


@verb
@click.argument("release")
@click.argument("data")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE|FOLDER/|ADDRESS",
    help=".parquet, .csv, .arrow or .jsonl, whole or not at all; or a folder of parts, with which a run goes on after a kill.",
)
@click.option(
    "--keep",
    type=click.Choice(["key", "all"]),
    default="key",
    show_default=True,
    help="Columns of the table to write beside the predictions.",
)
@click.option("--query", metavar="SQL", help="Of a database: DATA is its address, and the query ends with ORDER BY.")
@click.option("--parts", metavar="FORMAT", default="", help="A folder of parts: parquet, csv, arrow or jsonl.")
@click.option("--part-rows", type=click.IntRange(1), default=1 << 19, show_default=True, help="Rows of a part.")
@click.option(
    "--broken",
    type=click.Choice(["accept", "reject", "quarantine", "mark", "impute"]),
    help="What becomes of rows that break the contract as it is served (default: accept, scored and counted).",
)
@click.option(
    "--quarantine",
    metavar="FILE|FOLDER/|ADDRESS",
    help="Write rows that break the contract there, and score the others.",
)
@click.option(
    "--statistics",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Profile inputs and answers, and save that (.json).",
)
@click.option("--log", is_flag=True, help="Write rows to the prediction log, as a server does.")
@click.option(
    "--trees",
    type=click.Choice(["auto", "onnxruntime", "compiled"]),
    default="auto",
    show_default=True,
    help="What adds up a model's trees, to the same bits; auto compiles them for large tables.",
)
@engine_option
@click.option("--overwrite", is_flag=True, help="Replace the output if it is there, and parts of another run.")
def command(
    door: Door,
    *,
    release: str,
    data: str,
    output: str,
    keep: Keep,
    query: str | None,
    parts: str,
    part_rows: int,
    broken: Broken | None,
    quarantine: str | None,
    statistics: Path | None,
    log: bool,
    trees: Trees,
    engine: str | None,
    overwrite: bool,
) -> None:
    """Score DATA with RELEASE.

    A run into a folder that was killed goes on where it stood when the same command is given again.

    Example: seakeep score trips trips/2026-06.parquet -o scored.parquet

    With it all: seakeep score trips 'trips/*.parquet' -o scored/ --quarantine broken/ --statistics scored.json --log
    """
    from seakeep.pipeline import batch

    told = _Told(quiet=door.as_json, writes_over=sys.stderr.isatty())
    summary = batch.score(
        release,
        data,
        output,
        keep=keep,
        query=query,
        overwrite=overwrite,
        progress=None if door.as_json else told.progress,
        engine=engine,
        trees=trees,
        parts=parts,
        part_rows=part_rows,
        broken=broken,
        quarantine=quarantine,
        statistics=statistics or False,
        log=log,
        resumed=None if door.as_json else told.resumed,
        home=door.home,
    )
    told.over()
    door.show({**plain_object(_fields(summary)), "rows_per_second": summary.rows_per_second}, lambda: _text(summary))


class _Told:
    """How far a run is, on standard error: a line that is written over on a terminal, elsewhere one every ten seconds."""

    def __init__(self, *, quiet: bool, writes_over: bool) -> None:
        self._writes_over = writes_over and not quiet
        self._next = time.monotonic() + _LINE_SECONDS

    def progress(self, done: int, rows: int, seconds: float) -> None:
        """Rows, rate and time left."""
        if not self._writes_over and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _LINE_SECONDS
        rate = done / seconds if seconds else 0.0
        left = (rows - done) / rate if rate else 0.0
        text = f"{done:,} of {rows:,} rows  {rate:,.0f} rows/s  {left:.0f} s left"
        click.echo(f"\r{text} \x1b[K" if self._writes_over else text, nl=not self._writes_over, err=True)

    def resumed(self, parts: int, rows: int) -> None:
        """What an earlier run had done."""
        click.echo(f"going on with an earlier run: {parts:,} parts with {rows:,} rows are there", err=True)

    def over(self) -> None:
        """Leave the line."""
        if self._writes_over:
            click.echo(err=True)


def _text(summary: ScoreSummary) -> str:
    lines = [
        f"{summary.rows:,} rows in {summary.seconds:.2f} s ({summary.rows_per_second:,.0f} rows/s): {summary.path}"
    ]
    if summary.resumed_parts:
        lines.append(f"  of them {summary.resumed_rows:,} rows in {summary.resumed_parts:,} parts by an earlier run")
    if summary.broken:
        most = sorted(summary.broken.items(), key=lambda each: -each[1])
        told = ", ".join(f"{name} {count:,}" for name, count in most[:5]) + (", …" if len(most) > 5 else "")
        lines.append(f"  rows that break the contract: {told}")
    if summary.quarantine is not None:
        lines.append(f"  {summary.quarantined:,} rows were set aside: {summary.quarantine}")
    if summary.logged:
        lines.append(f"  {summary.logged:,} rows were logged")
    return "\n".join(lines)


def _fields(summary: ScoreSummary) -> dict[str, object]:
    """The summary as JSON has it; its statistics are a file of their own."""
    from dataclasses import fields

    named = {field.name: getattr(summary, field.name) for field in fields(summary) if field.name != "statistics"}
    quarantine = None if summary.quarantine is None else str(summary.quarantine)
    return named | {"path": str(summary.path), "quarantine": quarantine}
