"""Anytime-valid test that a mean or rate of the challenger is above the champion's, by betting. Called by `rollout`.

The one test for every outcome between 0 and 1: errors, slow answers, wrong predictions, scaled losses. Exact for any number
of rows and looks; `evidence.arms` states the bet and proves it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.errors import UsageError
from seakeep.evidence.arms import Arm, Centre, bet, largest_stake, log_sum, pilots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COMPARES = "means"
SOURCE = "Waudby-Smith and Ramdas, JRSS B 86, 2024; Turner, Ly and Grünwald, Statistica Neerlandica 78, 2024"
STAKES = tuple(0.02 * 1.6**step for step in range(14))
WEIGHTS = tuple(1 / len(STAKES) for _ in STAKES)


class BadMargin(UsageError):
    """A margin that no difference of two means can reach."""

    @classmethod
    def value(cls, margin: float) -> BadMargin:
        return cls(
            f"the margin is {margin!r}, expected a number between -1 and 1",
            cause="Margins are in the values' own unit, shares and not percents." if margin >= 1 else "",
            fix="For half a percent write margin=0.005.",
            margin=margin,
        )


@dataclass(frozen=True, slots=True)
class State:
    """What the test remembers: the pooled mean so far and the log wealth of each stake."""

    margin: float
    centre: Centre
    log_wealth: tuple[float, ...]


def start(*, margin: float = 0.0) -> State:
    """A test of H0: mean(challenger) <= mean(champion) + margin; its e-value is 1."""
    if not -1.0 < margin < 1.0:
        raise BadMargin.value(margin)
    return State(float(margin), Centre(), tuple(math.log(weight) for weight in WEIGHTS))


def update(state: State, challenger: Sequence[float], champion: Sequence[float]) -> State:
    """The test after one more batch of values in [0, 1], in order of arrival. A batch that lacks an arm changes nothing."""
    return _updated(state, Arm.of_values(challenger, "challenger"), Arm.of_values(champion, "champion"))


def update_counts(state: State, challenger: tuple[int, int], champion: tuple[int, int]) -> State:
    """The test after one more batch of which (hits, rows) are known, such as errors and requests."""
    return _updated(state, Arm.of_counts(challenger, "challenger"), Arm.of_counts(champion, "champion"))


def log_e_value(state: State) -> float:
    """Natural logarithm of the evidence against H0. Reject at level alpha, at any look, when >= log(1/alpha)."""
    return float(log_sum(np.array(state.log_wealth)))


def _updated(state: State, challenger: Arm, champion: Arm) -> State:
    if not challenger.rows or not champion.rows:
        return state
    won = [
        probability + _log_factors(challenger, rest, centre.value, state.margin)
        for probability, centre, rest in pilots(champion, state.centre)
    ]
    wealth = np.array(state.log_wealth) + log_sum(np.stack(won), axis=0)
    total = challenger.total - state.margin * challenger.rows + champion.total
    centre = state.centre.added(total, challenger.rows + champion.rows)
    return State(state.margin, centre, tuple(wealth.tolist()))


def _log_factors(challenger: Arm, champion: Arm, centre: float, margin: float) -> NDArray[np.float64]:
    centres = min(max(centre + margin, 0.0), 1.0), min(max(centre, 0.0), 1.0)
    stakes = np.minimum(STAKES, largest_stake(challenger, champion, centres))
    won, slope = bet(challenger, champion, centres, stakes)
    return won - margin * slope
