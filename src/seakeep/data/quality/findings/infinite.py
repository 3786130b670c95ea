"""Infinities among numbers: a division by zero somewhere upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No number is infinite."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 1


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns of doubles with infinities."""
    for name, column in table.columns(Kind.NUMBER).items():
        count = column.positive_infinity + column.negative_infinity
        if count:
            message = f"Column {name!r} holds {count:,} infinite values."
            evidence = {"positive": column.positive_infinity, "negative": column.negative_infinity}
            fix = (
                "Find the division by zero they come from; no step does it for you, since the right value is not known."
            )
            yield Found(name, message, count, 0, fix, evidence)
