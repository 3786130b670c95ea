"""What a distance shows at a window's number of rows although nothing has changed: its null distribution, p-values, thresholds.

Called by monitoring, once a column, distance and size. Windows are drawn from the reference's own Statistics, so any distance
is calibrated, also one that a third party wrote, and on the columns at hand: many ties, rare values, heavy tails. Three things
are hard. The reference is a sample too: windows are drawn at the size that has the variance of both together, 1/(1/n + 1/m).
It has not seen everything: one unseen value gets the mass that the values seen once point to (Good 1953). And thousands of
hypotheses need p-values that hundreds of draws cannot show: beyond the draws the tail is a gamma's with their mean and variance
(Satterthwaite 1946), which fits sums of squares and lies above the tails of the distances that are roots or maxima of them;
tests/evidence holds both by simulation.

Drawing is fast because columns are put into some BUCKETS buckets first; the result is kept by column, distance and size.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core import plugins
from seakeep.core.counters import TopValues
from seakeep.core.errors import UsageError
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnStatistics
from seakeep.evidence.special import gamma_tail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seakeep.core.counters import Value

GROUP = "evidence.distances"
DRAWS = 200
BUCKETS = 128
STEP = 1.1
"""Sizes are rounded down to powers of this, so that windows of nearly one size share their draws; thresholds rise by 5 % at most."""
_ENDS = 24
"""Outermost buckets that are kept as they are, since heavy tails lie there."""
_UNSEEN = "\N{REPLACEMENT CHARACTER}unseen"


class CannotCalibrate(UsageError):
    """A null distribution was asked for where there is none."""

    @classmethod
    def rows(cls, reference: int, window: int) -> CannotCalibrate:
        return cls(
            f"a distance cannot be calibrated between {reference:,} and {window:,} rows, both need at least one",
            cause="The window or the reference is empty.",
            fix="Leave out columns and windows without rows.",
            reference=reference,
            window=window,
        )


@dataclass(frozen=True, slots=True)
class Null:
    """A distance of unchanged windows: its draws in ascending order, and the gamma that continues their tail."""

    draws: tuple[float, ...]
    shape: float
    scale: float

    def p_value(self, observed: float) -> float:
        """Probability that an unchanged window is at least so far; never 0 within the range of doubles' digits.

        Raises: UsageError, for NaN.
        """
        if math.isnan(observed):
            raise UsageError("the distance is not a number, so it has no p-value", fix="Leave out empty columns.")
        beyond = len(self.draws) - bisect_left(self.draws, observed)
        counted = (1 + beyond) / (1 + len(self.draws))
        if beyond or self.scale <= 0:
            return counted
        return min(counted, gamma_tail(observed / self.scale, self.shape))

    def threshold(self, probability: float) -> float:
        """The least distance whose p-value is at most `probability`, above 0 and below 1; infinite where there is none."""
        low, high = 0.0, max(self.draws[-1], 1e-12)
        while self.p_value(high) > probability:
            if high > 1e300:
                return math.inf
            low, high = high, high * 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.p_value(middle) > probability else (low, middle)
        return high


def null(distance: str, reference: ColumnStatistics, *, rows: int, seed: int = 0) -> Null:
    """How far unchanged windows of `rows` rows lie from the reference by the distance called `distance`.

    Parameters: reference: one column, at least one row (and one value, but for missing_rate). rows: of the window that have
        a value; all of them for missing_rate. seed: of the draws; equal arguments give equal bits.
    Cost: about 20 ms for DRAWS windows; nothing where it was asked before for a like size.
    Raises: CannotCalibrate, for no rows; UsageError, for an unknown distance.
    """
    own = reference.rows if distance == "missing_rate" else reference.finite
    if own < 1 or rows < 1:
        raise CannotCalibrate.rows(own, rows)
    return _drawn(distance, reference, effective_rows(own, rows), seed)


def effective_rows(reference: int, window: int) -> int:
    """Rows of a window that would vary about an exact reference as this one does about this reference, rounded down to the grid.

    >>> effective_rows(1000, 1000), effective_rows(10**9, 500)
    (490, 490)
    """
    both = 1 / (1 / reference + 1 / window)
    return max(1, math.floor(STEP ** math.floor(math.log(both, STEP) + 1e-9)))


@functools.lru_cache(4096)
def _drawn(distance: str, reference: ColumnStatistics, rows: int, seed: int) -> Null:
    found = _distances(distance, reference, rows, seed, least=0.0)
    if found[0] < found[-1]:
        return _fitted(found)
    step = next(
        (value for value in _distances(distance, reference, rows, seed, least=1 / rows) if value > found[-1]), 0.0
    )
    return _fitted((*found, step))


def _fitted(draws: tuple[float, ...]) -> Null:
    """The null of these draws; the gamma has their mean and variance."""
    finite = np.array([value for value in draws if math.isfinite(value)])
    mean, variance = (float(finite.mean()), float(finite.var(ddof=1))) if len(finite) > 1 else (0.0, 0.0)
    fits = mean > 0 and variance > 0
    return Null(draws, mean * mean / variance if fits else 1.0, variance / mean if fits else 0.0)


def _distances(distance: str, reference: ColumnStatistics, rows: int, seed: int, *, least: float) -> tuple[float, ...]:
    """Distances of DRAWS unchanged windows, ascending. least: the share that unseen values have at least.

    Where every draw is alike (a constant column, one never missing), draws with one unseen row each tell what the least
    possible step is.
    """
    module: Any = plugins.load(GROUP, distance)
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(rows,))))
    draw = _missing if distance == "missing_rate" else _values
    small, windows = draw(reference, rows, generator, least)
    return tuple(sorted(float(module.distance(small, window)) for window in windows))


Drawn = tuple[ColumnStatistics, "Iterator[ColumnStatistics]"]


def _missing(reference: ColumnStatistics, rows: int, generator: np.random.Generator, least: float) -> Drawn:
    """Windows whose rows are missing at the reference's rate, half a row added so that what was never seen can be."""
    small = ColumnStatistics(Kind.NULL, rows=reference.rows, missing=reference.missing + reference.nan)
    rate = max(least, (small.missing + 0.5) / (small.rows + 1))
    counts = generator.binomial(rows, min(rate, 1 - least), size=DRAWS).tolist()
    return small, (ColumnStatistics(Kind.NULL, rows=rows, missing=count) for count in counts)


