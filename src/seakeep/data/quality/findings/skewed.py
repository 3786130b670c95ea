"""Numbers with one long tail: means, standard deviations and linear models follow a few rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import MEASURED, Bulk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No column of numbers has a tail many times longer than the other."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 100
FACTOR, FEWEST_DIFFERENT = 4.0, 20


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns one of whose tails (median to 5 % or 95 %) is FACTOR times the other, with some length to both."""
    for name, column in table.features(*MEASURED).items():
        bulk = Bulk(column)
        if column.distinct < FEWEST_DIFFERENT or column.finite < LEAST_ROWS:
            continue
        low, middle, high = (bulk.quantile(share) for share in (0.05, 0.5, 0.95))
        below, above = middle - low, high - middle
        if min(below, above) <= 0 or max(below, above) < FACTOR * min(below, above):
            continue
        side, ratio = ("upper", above / below) if above > below else ("lower", below / above)
        message = f"Column {name!r}: the {side} tail is {ratio:.1f} times as long as the other (5 % {low:g}, middle {middle:g}, 95 % {high:g})."
        logarithm = (
            f"number({name!r}).log1p()"
            if (column.minimum or 0) >= 0 and side == "upper"
            else f"number({name!r}).bucketize(20)"
        )
        yield Found(
            name,
            message,
            ratio,
            FACTOR,
            f"For a linear model, declare the feature as {logarithm}.",
            {"quantiles": [low, middle, high]},
        )
