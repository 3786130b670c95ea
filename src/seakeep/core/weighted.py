"""What the rows of a column weigh: the same statistics as unweighted ones, with weights in the place of counts.

A row's weight is rounded once to a multiple of 2^-40 (UNIT), so that weights are whole numbers of units: they add exactly,
in any order, as counts do. Histogram and top values of a `Weighted` count such units; its shares, quantiles and errors need
no change. Everything else is told in the weights' own measure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from seakeep.core import ranks
from seakeep.core.counters import TopValues, Value
from seakeep.core.exact import ExactSum, nearest_float
from seakeep.core.histogram import Histogram

BITS = 40
UNIT = 2.0**-BITS


@dataclass(frozen=True, slots=True)
class Weighted:
    """The weight of one column's rows.

    present, missing, finite: units of the rows that hold a value, of the nulls, of the values that enter the moments.
    squared: sum of the squared weights of the rows that hold a value, in units squared.
    total, squares: sums of weight · value and of weight · value² (in the weights' own measure), of the finite values.
    histogram, top: as a column's, counted in units.
    """

    present: int = 0
    missing: int = 0
    finite: int = 0
    squared: int = 0
    total: ExactSum = field(default_factory=ExactSum)
    squares: ExactSum = field(default_factory=ExactSum)
    histogram: Histogram = field(default_factory=Histogram)
    top: TopValues = field(default_factory=TopValues)

    def __add__(self, other: Weighted) -> Weighted:
        return Weighted(
            self.present + other.present,
            self.missing + other.missing,
            self.finite + other.finite,
            self.squared + other.squared,
            self.total + other.total,
            self.squares + other.squares,
            self.histogram + other.histogram,
            self.top + other.top,
        )

    @property
    def rows(self) -> float:
        """Weight of all rows."""
        return (self.present + self.missing) * UNIT

    @property
    def missing_rate(self) -> float:
        """Share of the weight that lies on nulls, 0 to 1; 0 where nothing weighs anything. NaN is not missing here."""
        whole = self.present + self.missing
        return self.missing / whole if whole else 0.0

    @property
    def effective_rows(self) -> float:
        """Kish's effective number of rows that hold a value: (sum of weights)² / sum of squared weights."""
        return self.present * self.present / self.squared if self.squared else 0.0

    @property
    def mean(self) -> float | None:
        """Weighted mean of the finite values; None where they weigh nothing. Rounded once, from exact sums."""
        return nearest_float(self.total.fraction() / self._weight()) if self.finite else None

    @property
    def variance(self) -> float | None:
        """Weighted variance about the weighted mean (divisor: the weight); None where the finite values weigh nothing."""
        if not self.finite:
            return None
        mean = self.total.fraction() / self._weight()
        return nearest_float(self.squares.fraction() / self._weight() - mean * mean)

    @property
    def std(self) -> float | None:
        """Square root of the variance."""
        variance = self.variance
        return None if variance is None else float(variance**0.5)

    def quantile(self, share: float) -> float | None:
        """The value below which `share` (0 to 1) of the weight lies; None for no weight. See core.ranks."""
        return ranks.quantile(self.histogram, self.top, share)

    def weights(self) -> dict[Value, float]:
        """Weight of each of the heaviest values, heaviest first; lower bounds within `top.error` units."""
        return {value: units * UNIT for value, units in self.top.as_dict().items()}

    def _weight(self) -> Fraction:
        return Fraction(self.finite, 1 << BITS)
