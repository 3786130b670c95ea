"""Times beyond all other times of the table: a year mistyped, a day that has not come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import MICROSECONDS_A_DAY, Bulk, proposed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No column of times has a few that lie beyond all other times of the table."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 20
KINDS = (Kind.TIMESTAMP,)


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Times later than the latest percentile of every time column by more than all of them span, and by 30 days at least."""
    columns = {name: column for name, column in table.columns(Kind.TIMESTAMP).items() if column.finite >= LEAST_ROWS}
    bulks = {name: Bulk(column) for name, column in columns.items()}
    if not bulks:
        return
    first = min(bulk.quantile(0.01) for bulk in bulks.values())
    last = max(bulk.quantile(0.98) for bulk in bulks.values())
    for name, column in columns.items():
        own = bulks[name].quantile(0.98) - bulks[name].quantile(0.01)
        limit = last + max(min(last - first, own), 30 * MICROSECONDS_A_DAY)
        count = bulks[name].above(limit)
        if count and (column.maximum or 0) > limit:
            latest, usual = shown(column.maximum, column), shown(last, column)
            message = f"Column {name!r}: {count:,} times lie beyond the table's others, up to {latest}; the others end about {usual}."
            fix = f"Correct them upstream, or {proposed('set_missing', columns=[name], values=[_iso(column.maximum)])}"
            yield Found(name, message, latest, usual, fix, {"rows": count, "latest": latest})


def _iso(value: float | None) -> str:
    return (datetime(1970, 1, 1) + timedelta(microseconds=int(value or 0))).isoformat()  # noqa: DTZ001
