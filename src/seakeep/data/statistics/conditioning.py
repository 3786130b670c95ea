"""Means of the label by value of a column: core.conditional.Conditional of one column of one piece.

Called by statistics.deep. What is hard: labels are summed exactly, so doubles are cut into whole numbers by exponent, two halves each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from seakeep.core import conditional
from seakeep.core.conditional import Conditional, Group
from seakeep.core.exact import ExactSum
from seakeep.core.kinds import Kind
from seakeep.data.kinds import kind_of
from seakeep.data.statistics.grouped import doubles_of, keys_of, mantissas
from seakeep.data.statistics.sketches import histogram_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF = 27


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Labels of the rows that have one. rows: which these are; high · 2^27 + low, times 2^exponent, is a label."""

    rows: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    exponent: NDArray[np.int64]


def labels_of(values: pl.Series) -> Labels:
    """A label's finite values; decimals and integers beyond 2^53 as the nearest double, true and false as 1 and 0."""
    doubles = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
    rows = np.flatnonzero(np.isfinite(doubles))
    own = doubles[rows]
    if np.array_equal(own, np.trunc(own)) and (not len(own) or np.abs(own).max() < 1 << 53):
        mantissa, exponent = own.astype(np.int64), np.zeros(len(own), np.int64)
    else:
        mantissa, exponent = mantissas(own)
    return Labels(rows, mantissa >> _HALF, mantissa & np.int64((1 << _HALF) - 1), exponent)


def conditional_of(values: pl.Series, labels: Labels) -> Conditional | None:
    """Means of the label by this column's values; None for columns that have no values to go by."""
    kind = kind_of(values.dtype, name=values.name)
    own = values.gather(labels.rows)
    if kind is Kind.NULL:
        whole = _whole(np.ones(len(own), np.bool_), labels)
        return Conditional(whole, missing=whole)
    if kind in (Kind.STRING, Kind.BOOLEAN):
        return _by_value(own.cast(pl.String), labels)
    return _by_bucket(own, labels) if kind.is_numeric else None


def _by_value(values: pl.Series, labels: Labels) -> Conditional:
    there = values.is_not_null().to_numpy()
    missing, present = _whole(~there, labels), _whole(there, labels)
    if values.n_unique() > conditional.LIMIT + 1:
        return Conditional.of_values(present + missing, missing, {}, too_many=True)
    groups = _groups(values.drop_nulls(), there, labels)
    return Conditional.of_values(present + missing, missing, groups)


def _by_bucket(values: pl.Series, labels: Labels) -> Conditional:
    there = values.is_not_null().to_numpy()
    doubles = doubles_of(values.drop_nulls())
    finite = np.isfinite(doubles)
    there[there] = finite
    doubles = doubles[finite]
    missing, present = _whole(~there, labels), _whole(there, labels)
    shift = histogram_of(np.unique(doubles), np.ones(len(np.unique(doubles)), np.int64)).shift
    groups = _groups(pl.Series(keys_of(doubles) >> np.int64(shift)), there, labels)
    return Conditional.of_keys(present + missing, missing, groups, shift)


def _whole(rows: NDArray[np.bool_], labels: Labels) -> Group:
    """All these rows in one group."""
    return _groups(pl.Series([""]).new_from_index(0, int(rows.sum())), rows, labels).get("", Group())


def _groups(by: pl.Series, rows: NDArray[np.bool_], labels: Labels) -> dict[Any, Group]:
    """The group of each value of `by`, which holds one for each of `rows`."""
    frame = pl.DataFrame(
        {"by": by, "high": labels.high[rows], "low": labels.low[rows], "exponent": labels.exponent[rows]}
    )
    summed = frame.group_by("by", "exponent").agg(pl.len(), pl.col("high", "low").sum())
    groups: dict[Any, Group] = {}
    for value, exponent, count, high, low in summed.iter_rows():
        part = Group(count, ExactSum.scaled((high << _HALF) + low, exponent))
        groups[value] = groups[value] + part if value in groups else part
    return groups
