"""Guard: one measure of two arms under watch: is the challenger worse, and is it shown not to be.

Two tests run beside each other, both valid at any look however often one looks: `worse` (rejects "its mean is at most the
champion's and the margin") rolls a release back, `fine` (rejects "its mean is at least the champion's and the tolerance") lets a
step end. Between the two lies what is not known yet. The difference with its confidence sequence is kept for people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from seakeep.evidence.sequential import betting, difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.rollout.look import Stratum, Tally
    from seakeep.rollout.plan import Measure

Hits = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mean:
    """rows and the sum of their values; the mean is None for no rows."""

    rows: int = 0
    total: float = 0.0

    @property
    def value(self) -> float | None:
        """The mean, or None."""
        return self.total / self.rows if self.rows else None

    def plus(self, rows: int, total: float) -> Mean:
        """With more rows."""
        return Mean(self.rows + rows, self.total + total)


@dataclass(frozen=True, slots=True)
class Guard:
    """The state of one measure. Rates are means of 0 and 1, so counts and losses are treated alike."""

    worse: betting.State
    fine: betting.State
    effect: difference.State
    challenger: Mean = field(default_factory=Mean)
    champion: Mean = field(default_factory=Mean)

    @classmethod
    def start(cls, *, margin: float, tolerance: float) -> Guard:
        """Nothing seen yet."""
        return cls(betting.start(margin=margin), betting.start(margin=-tolerance), difference.start())

    def counted(self, challenger: Hits, champion: Hits) -> Guard:
        """With so many (hits, rows) more of each arm, seen at the same time."""
        if not challenger[1] and not champion[1]:
            return self
        return replace(
            self,
            worse=betting.update_counts(self.worse, challenger, champion),
            fine=betting.update_counts(self.fine, champion, challenger),
            effect=difference.update_counts(self.effect, challenger, champion),
            challenger=self.challenger.plus(challenger[1], challenger[0]),
            champion=self.champion.plus(champion[1], champion[0]),
        )

    def measured(self, challenger: Sequence[float], champion: Sequence[float]) -> Guard:
        """With more values in [0, 1] of each arm, in order of arrival, seen at the same time."""
        if not challenger and not champion:
            return self
        return replace(
            self,
            worse=betting.update(self.worse, challenger, champion),
            fine=betting.update(self.fine, champion, challenger),
            effect=difference.update(self.effect, challenger, champion),
            challenger=self.challenger.plus(len(challenger), math.fsum(challenger)),
            champion=self.champion.plus(len(champion), math.fsum(champion)),
        )

    def with_stratum(self, measure: Measure, stratum: Stratum) -> Guard:
        """With what one stratum says of this guard's measure."""
        challenger, champion = stratum.challenger, stratum.champion
        if measure == "goal":
            return self.measured(challenger.losses, champion.losses)
        return self.counted(_hits(measure, challenger), _hits(measure, champion))

    @property
    def log_e_worse(self) -> float:
        """Natural logarithm of the evidence that the challenger is worse."""
        return betting.log_e_value(self.worse)

    @property
    def log_e_fine(self) -> float:
        """Natural logarithm of the evidence that the challenger is within the tolerance."""
        return betting.log_e_value(self.fine)

    def is_worse(self, level: float) -> bool:
        """Whether the challenger is shown to be worse, with an error probability of at most `level` over all looks."""
        return self.log_e_worse >= -math.log(level)

    def is_fine(self, level: float) -> bool:
        """Whether it is shown to be within the tolerance, with an error probability of at most `level` over all looks."""
        return self.log_e_fine >= -math.log(level)

    def interval(self, level: float) -> tuple[float, float]:
        """Limits of challenger minus champion that hold the true difference at every look with probability `level`."""
        return difference.interval(self.effect, level)


def _hits(measure: Measure, tally: Tally) -> Hits:
    return (tally.errors, tally.requests) if measure == "errors" else (tally.slow, tally.timed)
