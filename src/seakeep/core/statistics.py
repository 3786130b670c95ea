"""Statistics: what is known of a table, column by column. They add: statistics of a ++ b are statistics of a + those of b.

A training set, one file of it, a server's last minute and a year of traffic are the same type. Counts, extremes, sums,
histograms and distinct sketches add to the same bits in any order and any chunking; the most frequent values add within the
error that they carry (see counters). Nothing here depends on the number of rows: a column takes at most some 100 KiB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from seakeep.core.codec import digest, from_json, to_json
from seakeep.core.counters import TopValues, Value
from seakeep.core.distinct import DistinctSketch, hash_bytes, hash_number
from seakeep.core.errors import SchemaMismatch, UsageError
from seakeep.core.exact import ExactSum, nearest_float
from seakeep.core.files import write_text
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from pathlib import Path

Bound = int | float | None
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

    @classmethod
    def absent(cls, kind: Kind, rows: int) -> ColumnStatistics:
        """A column that `rows` rows of a table do not have: all missing."""
        return cls(kind, rows=rows, missing=rows)

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
        """Different finite values: exact while few, else within a standard error of 1.6 %."""
        return len(self.top.values) if self.sketch is None else round(self.sketch.estimate())

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

    def quantile(self, share: float) -> float | None:
        """The value at `share` (0 to 1) of the finite values, never beyond the extremes.

        Exact while the histogram is (see Histogram.quantile). None where there is no finite value.
        """
        found = self.histogram.quantile(share)
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
            lengths=_both(self.lengths, other.lengths),
            invalid_utf8=self.invalid_utf8 + other.invalid_utf8,
        )

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
            top=TopValues(tuple(map(_as_double, self.top.values)), self.top.counts, self.top.error),
        )

    def _sketched(self) -> DistinctSketch:
        if self.sketch is not None:
            return self.sketch
        return DistinctSketch.of(
            hash_bytes(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else hash_number(value)
            for value in self.top.values
        )


@dataclass(frozen=True, slots=True)
class Statistics:
    """Rows of a table and its columns by name, in the table's order. `Statistics()` is the empty table's: it adds nothing.

    Adding a table that lacks a column counts its rows as missing there.
    """

    rows: int = 0
    columns: Mapping[str, ColumnStatistics] = field(default_factory=dict)

    def __add__(self, other: Statistics) -> Statistics:
        names = dict.fromkeys((*self.columns, *other.columns))
        return Statistics(self.rows + other.rows, {name: self._added(other, name) for name in names})

    def _added(self, other: Statistics, name: str) -> ColumnStatistics:
        own, their = self.columns.get(name), other.columns.get(name)
        own = own or ColumnStatistics.absent(Kind.NULL, self.rows)
        their = their or ColumnStatistics.absent(Kind.NULL, other.rows)
        return own.added(their, name=name)

    def __getitem__(self, name: str) -> ColumnStatistics:
        """The column called `name`. Raises UsageError with the nearest name."""
        if name not in self.columns:
            raise UsageError.unknown_name("column", name, self.columns)
        return self.columns[name]

    def select(self, names: tuple[str, ...]) -> Statistics:
        """These statistics with the named columns only, in that order."""
        return replace(self, columns={name: self[name] for name in names})

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return digest(self)

    def save(self, path: Path) -> None:
        """Write these statistics to `path` as JSON, one column a line."""
        lines = (
            f" {to_json(name, indent=None).strip()}: {to_json(c, indent=None).strip()}"
            for name, c in self.columns.items()
        )
        write_text(path, f'{{"rows": {self.rows}, "columns": {{\n' + ",\n".join(lines) + "\n}}\n")

    @classmethod
    def load(cls, path: Path) -> Statistics:
        """Read statistics that `save` wrote."""
        return from_json(cls, path.read_bytes(), path=str(path))


def common_kind(first: Kind, second: Kind) -> Kind | None:
    """The kind that holds both kinds' values, or None: null gives way to all, integer to number."""
    kinds = {first, second} - {Kind.NULL}
    if not kinds:
        return Kind.NULL
    if kinds == {Kind.INTEGER, Kind.NUMBER}:
        return Kind.NUMBER
    return kinds.pop() if len(kinds) == 1 else None


def _as_double(value: Value) -> Value:
    return float(value) if isinstance(value, int) and int(float(value)) == value else value


def _both(first: Lengths | None, second: Lengths | None) -> Lengths | None:
    return (first or Lengths()) + (second or Lengths()) if first or second else None


def _least(first: B | None, second: B | None) -> B | None:
    known = [value for value in (first, second) if value is not None]
    return min(known) if known else None


def _greatest(first: B | None, second: B | None) -> B | None:
    known = [value for value in (first, second) if value is not None]
    return max(known) if known else None
