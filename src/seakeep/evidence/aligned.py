"""Two columns on common ground: the bins that distances between their statistics are computed on.

Called by every distance. Statistics hold histograms and the most frequent values, never rows, so both columns are first put
on the same buckets: numbers on the union of both histograms' buckets at the coarser one's depth, other values on a list of
values and one bin for all others. Bins follow the distributions' quantiles, never a fixed width, so that one far value
cannot put all others into one bin. Infinities, NaN and missing values are not compared here; `missing_rate` and the
contract look at those.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.histogram import value_of
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnMismatch, ColumnStatistics, common_kind
from seakeep.evidence.special import chi_square_tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from seakeep.core.counters import Value
    from seakeep.core.histogram import Histogram

FEW_NUMBERS = 20
LEAST_SHARE = 0.01
NUMERIC = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.TIMESTAMP, Kind.DURATION})
CATEGORICAL = frozenset({Kind.STRING, Kind.BOOLEAN})


class NotComparable(ColumnMismatch):
    """Two columns have no distance between them."""

    @classmethod
    def differ(cls, distance: str, first: Kind, second: Kind) -> NotComparable:
        return cls(
            f"{distance} compares columns of one kind; found {first.value} in the reference and {second.value} now",
            cause="A file was written with another type, or two different columns are being compared.",
            fix="Convert the column on reading: seakeep.read(…, derive={…}).",
            distance=distance,
            first=first,
            second=second,
        )

    @classmethod
    def unfit(cls, distance: str, kind: Kind, kinds: Iterable[Kind]) -> NotComparable:
        known = ", ".join(sorted(kind.value for kind in kinds))
        return cls(
            f"{distance} does not compare {kind.value} columns; it compares {known}",
            fix="Choose another distance for this column; missing_rate compares every kind.",
            distance=distance,
            kind=kind,
        )

    @classmethod
    def empty(cls, distance: str, which: str) -> NotComparable:
        return cls(
            f"{distance} has nothing to compare: the {which} column has no values",
            cause="Every row is missing, NaN or infinite, or there are no rows.",
            fix="Compare such columns by missing_rate.",
            distance=distance,
            which=which,
        )


@dataclass(frozen=True, slots=True)
class Aligned:
    """Counts of both columns in common buckets, (buckets,).

    keys: of numbers, the buckets' keys at depth `shift` (see core.histogram), ascending; None for bins. Nothing is written to.
    """

    reference: NDArray[np.float64]
    current: NDArray[np.float64]
    keys: NDArray[np.int64] | None = None
    shift: int = 0

    def points(self) -> NDArray[np.float64]:
        """One value a bucket, ascending: the value itself where histograms are exact, else the middle of its bounds."""
        wide = (1 << self.shift) - 1
        lows = [key << self.shift for key in ([] if self.keys is None else self.keys.tolist())]
        return np.array([value_of(low) / 2 + value_of(low + wide) / 2 if wide else value_of(low) for low in lows])

    def shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Shares of the reference's and the current rows, each summing to 1."""
        return self.reference / self.reference.sum(), self.current / self.current.sum()

    def steps(self) -> NDArray[np.float64]:
        """Current minus reference share of rows at or below each bucket, (buckets,)."""
        reference, current = np.cumsum(self.reference), np.cumsum(self.current)
        difference: NDArray[np.float64] = current / current[-1] - reference / reference[-1]
        return difference

    def grouped(self, bins: NDArray[np.intp]) -> Aligned:
        """Buckets with the same bin number put together; bins without rows on both sides are left out."""
        reference, current = (
            np.bincount(bins, weights=counts).astype(np.float64) for counts in (self.reference, self.current)
        )
        filled = (reference + current) > 0
        return Aligned(reference[filled], current[filled])


def comparable(distance: str, kinds: frozenset[Kind], reference: ColumnStatistics, current: ColumnStatistics) -> Kind:
    """The kind that both columns have. Raises NotComparable where they differ, do not suit the distance, or are empty."""
    kind = common_kind(reference.kind, current.kind)
    if kind is None:
        raise NotComparable.differ(distance, reference.kind, current.kind)
    for which, column in (("reference", reference), ("current", current)):
        if column.finite <= 0:
            raise NotComparable.empty(distance, which)
    if kind not in kinds:
        raise NotComparable.unfit(distance, kind, kinds)
    return kind


class _Same:
    """A histogram by identity: hashing its thousands of numbers would cost more than what is kept of it saves."""

    __slots__ = ("histogram",)

    def __init__(self, histogram: Histogram) -> None:
        self.histogram = histogram

    def __hash__(self) -> int:
        return id(self.histogram)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.histogram is other.histogram


def line(reference: Histogram, current: Histogram) -> Aligned:
    """Both histograms on the union of their buckets at the coarser one's depth. Exact when both are.

    Several distances of one column are asked for one after the other, so the last answers are kept: 40 KiB each.
    """
    return _line(_Same(reference), _Same(current))


