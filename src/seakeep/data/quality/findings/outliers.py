"""Single numbers far beyond all others: a slipped decimal point, a sum among its parts, a stuck sensor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import MEASURED, Bulk, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.statistics import ColumnStatistics
    from seakeep.data.quality.finding import Look, Table

MEANING = "No column has a few numbers far beyond where its own tail ends."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 100
FALSE_ALARMS, SAFETY, LEAST_GROWTH, MOST, FEWEST_DIFFERENT = 0.01, 1.5, 0.5, 0.005, 20
GAP, MOST_APART = 20.0, 0.03


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Numbers beyond what a column's own tail gives in so many rows.

    On each side of the median, the distances that 10 % and 1 % of the rows exceed fix a Weibull tail, d(p) = d(1 %) · (ln p / ln 1 %)^t;
    it is followed to where FALSE_ALARMS rows of this table are expected, and 1.5 times farther. Normal, exponential and
    lognormal columns of 300 to 300,000 rows stay within (tests/data/quality/test_outliers.py). At most 0.5 % of the rows are
    outliers; more are another population. It is told too where it is at most 3 % of the rows, of different values, and GAP times as
    far from the median as anything else on its side, with nothing between: by then the 1 % is no longer the column's own.
    """
    for name, column in table.columns(*MEASURED).items():
        if column.finite < LEAST_ROWS or column.distinct < FEWEST_DIFFERENT or name in (table.key, table.label):
            continue
        bulk = Bulk(column)
        low, high = (_limit(bulk, side) for side in (-1, 1))
        beyond = (bulk.below(low) if low is not None else 0), (bulk.above(high) if high is not None else 0)
        if 0 < sum(beyond) <= max(1, MOST * column.finite):
            yield _found(name, column, (low, high), beyond)
            continue
        low, high = (_gap(bulk, side) for side in (-1, 1))
        beyond = (bulk.below(low) if low is not None else 0), (bulk.above(high) if high is not None else 0)
        if sum(beyond):
            yield _found(name, column, (low, high), beyond)


def _gap(bulk: Bulk, side: int) -> float | None:
    """The middle, by ratio, of an empty gap that leaves few of the rows beyond; None where there is none."""
    middle, beyond = bulk.quantile(0.5), 0
    far = [(side * (value - middle), count) for value, count in zip(bulk.middles, bulk.counts, strict=True)][::side]
    away = [(distance, count) for distance, count in far if distance > 0]
    for at in range(len(away) - 1, FEWEST_DIFFERENT, -1):
        beyond += away[at][1]
        if beyond > MOST_APART * bulk.rows:
            return None
        if away[at][0] >= GAP * away[at - 1][0] and at < len(away) - 1:
            return middle + side * math.sqrt(away[at][0] * away[at - 1][0])
    return None


def _limit(bulk: Bulk, side: int) -> float | None:
    """The farthest value that a tail of this table may reach; None where the tail has no length."""
    middle, q10, q1 = (bulk.quantile(0.5 + side * (0.5 - p)) for p in (0.5, 0.1, 0.01))
    near, far = side * (q10 - middle), side * (q1 - middle)
    if near <= 0 or far <= near:
        return None
    growth = max(math.log(far / near) / math.log(2), LEAST_GROWTH)
    rare = math.log(FALSE_ALARMS / bulk.rows) / math.log(0.01)
    return middle + side * SAFETY * far * float(rare**growth)


def _found(
    name: str, column: ColumnStatistics, limits: tuple[float | None, float | None], beyond: tuple[int, int]
) -> Found:
    low, high = limits
    least, most = column.minimum, column.maximum
    bounds = {
        key: value for key, value, count in (("least", low, beyond[0]), ("most", high, beyond[1])) if count and value
    }
    extreme = least if beyond[0] and not beyond[1] else most
    words = f"Column {name!r}: {sum(beyond):,} of {column.finite:,} numbers lie far beyond the others"
    message = f"{words} (from {least:g} to {most:g}; the middle half from {column.quantile(0.25):g} to {column.quantile(0.75):g})."
    rounded = {key: float(f"{value:.3g}") for key, value in bounds.items()}
    fix = f"Look at them; if they are wrong: {proposed('drop_outliers', columns=[name], **rounded)}"
    evidence = {"below": beyond[0], "above": beyond[1], "false_alarm_rate": FALSE_ALARMS, **bounds}
    return Found(name, message, extreme, bounds.get("most", bounds.get("least")), fix, evidence)
