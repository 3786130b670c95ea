"""Rows of the test set that are earlier than the newest training row: the model knows what came after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.frames import schema_of
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import numbers, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from seakeep.data.quality.finding import Part, Table

MEANING = "No row of the other table is earlier than the newest row of this one."
COST = "both tables"
NEEDS: tuple[str, ...] = (
    "against",
    "time",
)
LEAST_ROWS = 1


class _Look:
    def __init__(self, time: str, latest: float) -> None:
        self.time, self.latest = time, latest
        self.rows = self.earlier = 0

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:  # noqa: ARG002  (Look's shape)
        """Count the other table's rows before the newest of this one."""
        if part == "against":
            times = numbers(rows, self.time)
            self.rows += rows.height
            self.earlier += int((times < self.latest).sum())


def look(table: Table) -> _Look | None:
    """Looks at the time column of both tables."""
    assert table.against is not None
    time = str(table.time)
    column = table.statistics[time]
    ours, theirs = table.types[time], schema_of(table.against).get(time)
    comparable = column.kind is Kind.TIMESTAMP and theirs is not None and theirs.base_type() == ours.base_type()
    return _Look(time, float(column.maximum)) if comparable and column.maximum is not None else None


def find(table: Table, look: _Look | None) -> Iterator[Found]:
    """Rows of the other table before the newest one of this."""
    if look is not None and look.earlier:
        newest = shown(look.latest, table.statistics[str(table.time)])
        message = f"{look.earlier:,} of {look.rows:,} rows of the other table are earlier than the newest row of this one ({newest})."
        fix = f"Split by time: seakeep.split(dataset, at=…), so that the model is judged on what comes after. Time column: {table.time!r}."
        yield Found(
            str(table.time), message, look.earlier, 0, fix, {"rows": look.earlier, "of": look.rows, "newest": newest}
        )
