"""Associations: how much two columns say of each other, for every pair of columns. They add, and are symmetrical.

Correlation comes from exact sums of products over the rows where both numbers are there, and is rounded once. Mutual information and Cramér's V
come from a table of counts over bins that are fixed before any row is counted (quantiles and most frequent values of the
table's Statistics), so tables of counts add as long as the bins are the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from seakeep.core.errors import SchemaMismatch, UsageError
from seakeep.core.exact import ExactSum, nearest_float


class BinsDiffer(SchemaMismatch):
    """Two associations were counted in different bins."""

    @classmethod
    def of(cls, column: str) -> BinsDiffer:
        return cls(
            f"associations of column {column!r} were counted in different bins",
            cause="Bins come from statistics; these came from two tables' own.",
            fix="Count both in the same bins: seakeep.associate(dataset, statistics=…), with one table's statistics for all.",
            column=column,
        )


@dataclass(frozen=True, slots=True)
class Bins:
    """How a column's values are put into bins: by edges (numbers; bin i is (edge i-1, edge i]) or by value (as text).

    After these come a bin of all other values (empty for numbers) and one of missing values, NaN and infinities.
    """

    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Bins, with that of other values and that of missing ones."""
        return (len(self.edges) + 1 if self.edges else len(self.values)) + 2


@dataclass(frozen=True, slots=True)
class CoMoments:
    """Exact sums over the rows where both numbers are finite: of x, y, x², y² and x·y."""

    rows: int = 0
    x: ExactSum = field(default_factory=ExactSum)
    y: ExactSum = field(default_factory=ExactSum)
    xx: ExactSum = field(default_factory=ExactSum)
    yy: ExactSum = field(default_factory=ExactSum)
    xy: ExactSum = field(default_factory=ExactSum)

    def __add__(self, other: CoMoments) -> CoMoments:
        return CoMoments(
            self.rows + other.rows,
            self.x + other.x,
            self.y + other.y,
            self.xx + other.xx,
            self.yy + other.yy,
            self.xy + other.xy,
        )

    @property
    def correlation(self) -> float | None:
        """Pearson's coefficient, -1 to 1; None where a column does not vary. Exact but for one rounding and a root."""
        x, y = self.x.fraction(), self.y.fraction()
        own, their = self.rows * self.xx.fraction() - x * x, self.rows * self.yy.fraction() - y * y
        if not own or not their:
            return None
        both = self.rows * self.xy.fraction() - x * y
        size = math.sqrt(nearest_float(Fraction(both * both, own * their)))
        return -size if both < 0 else size


@dataclass(frozen=True, slots=True)
class Association:
    """What two columns say of each other.

    rows: counted. correlation: Pearson's, None unless both are numbers that vary.
    mutual_information: nats, at least 0, over the bins, missing values being one: the plug-in estimate less its expected
        bias (Miller and Madow 1955), which is (cells - rows' bins - columns' bins + 1) / (2 · rows) of those occupied; what is
        left of the bias is of order 1/rows². plug_in: without that correction.
    cramers_v: 0 to 1, over the bins of values that are there; None where a column has fewer than two.
    """

    rows: int
    correlation: float | None
    mutual_information: float
    plug_in: float
    cramers_v: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns. counts: rows in each pair of bins, the second column's bins running faster. moments: of two numbers."""

    counts: tuple[int, ...]
    moments: CoMoments | None = None

    def __add__(self, other: Pair) -> Pair:
        both = self.moments + other.moments if self.moments and other.moments else self.moments or other.moments
        return Pair(tuple(map(int.__add__, self.counts, other.counts)), both)


@dataclass(frozen=True, slots=True)
class Associations:
    """bins: by column, in the table's order. pairs: by the earlier and then the later column. rows: of the table."""

    rows: int
    bins: Mapping[str, Bins]
    pairs: Mapping[str, Mapping[str, Pair]]

    def __add__(self, other: Associations) -> Associations:
        for name in (*self.bins, *other.bins):
            if self.bins.get(name) != other.bins.get(name):
                raise BinsDiffer.of(name)
        pairs = {
            first: {second: pair + other.pairs[first][second] for second, pair in row.items()}
            for first, row in self.pairs.items()
        }
        return Associations(self.rows + other.rows, self.bins, pairs)

    def between(self, first: str, second: str) -> Association:
        """What two columns say of each other; the same in either order. Raises UsageError with the nearest name."""
        for name in (first, second):
            if name not in self.bins:
                raise UsageError.unknown_name("column", name, self.bins)
        if first == second:
            raise UsageError(f"column {first!r} and itself are no pair", fix="Name two columns.")
        order = list(self.bins)
        first, second = sorted((first, second), key=order.index)
        pair = self.pairs[first][second]
        table = _rows_of(pair.counts, self.bins[second].number)
        plug_in, bias = _information(table, self.rows)
        correlation = pair.moments.correlation if pair.moments else None
        there = [row[:-1] for row in table[:-1]]
        return Association(self.rows, correlation, max(0.0, plug_in - bias), plug_in, _cramers_v(there))


def _rows_of(counts: tuple[int, ...], wide: int) -> list[tuple[int, ...]]:
    return [counts[start : start + wide] for start in range(0, len(counts), wide)]


def _information(table: list[tuple[int, ...]], rows: int) -> tuple[float, float]:
    """The plug-in estimate of mutual information in nats, and its expected bias."""
    if not rows:
        return 0.0, 0.0
    first, second = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    terms = [
        count / rows * math.log(count * rows / (first[i] * second[j]))
        for i, row in enumerate(table)
        for j, count in enumerate(row)
        if count
    ]
    occupied = len(terms) - sum(map(bool, first)) - sum(map(bool, second)) + 1
    return max(0.0, math.fsum(terms)), occupied / (2 * rows)


def _cramers_v(table: list[tuple[int, ...]]) -> float | None:
    first = [sum(row) for row in table]
    second = [sum(column) for column in zip(*table, strict=True)]
    rows, least = sum(first), min(sum(map(bool, first)), sum(map(bool, second)))
    if least < 2:
        return None
    squares = math.fsum(
        count * count / (first[i] * second[j]) for i, row in enumerate(table) for j, count in enumerate(row) if count
    )
    return math.sqrt(min(1.0, max(0.0, squares - 1.0) / (least - 1))) if rows else None
