"""Confidence sequence of mean(challenger) - mean(champion): limits that hold at every look at once. Called by `rollout`.

For display ("between .1 % better and .4 % worse") and to let a release in once the limit is within its margin. Exact and not
asymptotic: both limits invert the bet of `evidence.arms`, whose evidence falls in the margin, so that a limit is the margin
at which a one-sided test at half the error stops rejecting. About 1.8 times as wide as the interval of a single look, as
wide as asymptotic sequences become, and three quarters of the width of an empirical-Bernstein sequence for each arm.

What is hard is a difference that itself changes: then the lower limit holds its largest value so far and the upper limit
its smallest, which is why the two may cross. `interval` gives them in order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seakeep.evidence.arms import Arm, Centre, bet, largest_stake, log_sum, pilots
from seakeep.evidence.intervals import BadInterval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COMPARES = "interval"
SOURCE = "Waudby-Smith and Ramdas, JRSS B 86, 2024; Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 49, 2021"
STAKES = tuple(0.002 * 1.8**step for step in range(15))


@dataclass(frozen=True, slots=True)
class Side:
    """Of each stake on one arm against the other: log wealth at margin 0, and by how much a margin of 1 lowers it."""

    log_wealth: tuple[float, ...]
    slope: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What the sequence remembers: each arm's mean so far, and the bets for a higher and for a lower challenger."""

    challenger: Centre
    champion: Centre
    higher: Side
    lower: Side


def start() -> State:
    """A confidence sequence that has seen nothing: its limits are -1 and 1."""
    side = Side((-math.log(len(STAKES)),) * len(STAKES), (0.0,) * len(STAKES))
    return State(Centre(), Centre(), side, side)


def update(state: State, challenger: Sequence[float], champion: Sequence[float]) -> State:
    """The sequence after one more batch of values in [0, 1], in order of arrival. One that lacks an arm changes nothing."""
    return _updated(state, Arm.of_values(challenger, "challenger"), Arm.of_values(champion, "champion"))


def update_counts(state: State, challenger: tuple[int, int], champion: tuple[int, int]) -> State:
    """The sequence after one more batch of which (hits, rows) are known."""
    return _updated(state, Arm.of_counts(challenger, "challenger"), Arm.of_counts(champion, "champion"))


def interval(state: State, level: float = 0.95) -> tuple[float, float]:
    """(low, high) within [-1, 1]: holds the difference at every look, past and to come, with probability >= level."""
    if not 0 < level < 1:
        raise BadInterval.level(level)
    threshold = math.log(2.0 / (1.0 - level))
    low, high = sorted((_limit(state.higher, threshold), -_limit(state.lower, threshold)))
    return low, high


def _updated(state: State, challenger: Arm, champion: Arm) -> State:
    if not challenger.rows or not champion.rows:
        return state
    apart = pilots(champion, state.champion)
    pairs = [
        (state.challenger.value if state.challenger.rows else centre.value, centre.value) for _, centre, _ in apart
    ]
    rest = apart[0][2]
    up = np.minimum(STAKES, min(largest_stake(challenger, rest, (own, other)) for own, other in pairs))
    down = np.minimum(STAKES, min(largest_stake(rest, challenger, (other, own)) for own, other in pairs))
    chance = np.array([probability for probability, _, _ in apart])
    higher = [bet(challenger, rest, pair, up) for (_, _, rest), pair in zip(apart, pairs, strict=True)]
    lower = [bet(rest, challenger, pair[::-1], down) for (_, _, rest), pair in zip(apart, pairs, strict=True)]
    return State(
        state.challenger.added(challenger.total, challenger.rows),
        state.champion.added(champion.total, champion.rows),
        _won(state.higher, chance, higher),
        _won(state.lower, chance, lower),
    )


def _won(side: Side, chance: NDArray[np.float64], bets: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> Side:
    """The side after one batch: every pilot has the same stakes, so that their average keeps the slope."""
    won = log_sum(chance[:, None] + np.stack([won for won, _ in bets]), axis=0)
    return Side(tuple((np.array(side.log_wealth) + won).tolist()), tuple((np.array(side.slope) + bets[0][1]).tolist()))


def _limit(side: Side, threshold: float) -> float:
    """The margin at which the evidence falls to the threshold, within [-1, 1].

    The evidence is convex in the margin and falls, so Newton's method climbs to the root from the left, where it starts:
    at the largest margin that a single stake's wealth rejects. It stops short of the root, if at all.
    """
    wealth, slope = np.array(side.log_wealth), np.array(side.slope)
    if not slope.all():
        return -1.0
    limit = float(np.max((wealth - threshold) / slope))
    for _ in range(30):
        terms = wealth - limit * slope
        evidence = float(log_sum(terms))
        step = (evidence - threshold) / float(np.exp(terms - evidence) @ slope)
        limit += step
        if step < 1e-12:
            break
    return min(max(limit, -1.0), 1.0)