def _values(reference: ColumnStatistics, rows: int, generator: np.random.Generator, least: float) -> Drawn:
    """Windows of values only: nulls, NaN and infinities are left out, as the distances leave them out."""
    small = replace(
        _compact(reference), rows=reference.finite, missing=0, nan=0, positive_infinity=0, negative_infinity=0
    )
    if reference.kind.is_numeric:
        return small, _on_line(small, rows, generator, least)
    return small, _listed(small, rows, generator, least)


def _compact(reference: ColumnStatistics) -> ColumnStatistics:
    """The same column in some BUCKETS buckets of about equal share, finer at both ends, and its BUCKETS most frequent values."""
    top = reference.top
    kept = TopValues(top.values[:BUCKETS], top.counts[:BUCKETS], top.error)
    histogram = reference.histogram
    if len(histogram.keys) <= BUCKETS:
        return replace(reference, top=kept)
    counts = np.array(histogram.counts, dtype=np.int64)
    group = ((np.cumsum(counts) - counts / 2) * BUCKETS / counts.sum()).astype(np.int64)
    starts = np.unique(
        [*range(_ENDS), *np.flatnonzero(np.diff(group, prepend=-1)), *range(len(counts) - _ENDS, len(counts))]
    )
    middles = (starts + np.append(starts[1:], len(counts)) - 1) // 2
    keys = tuple(histogram.keys[i] for i in middles.tolist())
    summed = tuple(np.add.reduceat(counts, starts).tolist())
    return replace(reference, top=kept, histogram=Histogram(keys, summed, histogram.shift))


def _on_line(
    small: ColumnStatistics, rows: int, generator: np.random.Generator, least: float
) -> Iterator[ColumnStatistics]:
    """Windows of numbers: the reference's buckets, and one below and one above it that it has not seen."""
    histogram = small.histogram
    keys = (histogram.keys[0] - 1, *histogram.keys, histogram.keys[-1] + 1)
    unseen = max(0.5, least * small.finite / 2)
    tops = _listed(small, rows, generator, least) if small.kind is Kind.INTEGER else None
    for counts in _multinomial((unseen, *histogram.counts, unseen), rows, generator):
        held = np.flatnonzero(counts).tolist()
        drawn = Histogram(tuple(keys[i] for i in held), tuple(counts[held].tolist()), histogram.shift)
        yield replace(small, rows=rows, histogram=drawn, top=next(tops).top if tops else TopValues())


def _listed(
    small: ColumnStatistics, rows: int, generator: np.random.Generator, least: float
) -> Iterator[ColumnStatistics]:
    """Windows of listed values: those, all others together, and one that the reference has not seen."""
    top = small.top
    others = max(0, small.finite - sum(top.counts))
    unseen = _unseen(small)
    mass = max(0.5 + sum(count == 1 for count in top.counts), least * small.finite) if unseen is not None else 0.0
    values = (*top.values, None, unseen)
    for counts in _multinomial((*top.counts, others, mass), rows, generator):
        held = [i for i in np.flatnonzero(counts).tolist() if values[i] is not None]
        listed = {values[i]: int(counts[i]) for i in held}
        yield replace(small, rows=rows, top=TopValues(tuple(listed), tuple(listed.values())))  # type: ignore[arg-type]


def _unseen(small: ColumnStatistics) -> Value | None:
    """A value that the column has not had; None for a boolean that had both."""
    if small.kind is Kind.STRING:
        return _UNSEEN
    if small.kind is Kind.BOOLEAN:
        return not small.top.values[0] if len(small.top.values) == 1 else None
    return None if small.maximum is None else small.maximum + 1


def _multinomial(weights: tuple[float, ...], rows: int, generator: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    shares = np.array(weights, dtype=np.float64)
    return iter(generator.multinomial(rows, shares / shares.sum(), size=DRAWS))
