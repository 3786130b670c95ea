"""Values that stand for "not known" and look like data: -1, 999, 9999, 1900-01-01, 1970-01-01."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import MEASURED, MICROSECONDS_A_DAY, Bulk, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.statistics import ColumnStatistics
    from seakeep.data.quality.finding import Look, Table

MEANING = 'No column of numbers or times holds a value that usually stands for "not known", away from its other values.'
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 20
FEWEST, FEWEST_DIFFERENT, GAP = 2, 5, 0.25
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (as the column's clock shows it)
YEAR = 365 * MICROSECONDS_A_DAY
NEGATIVE = (-1, -9, -99, -999, -9999, -99999, -999999)
NUMBERS = (
    *NEGATIVE,
    99,
    999,
    9999,
    99999,
    999999,
    9999999,
    99999999,
    999999999,
    2**31 - 1,
    -(2**31),
    32767,
    -32768,
    65535,
    1e20,
    -1e20,
)
MOMENTS = tuple(
    float((day - EPOCH) // timedelta(microseconds=1))
    for day in map(
        datetime.fromisoformat,
        (
            "1970-01-01",
            "1900-01-01",
            "1899-12-30",
            "1899-12-31",
            "1901-01-01",
            "1904-01-01",
            "1601-01-01",
            "1800-01-01",
            "1753-01-01",
            "2038-01-19T03:14:07",
            "2099-12-31",
            "2100-01-01",
            "2999-12-31",
            "9999-12-31",
            "9999-12-31T23:59:59",
        ),
    )
)


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Known markers that occur again and again at the edge of a column, apart from its other values."""
    for name, column in table.columns(*MEASURED, Kind.TIMESTAMP).items():
        if name == table.key or column.distinct < FEWEST_DIFFERENT:
            continue
        candidates = MOMENTS if column.kind is Kind.TIMESTAMP else NUMBERS
        bulk, counts = Bulk(column), column.top.as_dict()
        marks = {
            mark: int(counts[mark])
            for mark in candidates
            if counts.get(mark, 0) >= FEWEST and _apart(mark, column, bulk)
        }
        if marks:
            yield _found(name, column, marks)


def _apart(mark: float, column: ColumnStatistics, bulk: Bulk) -> bool:
    """Whether nothing lies beyond the mark but other marks, and a wide gap lies before it; or it alone is negative."""
    if (
        column.kind is not Kind.TIMESTAMP
        and mark < 0
        and bulk.below(0) <= sum(count for value, count in column.top.as_dict().items() if value in NEGATIVE)
    ):
        return True
    others = bulk.without(MOMENTS if column.kind is Kind.TIMESTAMP else NUMBERS)
    if len(others) < FEWEST_DIFFERENT - 1:
        return False
    if mark < others[0]:
        gap = others[0] - mark
    elif mark > others[-1]:
        gap = mark - others[-1]
    else:
        return False
    return gap > max(GAP * (others[-1] - others[0]), YEAR if column.kind is Kind.TIMESTAMP else 0)


def _found(name: str, column: ColumnStatistics, marks: dict[float, int]) -> Found:
    shown = {_text(mark, column): count for mark, count in marks.items()}
    told = ", ".join(f"{mark} in {count:,} rows" for mark, count in shown.items())
    message = f"Column {name!r} holds what usually stands for a missing value: {told}."
    values = list(shown) if column.kind is Kind.TIMESTAMP else list(marks)
    fix = proposed("set_missing", columns=[name], values=values)
    return Found(name, message, sum(marks.values()), 0, fix, {"values": shown, "rows": column.rows})


def _text(mark: float, column: ColumnStatistics) -> str:
    if column.kind is not Kind.TIMESTAMP:
        return f"{mark:g}" if abs(mark) < 1e6 else str(int(mark))
    return (EPOCH + timedelta(microseconds=mark)).isoformat()
