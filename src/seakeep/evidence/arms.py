"""Two arms of bounded values in one batch, and a fair bet on the difference of their means. Used by `sequential`.

A batch is what arrived between two looks: some rows of the challenger, some of the champion, seldom as many. Values lie in
[0, 1]; a rate is the mean of zeros and ones, for which counts of hits and rows say everything.

*The bet.* Choose, before the batch is seen, centres c1 and c0 in [0, 1] and a stake s >= 0. With n1 and n0 rows, N = n1 + n0,
a = s n0/N on each challenger value x and b = s n1/N against each champion value y (so that a n1 = b n0), and s small enough
that no factor reaches 0, the wealth is multiplied by
    F = product(1 + a (x - c1)) · product(1 - b (y - c0)) · exp(a n1 (c1 - c0 - m)).
Where rows are independent given the past, with means that may differ from row to row, and mean1, mean0 are their averages in
the batch, 1 + z <= exp(z) gives
    E[F | past] <= exp(a n1 (mean1 - c1) - b n0 (mean0 - c0) + a n1 (c1 - c0 - m)) = exp(a n1 (mean1 - mean0 - m)) <= 1
whenever mean1 <= mean0 + m. So products of F over batches, and mixtures of them over stakes, are e-processes for H0: in every
batch mean1 <= mean0 + m; both arms may drift together, within a batch too, and neither the shares of traffic nor the
distributions need to stay. Centres decide power alone: near the means, the price of a stake is the values' variance and not
their second moment. With zeros and ones, m = 0 and c1 = c0 = the pooled rate, F is the growth-optimal e-variable of two
Bernoulli arms (Turner, Ly and Grünwald, Statistica Neerlandica 78, 2024); bounded values and centres that are learnt are
bets as in Waudby-Smith and Ramdas, JRSS B 86, 2024.

What is hard is the first batch, where no centre is known yet: one that is far off costs more than many batches earn. Some
champion rows are set apart to be the pilot. Values come in order of arrival, so the first ones serve; of counts no order is
known, so F is averaged over every pilot that could have been drawn, which is an expectation of fair bets, hence fair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PILOT = 32
MEMORY = 1_000.0
_PRIOR_ROWS = 0.5
_SAFE = 0.95


class BadBatch(UsageError):
    """A batch holds what a test of bounded values cannot take."""

    @classmethod
    def outside(cls, value: float, index: int, arm: str) -> BadBatch:
        return cls(
            f"found {value!r}, expected a value from 0 to 1",
            where=f"value {index} of the {arm}",
            cause="A missing outcome is not a value; leave its row out." if math.isnan(value) else "",
            fix="Divide by the largest possible value, and cap there what may exceed it.",
            value=value,
            index=index,
            arm=arm,
        )

    @classmethod
    def not_flat(cls, shape: tuple[int, ...], arm: str) -> BadBatch:
        return cls(
            f"found values of shape {shape}, expected one value a row",
            where=f"the {arm}",
            fix="Give a flat sequence; counts go to update_counts.",
            shape=shape,
            arm=arm,
        )

    @classmethod
    def not_counts(cls, hits: object, rows: object, arm: str) -> BadBatch:
        return cls(
            f"found {hits!r} hits in {rows!r} rows, expected whole numbers with 0 <= hits <= rows",
            where=f"the {arm}",
            cause="The two may be swapped, or a rate was given where a count is wanted.",
            fix="Write (hits, rows) of this batch alone, not since the start.",
            hits=hits,
            rows=rows,
            arm=arm,
        )


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm's rows of a batch: each of `values` stands for `counts` rows, `rows` in all.

    ordered: whether the values are in order of arrival.
    """

    values: NDArray[np.float64]
    counts: NDArray[np.float64]
    rows: int
    ordered: bool

    @classmethod
    def of_values(cls, values: Sequence[float], name: str) -> Arm:
        """Values of [0, 1] in order of arrival. Raises BadBatch, naming the first that is none."""
        array = np.asarray(values, dtype=np.float64)
        if array.ndim != 1:
            raise BadBatch.not_flat(array.shape, name)
        wrong = ~((array >= 0.0) & (array <= 1.0))
        if wrong.any():
            index = int(wrong.argmax())
            raise BadBatch.outside(float(array[index]), index, name)
        return cls(array, np.ones(len(array)), len(array), ordered=True)

    @classmethod
    def of_counts(cls, counts: tuple[int, int], name: str) -> Arm:
        """(hits, rows): ones and zeros. Raises BadBatch where they are no such counts."""
        hits, rows = counts
        whole = all(isinstance(count, int | np.integer) and not isinstance(count, bool) for count in counts)
        if not whole or not 0 <= hits <= rows:
            raise BadBatch.not_counts(hits, rows, name)
        return cls(np.array([1.0, 0.0]), np.array([hits, rows - hits], np.float64), int(rows), ordered=False)

    @property
    def total(self) -> float:
        return float(self.counts @ self.values)

    def log_bets(self, bets: NDArray[np.float64], centre: float) -> NDArray[np.float64]:
        """Sum over the rows of log(1 + bet (value - centre)), for each of `bets`."""
        return self.counts @ np.log1p(np.outer(self.values - centre, bets))

    def squares(self, centre: float) -> float:
        """Sum over the rows of (value - centre)²."""
        return float(self.counts @ (self.values - centre) ** 2)


