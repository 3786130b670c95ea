"""Filling: what stands in for a value that the contract does not let in, from the release's training statistics.

The median of numbers and times (an integer column's is rounded), the most frequent text or boolean; the first of these that keeps the
contract itself. Where there is none, since training saw no value, or none that the contract still allows, the value is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.statistics import ColumnStatistics

_MOSTLY = 0.5
Fill = Callable[[Callable[[Any], bool]], Any]
"""What stands in, given whether a value keeps the contract."""


def fill_of(kind: Kind, statistics: ColumnStatistics | None) -> Fill:
    """What stands in for values of a column. statistics: of the training table; None where it did not have the column."""

    def choose(keeps: Callable[[Any], bool]) -> Any:
        if statistics is None:
            return None
        return next((value for value in likely(kind, statistics) if keeps(value)), None)

    return choose


def typical(kind: Kind, statistics: ColumnStatistics | None) -> Any:
    """The value of a column in a row that is typical of training; None where most rows have none."""
    if statistics is None or statistics.missing_rate > _MOSTLY:
        return None
    return next(likely(kind, statistics), None)


def likely(kind: Kind, statistics: ColumnStatistics) -> Iterator[Any]:
    """Values that training had most of, the likeliest first."""
    median = statistics.quantile(0.5) if kind.is_numeric else None
    if median is not None:
        yield float(median) if kind is Kind.NUMBER else round(median)
    counts = statistics.top.as_dict()
    for value in sorted(counts, key=counts.__getitem__, reverse=True):
        if isinstance(value, _TYPES[kind]):
            yield float(value) if kind is Kind.NUMBER else value


_TYPES: dict[Kind, type | tuple[type, ...]] = {
    Kind.NUMBER: (int, float),
    Kind.INTEGER: int,
    Kind.TIMESTAMP: int,
    Kind.BOOLEAN: bool,
    Kind.STRING: str,
}
