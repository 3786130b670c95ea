"""A few negative numbers where all others are positive: a sign that was lost or added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.quality.finding import Found
from seakeep.data.quality.findings.sentinel import NEGATIVE
from seakeep.data.quality.telling import MEASURED, Bulk, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No column has a few negative numbers among positive ones."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 100
MOST, FEWEST_DIFFERENT = 0.02, 10


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns with at most 2 % of negatives that are as large as the positive numbers, as flipped signs are.

    The lower tail of a column that may fall below zero has small negatives, so their middle is held against the positives' tenth part.
    Values known to stand for "not known" are told by `sentinel`.
    """
    for name, column in table.columns(*MEASURED).items():
        bulk = Bulk(column)
        count = bulk.below(0.0)
        if not 0 < count <= MOST * column.finite or column.distinct < FEWEST_DIFFERENT:
            continue
        counts = column.top.as_dict()
        if sum(int(counts.get(mark, 0)) for mark in NEGATIVE) >= 0.9 * count:
            continue
        middle = -bulk.quantile((count / 2) / bulk.rows)
        positive = bulk.quantile((count + column.zeros + 0.1 * (bulk.rows - count - column.zeros)) / bulk.rows)
        if middle >= positive > 0:
            message = f"Column {name!r}: {count:,} of {column.finite:,} numbers are negative, down to {column.minimum:g}; the others are not."
            fix = f"Find where the sign comes from; if they are wrong: {proposed('drop_outliers', columns=[name], least=0)}"
            yield Found(
                name, message, count, 0, fix, {"negative": count, "least": column.minimum, "zeros": column.zeros}
            )
