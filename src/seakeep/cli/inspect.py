"""Look for faults in a table that nobody declared: duplicates, broken text, changed units, leaks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, verb
from seakeep.cli._pages import page_option, write_page

if TYPE_CHECKING:
    from seakeep.core.report import Verdict


@verb
@click.argument("data")
@click.option("--label", metavar="COLUMN", help="The label: looks for leaks, imbalance and noise too.")
@click.option("--time", metavar="COLUMN", help="The time column: looks for gaps and rows out of order too.")
@click.option("--key", metavar="COLUMN", help="The key: looks for keys that stand for two rows too.")
@click.option("--against", metavar="DATA", help="The test set: looks for rows that are in both.")
@click.option("--schema", "contract", type=click.Path(dir_okay=False), help="Take label, time, key from this contract.")
@click.option(
    "--only", multiple=True, metavar="NAME", help="A kind of finding to look for (repeat for more); else all."
)
@click.option(
    "--propose",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the proposed cleaning steps (.yaml, not over any).",
)
@page_option
def command(
    door: Door,
    *,
    data: str,
    label: str | None,
    time: str | None,
    key: str | None,
    against: str | None,
    contract: str | None,
    only: tuple[str, ...],
    propose: Path | None,
    output: Path | None,
) -> Verdict:
    """Inspect DATA: a path, glob or folder. Exit code 0 where nothing is found, 1 where something is.

    Example: seakeep inspect trips.parquet --label tipped --time pickup --propose cleaning.yaml
    """
    from seakeep import data as data_room
    from seakeep.core.files import write_text
    from seakeep.data.quality.proposals import proposals

    _check(propose)
    schema = data_room.load_schema(contract) if contract else None
    other = data_room.read(against) if against else None
    table = data_room.read(data)
    report = data_room.inspect(table, schema=schema, label=label, time=time, key=key, against=other, only=only)
    write_page(output, report)
    if propose is not None:
        write_text(propose, proposals(report))
    return door.show_report(report)


def _check(propose: Path | None) -> None:
    """Refuse a file of steps that would be written over the table, a contract, or steps that people corrected."""
    if propose is not None and propose.suffix not in (".yaml", ".yml"):
        raise click.BadParameter(f"{propose} does not end in .yaml")
    if propose is not None and propose.exists():
        raise click.BadParameter(f"{propose} exists; name another file, or remove it first")
