"""Add labels to a model's predictions, by id or key, from a table or a query."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, plain_object, verb

if TYPE_CHECKING:
    from seakeep.prediction_log import LabelSummary

_LISTED = 10


@verb
@click.argument("name")
@click.argument("data", required=False)
@click.option("--label", required=True, metavar="COLUMN", help="Column of the labels.")
@click.option("--id", "id_", metavar="COLUMN", help="Column of predictions' ids, as answers and the log have them.")
@click.option("--key", metavar="COLUMN", help="Column of keys, instead of ids.")
@click.option("--sql", metavar="QUERY", help="Take the rows of this query, instead of DATA.")
@click.option("--database", metavar="URL", help="Where to ask it: sqlite:///PATH, or postgresql://USER@HOST/NAME.")
@click.option("--arrived", metavar="TIME", help="When the labels came, ISO 8601, UTC (default: now).")
def command(
    door: Door,
    *,
    name: str,
    data: str | None,
    label: str,
    id_: str | None,
    key: str | None,
    sql: str | None,
    database: str | None,
    arrived: str | None,
) -> None:
    """Add labels from DATA to the predictions of NAME: all of them, or none.

    Example: seakeep labels trips arrived.csv --key trip_id --label tip
    """
    from seakeep.pipeline import predictions

    found = predictions.add_labels(
        name, data, label=label, id=id_, key=key, sql=sql, database=database, arrived=arrived, home=door.home
    )
    door.show({"name": name, "rows": found.rows, **plain_object(found)}, lambda: _told(found))


def _told(found: LabelSummary) -> str:
    counts = {each.name: getattr(found, each.name) for each in fields(found) if each.name != "classes"}
    words = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "none"
    if not found.strange:
        return f"{found.rows:,} labels: {words}"
    shown = ", ".join(repr(each) for each in found.classes[:_LISTED]) + (", …" if len(found.classes) > _LISTED else "")
    expected = f"one of the known classes {shown}" if shown else "a number"
    return (
        f"{found.rows:,} labels: {words}\nStrange labels are kept and nothing is judged by them; expected {expected}."
    )
