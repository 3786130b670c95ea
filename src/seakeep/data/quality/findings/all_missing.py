"""Columns without any value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "Every column holds a value."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 1


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns whose rows are all null or NaN."""
    for name, column in table.statistics.columns.items():
        if column.missing + column.nan == column.rows:
            message = f"Column {name!r} holds no value: all {column.rows:,} rows are missing."
            fix = "Look for a join that found no partner or a name changed upstream; else " + proposed(
                "drop_columns", columns=[name]
            )
            yield Found(name, message, 0, 1, fix, {"null": column.missing, "nan": column.nan})
