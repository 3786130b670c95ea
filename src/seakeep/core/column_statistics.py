"""Statistics of one column: counts, extremes, exact sums, histogram, most frequent values, distinct sketch; they add.

Called through core.statistics, which holds them by name; lists and structs hold those of their items and fields, so a column
is a tree. What is hard: two files may give one column as integers and as numbers, and adding in any order must leave the
same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from seakeep.core import ranks
from seakeep.core.codec import GAINED
from seakeep.core.counters import TopValues, Value
from seakeep.core.distinct import STANDARD_ERROR, DistinctSketch, hash_bytes, hash_number
from seakeep.core.errors import SchemaMismatch
from seakeep.core.exact import ExactSum, nearest_float
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.weighted import Weighted

Bound = int | float | None
A = TypeVar("A", "Lengths", Weighted)
B = TypeVar("B", int, int | float)


class ColumnMismatch(SchemaMismatch):
    """Two statistics of one column cannot be added or compared."""

    @classmethod
    def kinds(cls, name: str, first: Kind, second: Kind) -> ColumnMismatch:
        return cls(
            f"column {name!r} is {first.value} in one table and {second.value} in the other",
            cause="A file was written with another type, or two different tables are being put together.",
            fix=f'Convert it on reading: seakeep.read(…, derive={{"{name}": polars.col("{name}").cast(…)}}).',
            name=name,
            first=first,
            second=second,
        )


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of the values that are there: characters of strings, bytes of binary values, items of lists."""

    count: int = 0
    total: int = 0
    minimum: int | None = None
    maximum: int | None = None
    histogram: Histogram = field(default_factory=Histogram)

    def __add__(self, other: Lengths) -> Lengths:
        return Lengths(
            self.count + other.count,
            self.total + other.total,
            _least(self.minimum, other.minimum),
            _greatest(self.maximum, other.maximum),
            self.histogram + other.histogram,
        )

    @property
    def mean(self) -> float | None:
        """Mean length; None when there is no value."""
        return self.total / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What is known of one column.

    rows: all of them. missing: nulls (NaN is not missing here; it is counted in `nan`).
    zeros, minimum, maximum, total, squares (sum of squares), histogram: of the finite values of integer, number,
    timestamp and duration columns (timestamps in microseconds since 1970 UTC); booleans have total only (number of True).
    top: most frequent values of every kind but list, struct and binary; NaN and infinities are left out.
    sketch: of the different values; None while `top` is exact, since that lists them all.
    invalid_utf8: values of a binary column that are not UTF-8, or of a text column that hold U+FFFD, which readers put in
    the place of such bytes.
    items: the items of a list column, those of all rows together (so items.rows is lengths.total).
    fields: the fields of a struct column; a row without a struct has none (so the rows of a field are those present).
    weighted: what the rows weigh, where the table was profiled with a column of weights.
    """

    kind: Kind
    rows: int = 0
    missing: int = 0
    nan: int = 0
    positive_infinity: int = 0
    negative_infinity: int = 0
    zeros: int = 0
    minimum: Bound = None
    maximum: Bound = None
    total: ExactSum = field(default_factory=ExactSum)
    squares: ExactSum = field(default_factory=ExactSum)
    histogram: Histogram = field(default_factory=Histogram)
    top: TopValues = field(default_factory=TopValues)
    sketch: DistinctSketch | None = None
    lengths: Lengths | None = None
    invalid_utf8: int = 0
    items: ColumnStatistics | None = field(default=None, metadata=GAINED)
    fields: Mapping[str, ColumnStatistics] = field(default_factory=dict, metadata=GAINED, hash=False)
    weighted: Weighted | None = field(default=None, metadata=GAINED)

    @classmethod
    def absent(cls, kind: Kind, rows: int, beside: Weighted | None = None) -> ColumnStatistics:
        """A column that `rows` rows of a table do not have: all missing. beside: the weight of those that are present there."""
        return cls(kind, rows=rows, missing=rows, weighted=beside and Weighted(missing=beside.present))

    @property
    def present(self) -> int:
        """Rows that hold a value (NaN and infinities included)."""
        return self.rows - self.missing

    @property
    def finite(self) -> int:
        """Rows that hold a value other than NaN and infinities."""
        return self.present - self.nan - self.positive_infinity - self.negative_infinity

    @property
    def missing_rate(self) -> float:
        """Share of rows that are null or NaN, 0 to 1; 0 for no rows."""
        return (self.missing + self.nan) / self.rows if self.rows else 0.0

    @property
    def distinct(self) -> int:
        """Different finite values: exact while few, else within a standard error of `distinct_error`."""
        return len(self.top.values) if self.sketch is None else round(self.sketch.estimate())

    @property
    def distinct_error(self) -> float:
        """Relative standard error of `distinct`: 0 where it is exact, else 1.6 %."""
        return 0.0 if self.sketch is None else STANDARD_ERROR

    @property
    def rank_error(self) -> float:
        """Largest possible error of a quantile's rank, and of a share below a value, as a share of the finite values."""
        return ranks.rank_error(self.histogram, self.top)

    @property
    def top_error(self) -> float:
        """What the share of a most frequent value, or of a value that is not listed, may lack, as a share of the rows."""
        return self.top.error / self.rows if self.rows else 0.0

    @property
    def mean(self) -> float | None:
        """Mean of the finite values; None where there is none. Rounded once, from the exact sum."""
        if not self.finite or not (self.kind.is_numeric or self.kind is Kind.BOOLEAN):
            return None
        return nearest_float(self.total.fraction() / self.finite)

    @property
    def variance(self) -> float | None:
        """Sample variance (divisor n - 1) of the finite values; None for fewer than two. Rounded once, from exact sums."""
        if self.finite < 2 or not self.kind.is_numeric:
            return None
        total = self.total.fraction()
        return nearest_float((self.squares.fraction() - total * total / self.finite) / (self.finite - 1))

    @property
    def std(self) -> float | None:
        """Sample standard deviation; None for fewer than two finite values."""
        variance = self.variance
        return None if variance is None else float(variance**0.5)

    @property
    def uses_format_2(self) -> bool:
        """Whether a file of these statistics says what format 1 did not know."""
        return bool(self.items or self.fields or self.weighted or self.total.fives)

    def quantile(self, share: float) -> float | None:
        """The value at `share` (0 to 1) of the finite values, never beyond the extremes.

        Exact while the histogram is; its rank within `rank_error`. None where there is no finite value.
        """
        found = ranks.quantile(self.histogram, self.top, share)
        if found is None or self.minimum is None or self.maximum is None:
            return None
        return float(min(max(found, self.minimum), self.maximum))

    def added(self, other: ColumnStatistics, *, name: str) -> ColumnStatistics:
        """Statistics of both columns' rows together. Raises ColumnMismatch, naming the column."""
        kind = common_kind(self.kind, other.kind)
        if kind is None:
            raise ColumnMismatch.kinds(name, self.kind, other.kind)
        if self.kind is not kind or other.kind is not kind:
            return self._as(kind).added(other._as(kind), name=name)
        top = self.top + other.top
        return ColumnStatistics(
            kind,
            rows=self.rows + other.rows,
            missing=self.missing + other.missing,
            nan=self.nan + other.nan,
            positive_infinity=self.positive_infinity + other.positive_infinity,
            negative_infinity=self.negative_infinity + other.negative_infinity,
            zeros=self.zeros + other.zeros,
            minimum=_least(self.minimum, other.minimum),
            maximum=_greatest(self.maximum, other.maximum),
            total=self.total + other.total,
            squares=self.squares + other.squares,
            histogram=self.histogram + other.histogram,
            top=top,
            sketch=None if top.is_exact else self._sketched() + other._sketched(),
            lengths=_both(self.lengths, other.lengths, Lengths()),
            invalid_utf8=self.invalid_utf8 + other.invalid_utf8,
            items=self._added_items(other, name),
            fields=self._added_fields(other, name),
            weighted=_both(self.weighted, other.weighted, Weighted()),
        )

    def _added_items(self, other: ColumnStatistics, name: str) -> ColumnStatistics | None:
        if self.items is None or other.items is None:
            return self.items or other.items
        return self.items.added(other.items, name=f"{name}[]")

    def _added_fields(self, other: ColumnStatistics, name: str) -> Mapping[str, ColumnStatistics]:
        """Field by field; a field that the other structs do not have is missing in all of them."""
        if not self.fields and not other.fields:
            return self.fields
        own, their = (ColumnStatistics.absent(Kind.NULL, c.present, c.weighted) for c in (self, other))
        return {
            part: self.fields.get(part, own).added(other.fields.get(part, their), name=f"{name}.{part}")
            for part in dict.fromkeys((*self.fields, *other.fields))
        }

    def _as(self, kind: Kind) -> ColumnStatistics:
        """The same statistics under a wider kind; integers become doubles so that the order of adding leaves no trace.

        Integers that no double holds stay what they are among the top values: rounded, two could become one.
        """
        if self.kind is not Kind.INTEGER or kind is not Kind.NUMBER:
            return replace(self, kind=kind)
        return replace(
            self,
            kind=kind,
            minimum=None if self.minimum is None else float(self.minimum),
            maximum=None if self.maximum is None else float(self.maximum),
            top=_in_doubles(self.top),
            weighted=self.weighted and replace(self.weighted, top=_in_doubles(self.weighted.top)),
        )

    def _sketched(self) -> DistinctSketch:
        if self.sketch is not None:
            return self.sketch
        return DistinctSketch.of(
            hash_bytes(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else hash_number(value)
            for value in self.top.values
        )


def common_kind(first: Kind, second: Kind) -> Kind | None:
    """The kind that holds both kinds' values, or None: null gives way to all, integer to number."""
    kinds = {first, second} - {Kind.NULL}
    if not kinds:
        return Kind.NULL
    if kinds == {Kind.INTEGER, Kind.NUMBER}:
        return Kind.NUMBER
    return kinds.pop() if len(kinds) == 1 else None


def _in_doubles(top: TopValues) -> TopValues:
    return TopValues(tuple(map(_as_double, top.values)), top.counts, top.error)


def _as_double(value: Value) -> Value:
    return float(value) if isinstance(value, int) and int(float(value)) == value else value


def _both(first: A | None, second: A | None, zero: A) -> A | None:
    return None if first is None and second is None else (first or zero) + (second or zero)


def _least(first: B | None, second: B | None) -> B | None:
    known = [value for value in (first, second) if value is not None]
    return min(known) if known else None


def _greatest(first: B | None, second: B | None) -> B | None:
    known = [value for value in (first, second) if value is not None]
    return max(known) if known else None
