"""Groups: which group of a column each row belongs to, for slices, fairness and the error analysis.

Columns of few values are grouped by value, others by the quantiles of the model's training table, so that a slice means the
same rows a year later. A missing value (null or NaN) is a group of its own. What is hard is a column of very many values (a key):
after VALUES_KEPT different ones the rest is one group, so that memory is bounded.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.kinds import kind_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.statistics import ColumnStatistics

VALUES_KEPT = 4096
FEW = 24
SHARES = (0.2, 0.4, 0.6, 0.8)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000


class Grouping(Protocol):
    """Gives every value of one column a group's number."""

    def codes(self, series: pl.Series) -> NDArray[np.int32]:
        """The group of each row, (rows,), an index into `names()`."""

    def names(self) -> tuple[str, ...]:
        """The groups seen so far, as text that starts with the column: "carrier=UA", "distance in (500, 1000]"."""


def grouping(column: str, dtype: pl.DataType, statistics: ColumnStatistics | None) -> Grouping:
    """How to group a column of this type, given what the training table showed of it (None: nothing)."""
    kind = kind_of(dtype, name=column)
    if kind.is_numeric and statistics is not None and statistics.kind.is_numeric and statistics.distinct > FEW:
        return ByRange(column, _edges(statistics), is_time=kind is Kind.TIMESTAMP)
    return ByValue(column)


@dataclass(slots=True)
class ByValue:
    """One group a value, in order of appearance; group 0 is "missing", group 1 all values after the first VALUES_KEPT."""

    column: str
    _known: dict[str, int] = field(default_factory=dict)

    def codes(self, series: pl.Series) -> NDArray[np.int32]:
        """See Grouping."""
        text = _as_text(series)
        values = text.unique(maintain_order=True).drop_nulls()
        for value in values.to_list():
            if len(self._known) == VALUES_KEPT:
                break
            self._known.setdefault(value, len(self._known) + 2)
        if not len(values):
            return np.zeros(len(series), np.int32)
        numbers = pl.Series([self._known.get(value, 1) for value in values.to_list()], dtype=pl.Int32)
        return text.replace_strict(values, numbers, default=0, return_dtype=pl.Int32).to_numpy()

    def names(self) -> tuple[str, ...]:
        """See Grouping."""
        return (f"{self.column} missing", f"{self.column} other", *(f"{self.column}={value}" for value in self._known))


@dataclass(frozen=True, slots=True)
class ByRange:
    """Ranges (low, high] between edges; group 0 is "missing". Infinities belong to the outer ranges."""

    column: str
    edges: tuple[float, ...]
    is_time: bool = False

    def codes(self, series: pl.Series) -> NDArray[np.int32]:
        """See Grouping."""
        values = _as_numbers(series)
        codes = np.searchsorted(np.asarray(self.edges), values, side="left").astype(np.int32) + 1
        return np.where(np.isnan(values), 0, codes).astype(np.int32)

    def names(self) -> tuple[str, ...]:
        """See Grouping."""
        texts = [_moment(edge) if self.is_time else f"{edge:.12g}" for edge in self.edges]
        if not texts:
            return (f"{self.column} missing", f"{self.column} present")
        between = [f"{self.column} in ({low}, {high}]" for low, high in itertools.pairwise(texts)]
        return (f"{self.column} missing", f"{self.column}≤{texts[0]}", *between, f"{self.column}>{texts[-1]}")


def _edges(statistics: ColumnStatistics) -> tuple[float, ...]:
    """Quantiles of the training table, rounded so that they can be read: to 3 digits of the range, times to days."""
    found = [quantile for share in SHARES if (quantile := statistics.quantile(share)) is not None]
    if not found:
        return ()
    span = max(found) - min(found)
    if statistics.kind is Kind.TIMESTAMP and span > 10 * _DAY:
        return tuple(sorted({float(edge // _DAY * _DAY) for edge in found}))
    digits = 0 if span == 0 else 2 - int(np.floor(np.log10(span)))
    return tuple(sorted({round(edge, digits) if span else edge for edge in found}))


def _as_text(series: pl.Series) -> pl.Series:
    """Values as text; null for missing ones."""
    if series.dtype.is_float():
        values = series.fill_nan(None).unique().drop_nulls()
        texts = pl.Series([f"{value:.12g}" for value in values.to_list()], dtype=pl.String)
        return series.replace_strict(values, texts, default=None, return_dtype=pl.String)
    if series.dtype.is_nested() or series.dtype == pl.Binary:
        return pl.Series(series.name, [None if value is None else repr(value) for value in series.to_list()], pl.String)
    return series.cast(pl.String)


def _as_numbers(series: pl.Series) -> NDArray[np.float64]:
    if isinstance(series.dtype, pl.Date | pl.Datetime):
        series = series.cast(pl.Datetime("us", getattr(series.dtype, "time_zone", None))).to_physical()
    elif isinstance(series.dtype, pl.Duration | pl.Time):
        series = series.cast(pl.Duration("us")).to_physical()
    return series.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _moment(microseconds: float) -> str:
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return f"{microseconds:.12g}µs"
    return moment.strftime("%Y-%m-%d" if not microseconds % _DAY else "%Y-%m-%dT%H:%M:%S")
