"""Columns that hold one value in every row: they tell a model nothing, and often a join or a default went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "Every column that holds values holds at least two different ones."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 20


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns with one value and none missing; one with missing values varies by that."""
    for name, column in table.columns().items():
        if column.top.is_exact and len(column.top.values) == 1 and column.present == table.rows == column.finite:
            value = column.top.values[0]
            message = f"Column {name!r} is {value!r} in all {table.rows:,} rows."
            evidence = {"value": value, "rows": table.rows}
            fix = "" if name in (table.label, table.time, table.key) else proposed("drop_columns", columns=[name])
            yield Found(name, message, 1, 2, fix or "Look for the filter or the join that left one value.", evidence)