@dataclass(frozen=True, slots=True)
class Centre:
    """A running mean that knows `rows` rows, at most `MEMORY` of them, so that it follows what drifts."""

    total: float = 0.0
    rows: float = 0.0

    @property
    def value(self) -> float:
        """Strictly between 0 and 1; 1/2 while nothing is known."""
        return (self.total + 0.5 * _PRIOR_ROWS) / (self.rows + _PRIOR_ROWS)

    def added(self, total: float, rows: float) -> Centre:
        kept = min(1.0, MEMORY / self.rows) if self.rows else 1.0
        return Centre(self.total * kept + total, self.rows * kept + rows)


def pilots(champion: Arm, known: Centre) -> list[tuple[float, Centre, Arm]]:
    """(log probability, centre that it gives, champion rows left to bet on) of each pilot that the batch may give.

    No rows are set apart once `PILOT` are known, and never more than half of the batch.
    """
    wanted = int(min(PILOT - known.rows, champion.rows // 2))
    if wanted <= 0:
        return [(0.0, known, champion)]
    if champion.ordered:
        first, rest = champion.values[:wanted], champion.values[wanted:]
        return [
            (0.0, known.added(float(first.sum()), wanted), Arm(rest, champion.counts[wanted:], len(rest), ordered=True))
        ]
    hits, misses = (int(count) for count in champion.counts)
    return [
        (
            _log_choose(hits, drawn) + _log_choose(misses, wanted - drawn) - _log_choose(hits + misses, wanted),
            known.added(drawn, wanted),
            Arm(champion.values, champion.counts - (drawn, wanted - drawn), hits + misses - wanted, ordered=False),
        )
        for drawn in range(max(0, wanted - misses), min(hits, wanted) + 1)
    ]


def bet(
    challenger: Arm, champion: Arm, centres: tuple[float, float], stakes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each stake, log F at margin 0 and its slope a n1: log F at margin m is the first minus m times the second.

    Parameters: centres: (c1, c0), in [0, 1], fixed before the batch was seen. stakes: from 0 to `largest_stake`.
    The best stake is near (difference of the means) / variance, whatever the arms' sizes. O(rows · stakes).
    """
    above, below = centres
    ours, theirs = _shares(challenger, champion)
    slope = stakes * ours * challenger.rows
    won = challenger.log_bets(stakes * ours, above) + champion.log_bets(-stakes * theirs, below)
    return won + slope * (above - below), slope


def largest_stake(challenger: Arm, champion: Arm, centres: tuple[float, float]) -> float:
    """The largest stake with which no factor of `bet` falls below 1 - `_SAFE`, whatever the values are."""
    above, below = centres
    ours, theirs = _shares(challenger, champion)
    return _SAFE / max(ours * above, theirs * (1.0 - below))


def _shares(challenger: Arm, champion: Arm) -> tuple[float, float]:
    rows = challenger.rows + champion.rows
    return champion.rows / rows, challenger.rows / rows


def information(challenger: Arm, champion: Arm, centres: tuple[float, float]) -> float:
    """The squares that a stake of 1 pays for: about n1 n0/N times the variance, the number of hits where hits are rare."""
    ours, theirs = _shares(challenger, champion)
    return ours**2 * challenger.squares(centres[0]) + theirs**2 * champion.squares(centres[1])


def log_sum(terms: NDArray[np.float64], *, axis: int = -1) -> NDArray[np.float64]:
    """log(sum(exp(terms))) along an axis, without overflow."""
    total: NDArray[np.float64] = np.logaddexp.reduce(terms, axis=axis)
    return total


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
