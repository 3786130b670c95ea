"""The most frequent values of a column, with a stated error: exact while values are few.

Misra and Gries (1982) as made mergeable by Agarwal et al. (2012): at most LIMIT counters; when there are more, the count of
the first one left out is taken from all. Then every true count lies in [count, count + error], a value that is not listed
occurs at most `error` times, and error <= rows / (LIMIT + 1) under any merge tree. Ties are broken by value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

LIMIT = 2048
Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class TopValues:
    """values: most frequent first; counts: their lower bounds; error: what a count may lack, 0 when exact."""

    values: tuple[Value, ...] = ()
    counts: tuple[int, ...] = ()
    error: int = 0

    @classmethod
    def of(cls, counts: dict[Value, int], *, error: int = 0) -> TopValues:
        """The LIMIT most frequent of `counts`; `error` is what these counts may already lack."""
        by_value = {value: counts[value] for value in _in_order(counts)}
        ordered = sorted(by_value.items(), key=itemgetter(1), reverse=True)
        if len(ordered) > LIMIT:
            taken = ordered[LIMIT][1]
            error += taken
            ordered = [(value, count - taken) for value, count in ordered[:LIMIT] if count > taken]
        return cls(tuple(value for value, _ in ordered), tuple(count for _, count in ordered), error)

    def __add__(self, other: TopValues) -> TopValues:
        merged = self.as_dict()
        for value, count in zip(other.values, other.counts, strict=True):
            merged[value] = merged.get(value, 0) + count
        return TopValues.of(merged, error=self.error + other.error)

    @property
    def is_exact(self) -> bool:
        """Whether every value of the column is listed with its exact count."""
        return self.error == 0

    def as_dict(self) -> dict[Value, int]:
        """Counts by value."""
        return dict(zip(self.values, self.counts, strict=True))


def _in_order(values: Iterable[Value]) -> list[Value]:
    """Numbers by size, then texts by code point; whole numbers that no double tells apart keep their own order."""
    texts: list[str] = []
    numbers: list[bool | int | float] = []
    for value in values:
        if isinstance(value, str):
            texts.append(value)
        else:
            numbers.append(value)
    return [*sorted(numbers), *sorted(texts)]
