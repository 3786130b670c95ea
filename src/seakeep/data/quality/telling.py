"""Small things that kinds of findings share: proposed steps, examples, and the size of what is far from a column's bulk."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.histogram import key_of
from seakeep.core.kinds import Kind
from seakeep.data.cleaning.step import step
from seakeep.data.comparison.moves import readable

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from seakeep.core.codec import Json
    from seakeep.core.statistics import ColumnStatistics

EXAMPLES = 5
MEASURED = (Kind.INTEGER, Kind.NUMBER)
MICROSECONDS_A_DAY = 86_400_000_000


def proposed(name: str, **options: Any) -> str:
    """A cleaning step as text; it is made, so that what is proposed can be done."""
    return step(name, **options).text


def some(values: Iterable[Any]) -> list[Json]:
    """A few values as evidence."""
    return [value for value, _ in zip(values, range(EXAMPLES), strict=False)]


def listed(values: Iterable[Any]) -> str:
    """A few values in a sentence."""
    return ", ".join(map(repr, some(values)))


def shown(value: float | None, column: ColumnStatistics) -> str:
    """A number of a column, or the moment that it stands for."""
    return "nothing" if value is None else str(readable(value, column.kind))


class Bulk:
    """Where a column's finite values lie, from its histogram: counts beyond a point, and the nearest values to it."""

    def __init__(self, column: ColumnStatistics) -> None:
        self.middles = list(column.histogram.middles())
        self.counts = list(column.histogram.counts)
        self.keys, self.shift = column.histogram.keys, column.histogram.shift
        self.cumulated = list(accumulate(self.counts))
        self.rows = self.cumulated[-1] if self.cumulated else 0

    def without(self, values: Iterable[float]) -> list[float]:
        """One value for every occupied bucket that holds none of `values`."""
        keys = {key_of(value) >> self.shift for value in values}
        return [middle for key, middle in zip(self.keys, self.middles, strict=True) if key not in keys]

    def above(self, value: float) -> int:
        """Rows whose value is greater, up to the bucket's width."""
        at = bisect_right(self.middles, value)
        return self.rows - (self.cumulated[at - 1] if at else 0)

    def below(self, value: float) -> int:
        """Rows whose value is less, up to the bucket's width."""
        at = bisect_left(self.middles, value)
        return self.cumulated[at - 1] if at else 0

    def neighbours(self, value: float) -> tuple[float | None, float | None]:
        """The nearest occupied values on both sides."""
        low, high = bisect_left(self.middles, value), bisect_right(self.middles, value)
        return (self.middles[low - 1] if low else None), (self.middles[high] if high < len(self.middles) else None)

    def quantile(self, share: float) -> float:
        """The value at a share of the rows."""
        at = bisect_left(self.cumulated, max(1, np.ceil(share * self.rows)))
        return self.middles[min(at, len(self.middles) - 1)]


def numbers(sample: pl.DataFrame, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A sampled column as doubles, NaN where it is missing; times in microseconds, booleans 0 and 1."""
    import polars as pl

    values = sample[name]
    if values.dtype.is_temporal():
        cast = values.cast(pl.Datetime("us")) if values.dtype == pl.Date else values
        values = cast.dt.timestamp("us") if isinstance(cast.dtype, pl.Datetime) else cast.to_physical()
    return values.cast(pl.Float64).to_numpy(writable=True)
