"""What moved between two columns, in numbers a person can read: the evidence beside a distance.

Called by `drift` and `validate`. A distance says how far; these say what: means, missing rates, quantiles, and the values whose
share of the rows changed most. Everything comes from Statistics, and everything is a JSON value.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from seakeep.core.codec import Json, Scalar
    from seakeep.core.counters import Value
    from seakeep.core.statistics import ColumnStatistics

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_MOVES = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def evidence(reference: ColumnStatistics, current: ColumnStatistics) -> dict[str, Json]:
    """Rows, missing rates and, by kind, means, their difference in standard deviations, quantiles or moved values."""
    found: dict[str, Json] = {
        "rows": [reference.rows, current.rows],
        "missing_rate": [reference.missing_rate, current.missing_rate],
    }
    if reference.kind.is_numeric and current.kind.is_numeric:
        found["mean"] = [typical(reference), typical(current)]
        found["mean_moved_by_standard_deviations"] = effect(reference, current)
        found["quantiles"] = [_quantiles(reference), _quantiles(current)]
    elif reference.top.values or current.top.values:
        found["moved_values"] = moved_values(reference, current)
    return found


def effect(reference: ColumnStatistics, current: ColumnStatistics) -> float | None:
    """Difference of the means in the reference's standard deviations; None where one of them is unknown or zero."""
    before, after, deviation = reference.mean, current.mean, reference.std
    if before is None or after is None or not deviation or not math.isfinite(deviation):
        return None
    return (after - before) / deviation


def moved_values(reference: ColumnStatistics, current: ColumnStatistics) -> list[Json]:
    """The values whose shares moved most, each with its share in the reference and now."""
    first, second = reference.top.as_dict(), current.top.as_dict()
    before, after = max(1, reference.finite), max(1, current.finite)
    shares = {
        value: (first.get(value, 0) / before, second.get(value, 0) / after) for value in first.keys() | second.keys()
    }
    ordered = sorted(shares.items(), key=lambda item: (-abs(item[1][1] - item[1][0]), str(item[0])))
    return [{"value": value, "reference": old, "current": new} for value, (old, new) in ordered[:MOST_MOVES]]


def typical(column: ColumnStatistics) -> Scalar:
    """One value that stands for the column: its mean, its share of true, or its most frequent value."""
    if column.kind.is_numeric or column.kind is Kind.BOOLEAN:
        return None if column.mean is None else readable(column.mean, column.kind)
    return column.top.values[0] if column.top.values else None


def readable(value: Value, kind: Kind) -> Scalar:
    """`value` as people write it: timestamps in ISO 8601 (UTC), durations in seconds, others as they are.

    >>> readable(1_356_998_400_000_000, Kind.TIMESTAMP)
    '2013-01-01T00:00:00Z'
    """
    if isinstance(value, str | bool) or kind not in (Kind.TIMESTAMP, Kind.DURATION) or not math.isfinite(value):
        return value
    if kind is Kind.DURATION:
        return f"{value / 1e6:g} s"
    return iso(round(value)) or value


def iso(microseconds: int) -> str | None:
    """ISO 8601 text of a moment in UTC, to the microsecond; None outside of the years 1 to 9999."""
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None
    return moment.isoformat().replace("+00:00", "Z")


def _quantiles(column: ColumnStatistics) -> list[Json]:
    found = (column.quantile(share) for share in QUANTILES)
    return [None if value is None else readable(value, column.kind) for value in found]
