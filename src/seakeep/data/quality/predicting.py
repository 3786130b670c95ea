"""How well one column alone tells the label: fitted on one half of the sample's rows, judged on the other.

Used by the leakage kinds. A column's values become at most 1,000 groups (numbers by quantile, texts by value, missing one of its own); a
group's label rate in the first half is the score in the second. For a label of two classes the score is the area under the
ROC curve, with DeLong's interval; for more classes the share of the errors of always guessing the most frequent one that go away;
for numbers the share of the variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import ROW
from seakeep.data.quality.telling import numbers
from seakeep.data.statistics.hashing import mix
from seakeep.evidence.intervals import auc_interval, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.data.quality.finding import Table

GROUPS, BINS, MOST_CLASSES = 1000, 64, 20
Codes = Any


@dataclass(frozen=True, slots=True)
class Score:
    """measure: "AUC", "errors avoided" or "variance explained"; low, high: 95 % interval, or nothing known."""

    measure: str
    value: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class Target:
    """The label of the sampled rows that have one. classes: 0 for a number. first: the half that is fitted on."""

    rows: pl.DataFrame
    values: NDArray[np.float64]
    classes: int
    first: NDArray[np.bool_]

    @property
    def binary(self) -> bool:
        """Whether the label has two classes."""
        return self.classes == 2

    def score(self, groups: NDArray[np.int64]) -> Score | None:
        """How well groups (one number a row, from 0) tell the label of the second half; None where it cannot be said."""
        inside, outside = self.first, ~self.first
        if self.classes > 2:
            return _errors_avoided(groups, self.values.astype(np.int64), inside, self.classes)
        predicted = _means(groups[inside], self.values[inside], int(groups.max()) + 1)[groups[outside]]
        truth = self.values[outside]
        if self.binary:
            value, low, high = auc_interval(predicted, truth.astype(bool))
            return None if np.isnan(value) else Score("AUC", value, low, high, len(truth))
        variance = float(((truth - truth.mean()) ** 2).mean())
        if not variance:
            return None
        left = float(((truth - predicted) ** 2).mean()) / variance
        error = 1.96 * float(np.std((truth - predicted) ** 2)) / variance / np.sqrt(len(truth))
        return Score("variance explained", 1 - left, 1 - left - error, min(1.0, 1 - left + error), len(truth))


def target(table: Table) -> Target | None:
    """The label of the sample; None where it has fewer than two values, or is of a kind that cannot be told."""
    column = table.statistics[str(table.label)]
    rows = table.sample.filter(pl.col(str(table.label)).is_not_null())
    many = not column.top.is_exact or len(column.top.values) > MOST_CLASSES
    if rows.height < 40 or column.distinct < 2 or column.kind not in (*_CLASSES, Kind.NUMBER):
        return None
    if column.kind is Kind.NUMBER or (many and column.kind is Kind.INTEGER):
        values = numbers(rows, str(table.label))
        finite = np.isfinite(values)
        rows, values, classes = rows.filter(pl.Series(finite)), values[finite], 0
        classes = 2 if set(np.unique(values)) == {0.0, 1.0} else classes
    elif many:
        return None
    else:
        codes = rows[str(table.label)].cast(pl.String).rank("dense").to_numpy().astype(np.int64) - 1
        values, classes = codes.astype(np.float64), int(codes.max()) + 1
    return Target(rows, values, classes, mix(rows[ROW].to_numpy()) % np.uint64(2) == 0) if classes != 1 else None


def groups_of(rows: pl.DataFrame, name: str) -> NDArray[np.int64] | None:
    """A group for every row by one column's value; None for nested columns."""
    values = rows[name]
    if values.dtype.is_nested() or values.dtype == pl.Binary:
        return None
    if values.dtype.is_numeric() or values.dtype.is_temporal():
        return _binned(numbers(rows, name))
    codes = values.cast(pl.String).rank("dense").fill_null(0).to_numpy().astype(np.int64)
    counts = np.bincount(codes)
    if len(counts) > GROUPS:
        kept = np.argsort(-counts, kind="stable")[:GROUPS]
        renamed = np.full(len(counts), len(kept))
        renamed[kept] = np.arange(len(kept))
        codes = renamed[codes]
    return codes


def _binned(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers by quantile; a group of their own for single values that are frequent, as quantiles fall on them; 0 for missing."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, BINS + 1), method="lower"))
    below, upto = np.searchsorted(edges, values, "left"), np.searchsorted(edges, values, "right")
    codes = below + upto + 1
    codes[~known] = 0
    return codes.astype(np.int64)


def _means(groups: NDArray[np.int64], values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """The mean of every group, drawn towards that of all as if it had two rows more."""
    overall = values.mean() if len(values) else 0.0
    sums = np.bincount(groups, values, minlength=size)
    counts = np.bincount(groups, minlength=size)
    return np.asarray((sums + 2 * overall) / (counts + 2))


def _errors_avoided(
    groups: NDArray[np.int64], labels: NDArray[np.int64], first: NDArray[np.bool_], classes: int
) -> Score | None:
    size = int(groups.max()) + 1
    table = np.bincount(groups[first] * classes + labels[first], minlength=size * classes).reshape(size, classes)
    usual = int(table.sum(axis=0).argmax())
    best = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), usual)
    wrong = int((best[groups[~first]] != labels[~first]).sum())
    baseline = int((labels[~first] != usual).sum())
    if not baseline:
        return None
    low, high = wilson(min(wrong, baseline), baseline)
    return Score("errors avoided", 1 - wrong / baseline, 1 - high, 1 - low, baseline)


_CLASSES = (Kind.BOOLEAN, Kind.STRING, Kind.INTEGER)
