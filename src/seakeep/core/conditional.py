"""Means of the label by value of a column: what a column says of the label, before any model. They add exactly.

A column of numbers is cut as its histogram is: by leading bits, coarser only when more than LIMIT buckets are occupied, so that the
cut depends on nothing but which values were seen. Other columns keep one group a value; one with more than LIMIT different
values (a key) keeps none, since the most frequent ones could not be kept the same in every order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from seakeep.core.exact import ExactSum, nearest_float
from seakeep.core.histogram import Histogram, surplus

LIMIT = 2048


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one value whose label is there (and finite), and the exact sum of their labels."""

    rows: int = 0
    total: ExactSum = field(default_factory=ExactSum)

    def __add__(self, other: Group) -> Group:
        return Group(self.rows + other.rows, self.total + other.total)

    @property
    def mean(self) -> float | None:
        """Mean of the label; None for no rows."""
        return nearest_float(self.total.fraction() / self.rows) if self.rows else None


@dataclass(frozen=True, slots=True)
class Conditional:
    """The label by one column's values.

    whole: all rows whose label is there. missing: those where the column is null, NaN or infinite.
    values: by value, as text (also "true" and "false"); empty where `too_many`. Empty for columns of numbers.
    keys, groups, shift: buckets of a column of numbers, ascending, as in core.histogram.
    """

    whole: Group = field(default_factory=Group)
    missing: Group = field(default_factory=Group)
    values: dict[str, Group] = field(default_factory=dict)
    too_many: bool = False
    keys: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()
    shift: int = 0

    @classmethod
    def of_values(
        cls, whole: Group, missing: Group, values: dict[str, Group], *, too_many: bool = False
    ) -> Conditional:
        """By value; all values are dropped where there are more than LIMIT."""
        if too_many or len(values) > LIMIT:
            return cls(whole, missing, too_many=True)
        return cls(whole, missing, dict(sorted(values.items())))

    @classmethod
    def of_keys(cls, whole: Group, missing: Group, merged: dict[int, Group], shift: int) -> Conditional:
        """By buckets already shifted by `shift`, collapsed further until at most LIMIT are occupied."""
        further = surplus(merged, LIMIT)
        if further:
            merged, shift = _coarser(merged, further), shift + further
        keys = tuple(sorted(merged))
        return cls(whole, missing, keys=keys, groups=tuple(merged[key] for key in keys), shift=shift)

    def __add__(self, other: Conditional) -> Conditional:
        whole, missing = self.whole + other.whole, self.missing + other.missing
        if self.values or other.values or self.too_many or other.too_many:
            merged = dict(self.values)
            for value, group in other.values.items():
                merged[value] = merged.get(value, Group()) + group
            return Conditional.of_values(whole, missing, merged, too_many=self.too_many or other.too_many)
        shift = max(self.shift, other.shift)
        buckets = self._at(shift)
        for key, group in other._at(shift).items():
            buckets[key] = buckets.get(key, Group()) + group
        return Conditional.of_keys(whole, missing, buckets, shift)

    def bounds(self, index: int) -> tuple[float, float]:
        """The smallest and the largest number that belong to bucket `index`."""
        return Histogram(self.keys, (), self.shift).bounds(index)

    def _at(self, shift: int) -> dict[int, Group]:
        return _coarser(dict(zip(self.keys, self.groups, strict=True)), shift - self.shift)


def _coarser(buckets: dict[int, Group], shift: int) -> dict[int, Group]:
    if shift == 0:
        return buckets
    merged: dict[int, Group] = {}
    for key, group in buckets.items():
        merged[key >> shift] = merged.get(key >> shift, Group()) + group
    return merged