@lru_cache(maxsize=64)
def _line(reference: _Same, current: _Same) -> Aligned:
    shift = max(reference.histogram.shift, current.histogram.shift)
    arrays = [(own.histogram.shift, *_arrays(own)) for own in (reference, current)]
    listed = np.concatenate([keys >> (shift - own) for own, keys, _ in arrays])
    order = listed.argsort(kind="stable")  # of two ascending runs: merged, not sorted
    merged = listed[order]
    starts = np.concatenate(([True], merged[1:] != merged[:-1]))[: len(merged)]
    buckets = np.empty(len(listed), np.intp)
    buckets[order] = starts.cumsum() - 1
    keys = merged[starts]
    parts = zip((counts for *_, counts in arrays), np.split(buckets, [len(arrays[0][1])]), strict=True)
    first, second = (np.bincount(at, weights=counts, minlength=len(keys)).astype(np.float64) for counts, at in parts)
    return Aligned(first, second, keys, shift)


@lru_cache(maxsize=256)
def _arrays(own: _Same) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Its keys and counts; a reference is compared with many windows, and turning it into arrays costs as much as the rest."""
    keys, counts = own.histogram.keys, own.histogram.counts
    return np.fromiter(keys, np.int64, len(keys)), np.fromiter(counts, np.float64, len(counts))


def reference_bins(reference: ColumnStatistics, current: ColumnStatistics, *, bins: int) -> Aligned:
    """Counts in the reference's own bins, and one bin for what it never held.

    Columns of few different numbers: one bin a number; of text and booleans: one bin for each value of at least 1 % of the
    reference. Other numbers: `bins` bins of equal share of the reference, and one below
    its least and one above its greatest value.
    """
    if not reference.kind.is_numeric:
        return _listed(reference, current, _frequent(reference.top.as_dict(), reference.finite))
    buckets = line(reference.histogram, current.histogram)
    held = buckets.reference > 0
    if held.sum() <= FEW_NUMBERS:
        return buckets.grouped(np.where(held, np.cumsum(held), 0))
    inside = np.searchsorted(_edges(buckets.reference, bins), np.arange(len(held))) + 1
    first, last = np.flatnonzero(held)[[0, -1]]
    inside[:first], inside[last + 1 :] = 0, bins + 1
    return buckets.grouped(inside)


def pooled_bins(reference: ColumnStatistics, current: ColumnStatistics, *, bins: int) -> Aligned:
    """Counts in bins of both columns' mixture in equal parts, so that exchanging them exchanges the counts and no more.

    Columns of few different numbers: one bin a number; of text and booleans: one bin for each value of at least 1 % of the
    mixture, and one for all others. Other numbers: `bins` bins of equal share of the mixture.
    """
    if not reference.kind.is_numeric:
        return _listed(reference, current, _frequent_in_mixture(reference, current))
    buckets = line(reference.histogram, current.histogram)
    if len(buckets.reference) <= FEW_NUMBERS:
        return buckets
    first, second = buckets.shares()
    return buckets.grouped(np.searchsorted(_edges(first + second, bins), np.arange(len(first))))


def precision(reference: ColumnStatistics, current: ColumnStatistics) -> float:
    """1/rows + 1/rows: the variance of a difference of two means, in units of the variance of one row."""
    return 1.0 / reference.finite + 1.0 / current.finite


def chi_square_noise(bins: Aligned, probability: float) -> float:
    """What the sum of (first share - second share)² / share exceeds by sampling with at most `probability`.

    The share is that of both together. For many rows this is (1/n + 1/m) times chi-square's tail with bins - 1 degrees;
    logarithms of shares have heavier tails where a bin expects few rows, so the tail is widened by 1.2 and by three times
    the bins' mean of 1/expected rows. That factor was found by simulation (tests/evidence holds it), not by proof.
    """
    n, m = float(bins.reference.sum()), float(bins.current.sum())
    expected = (bins.reference + bins.current) / (n + m) * min(n, m)
    widened = 1.2 + 3 * float(np.mean(1 / np.maximum(expected, 1.0)))
    return widened * (1 / n + 1 / m) * chi_square_tail(probability, len(expected) - 1)


def _edges(weights: NDArray[np.float64], bins: int) -> NDArray[np.intp]:
    """Last bucket of every bin but the last: the buckets at which the cumulated weight reaches i/bins of the whole."""
    cumulated = np.cumsum(weights)
    wanted = cumulated[-1] * np.arange(1, bins) / bins
    return np.unique(np.searchsorted(cumulated, wanted - 1e-12 * cumulated[-1]))


def _listed(reference: ColumnStatistics, current: ColumnStatistics, values: tuple[Value, ...]) -> Aligned:
    """One bin for each of `values`, and one for all others."""
    rows = []
    for column in (reference, current):
        counts = column.top.as_dict()
        listed = [float(counts.get(value, 0)) for value in values]
        rows.append([*listed, max(0.0, column.finite - sum(listed))])
    both = Aligned(np.array(rows[0]), np.array(rows[1]))
    return both.grouped(np.arange(len(values) + 1))


def _frequent_in_mixture(reference: ColumnStatistics, current: ColumnStatistics) -> tuple[Value, ...]:
    first, second = reference.top.as_dict(), current.top.as_dict()
    n, m = reference.finite, current.finite
    shares = {value: first.get(value, 0) / n + second.get(value, 0) / m for value in first.keys() | second.keys()}
    return _frequent(shares, 2.0)


def _frequent(weights: Mapping[Value, float], whole: float) -> tuple[Value, ...]:
    """Values of at least 1 % of the whole: rarer ones are chosen by luck, and luck does not repeat."""
    return tuple(sorted((value for value in weights if weights[value] >= LEAST_SHARE * whole), key=str))
