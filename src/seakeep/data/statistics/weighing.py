"""What the rows of a column weigh: core.weighted.Weighted of one column of one piece.

Called by statistics.deep. A weight becomes whole units of 2^-40 once, cut into a high and a low part of 40 bits, so that sums over the rows of
each different value cannot wrap; from there on everything is as many operations as there are different values.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import reduce
from heapq import nlargest
from itertools import pairwise
from operator import add, itemgetter, mul
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core import counters
from seakeep.core.counters import TopValues, Value
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.weighted import BITS, Weighted
from seakeep.data.kinds import kind_of
from seakeep.data.statistics.decimals import nearest
from seakeep.data.statistics.errors import BadWeights
from seakeep.data.statistics.grouped import keys_of, mantissas, put_together, summed_by, whole_numbers
from seakeep.data.statistics.nested import as_lists, fields_of
from seakeep.data.statistics.numbers import as_doubles
from seakeep.data.statistics.sketches import histogram_of
from seakeep.data.statistics.sums import ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.core.statistics import ColumnStatistics

_MOST = float(1 << BITS)
_UNITS = np.int64(1 << BITS)
_LIMB = 20


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights of rows in units: high · 2^40 + low, both below 2^40."""

    high: NDArray[np.int64]
    low: NDArray[np.int64]

    def __getitem__(self, rows: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Weights:
        return Weights(self.high[rows], self.low[rows])

    def units(self) -> int:
        """The sum."""
        return (int(self.high.sum()) << BITS) + int(self.low.sum())

    def squared(self) -> int:
        """The sum of squares: of products of limbs of 20 bits, which 64 bits can add 2^20 times."""
        mask = np.int64((1 << _LIMB) - 1)
        limbs = np.stack((self.low & mask, self.low >> _LIMB, self.high & mask, self.high >> _LIMB))
        products = (limbs @ limbs.T).tolist()
        return sum(products[i][j] << (_LIMB * (i + j)) for i in range(4) for j in range(4))


def weights_of(values: pl.Series, *, first: int) -> Weights:
    """The weights of a piece whose first row is number `first`. Raises BadWeights, naming the first bad row."""
    doubles = values.cast(pl.Float64).to_numpy()
    missing = values.is_null().to_numpy()
    for what, bad in (
        ("missing", missing),
        ("NaN", np.isnan(doubles) & ~missing),
        ("negative", doubles < 0),
        ("beyond 2^40", doubles >= _MOST),
    ):
        if bad.any():
            raise BadWeights.in_rows(values.name, what, int(bad.sum()), first + int(np.argmax(bad)))
    whole = np.floor(doubles)
    high, low = whole.astype(np.int64), np.rint((doubles - whole) * _MOST).astype(np.int64)
    return Weights(high + (low == _UNITS), low % _UNITS)


def with_weights(statistics: ColumnStatistics, values: pl.Series, weights: Weights) -> ColumnStatistics:
    """A column's statistics with what its rows, and so its items and fields, weigh."""
    kind = kind_of(values.dtype, name=values.name)
    there = values.is_not_null().to_numpy()
    present, own = values.drop_nulls(), weights[there]
    missing = weights.units() - own.units()
    found = replace(statistics, weighted=_weighted(kind, present, own) + Weighted(missing=missing))
    if kind is Kind.STRUCT:
        fields = {name: with_weights(found.fields[name], part, own) for name, part in fields_of(present)}
        return replace(found, fields=fields)
    if kind is Kind.LIST and found.items is not None:
        lists = as_lists(present)
        each = own[np.repeat(np.arange(len(lists)), lists.list.len().to_numpy().astype(np.int64))]
        return replace(found, items=with_weights(found.items, lists.list.explode(empty_as_null=False), each))
    return found


def _weighted(kind: Kind, present: pl.Series, weights: Weights) -> Weighted:
    """Of rows that hold a value, at most ROWS at a time."""
    parts = (slice(start, start + ROWS) for start in range(0, len(present), ROWS))
    return reduce(add, (_weighted_part(kind, present[part], weights[part]) for part in parts), Weighted())


def _weighted_part(kind: Kind, present: pl.Series, weights: Weights) -> Weighted:
    units = weights.units()
    whole = Weighted(present=units, finite=units, squared=weights.squared())
    if kind in (Kind.STRING, Kind.BOOLEAN):
        texts = present.cast(pl.String) if kind is Kind.STRING else present
        values, sums = summed_by(texts, high=weights.high, low=weights.low)
        counted = dict(zip(values.to_list(), put_together(**sums, bits=BITS), strict=True))
        true = ExactSum.scaled(counted.get(True, 0), -BITS) if kind is Kind.BOOLEAN else ExactSum()
        return replace(whole, total=true, squares=true, top=_top(counted))
    if not kind.is_numeric:
        return whole
    if present.dtype.is_float():
        return _of_doubles(whole, as_doubles(present) + 0.0, weights)
    return _of_whole_numbers(whole, present, weights)


def _of_doubles(whole: Weighted, values: NDArray[np.float64], weights: Weights) -> Weighted:
    finite = np.isfinite(values)
    own = weights[finite]
    found, sums = summed_by(pl.Series(values[finite]), high=own.high, low=own.low)
    doubles, units = found.to_numpy(), put_together(**sums, bits=BITS)
    mantissa, exponent = mantissas(doubles)
    total = squares = ExactSum()
    for power in np.unique(exponent).tolist():
        at = np.flatnonzero(exponent == power)
        part, square = _sums(mantissa[at].tolist(), [units[i] for i in at.tolist()])
        total += ExactSum.scaled(part, power - BITS)
        squares += ExactSum.scaled(square, 2 * power - BITS)
    return replace(
        whole,
        finite=own.units(),
        total=total,
        squares=squares,
        histogram=_histogram(doubles, units),
        top=_top(dict(zip(doubles.tolist(), units, strict=True))),
    )


def _of_whole_numbers(whole: Weighted, present: pl.Series, weights: Weights) -> Weighted:
    scale: int = getattr(present.dtype, "scale", 0)
    numbers = whole_numbers(present)
    if isinstance(numbers, list):
        counted: Counter[int] = Counter()
        for number, unit in zip(numbers, put_together(weights.high, weights.low, BITS), strict=True):
            counted[number] += unit
        values = sorted(counted)
        units = [counted[value] for value in values]
    else:
        found, sums = summed_by(pl.Series(numbers), high=weights.high, low=weights.low)
        values, units = found.to_list(), put_together(**sums, bits=BITS)
    listed: list[Value] = [nearest(value, scale) for value in values] if present.dtype.is_decimal() else [*values]
    total, squares = _sums(values, units)
    return replace(
        whole,
        total=_scaled(total, scale),
        squares=_scaled(squares, 2 * scale),
        histogram=_histogram(np.array([float(value) for value in listed]), units),
        top=_top(_gathered(listed, units)),
    )


def _sums(values: Sequence[int], units: Sequence[int]) -> tuple[int, int]:
    weighted = list(map(mul, values, units))
    return sum(weighted), sum(map(mul, weighted, values))


def _scaled(units: int, scale: int) -> ExactSum:
    """units · 10^-scale · 2^-40."""
    whole = ExactSum.decimal(units, scale)
    return replace(whole, exponent=whole.exponent - BITS) if units else whole


def _gathered(values: Sequence[Value], units: Sequence[int]) -> dict[Value, int]:
    """Weights by value; decimals that one double stands for are put together."""
    gathered: dict[Value, int] = {}
    for value, unit in zip(values, units, strict=True):
        gathered[value] = gathered.get(value, 0) + unit
    return gathered


def _histogram(values: NDArray[np.float64], units: Sequence[int]) -> Histogram:
    """The histogram of ascending doubles; those that weigh nothing are not in it."""
    weighing = np.flatnonzero(np.array([unit > 0 for unit in units], np.bool_))
    values, own = values[weighing], [units[i] for i in weighing.tolist()]
    shape = histogram_of(values, np.ones(len(values), np.int64))
    starts = np.searchsorted(keys_of(values) >> np.int64(shape.shift), np.array(shape.keys, np.int64)).tolist()
    counts = tuple(sum(own[start:stop]) for start, stop in pairwise([*starts, len(own)]))
    return Histogram(shape.keys, counts, shape.shift)


def _top(units: Mapping[Value, int]) -> TopValues:
    """The heaviest values. Only those that may be among them are looked at one by one; values that weigh nothing are none."""
    weighing = {value: unit for value, unit in units.items() if unit}
    if len(weighing) <= counters.LIMIT:
        return TopValues.of(weighing)
    return TopValues.of(dict(nlargest(counters.LIMIT + 1, weighing.items(), key=itemgetter(1))))
