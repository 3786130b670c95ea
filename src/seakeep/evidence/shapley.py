"""Shapley values of a function of sets: how much each player adds to what all of them reach, averaged over every order of joining.

Exact where there are few players: the function is asked of every set. Else estimated from orders drawn at random, each with its reverse
(antithetic; Mitchell et al. 2022), as Strumbelj and Kononenko 2014 do for predictions; the standard error is that of the pairs'
means. Either way the values add up to all(players) - nobody, since every order's steps do. The same seed gives the same values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Worth = Callable[[NDArray[np.bool_]], NDArray[np.float64]]
    """What sets are worth: (sets, players) of who is in, to (sets,)."""

EXACT_PLAYERS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """values, errors: (players,), the errors standard ones, 0 where exact. nobody, everybody: what these are worth.

    sets: how many the function was asked of.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    nobody: float
    everybody: float
    sets: int

    @property
    def gap(self) -> float:
        """By how much the values fail to add up; rounding only."""
        return float(self.everybody - self.nobody - self.values.sum())


def shapley(worth: Worth, players: int, *, pairs: int = 64, seed: int = 0) -> Shares:
    """The players' shares.

    Parameters: worth: deterministic. pairs: of orders, at least 2, where there are more than EXACT_PLAYERS players.
    Cost: 2^players sets, or 2 · pairs · (players - 1) + 2.
    >>> shapley(lambda sets: 2.0 * sets[:, 0] + 3.0 * sets[:, 1] * sets[:, 2], 3).values.round(9).tolist()
    [2.0, 1.5, 1.5]
    """
    if players <= EXACT_PLAYERS:
        return _exact(worth, players)
    orders = _orders(players, pairs, np.random.default_rng(seed))
    return _sampled(worth, orders)


def _exact(worth: Worth, players: int) -> Shares:
    sets = np.arange(1 << players)
    members = (sets[:, None] >> np.arange(players)) & 1 == 1
    found = worth(members)
    sizes = members.sum(axis=1)
    weights = np.array([1 / (players * math.comb(players - 1, size)) for size in range(players)])
    values = np.empty(players)
    for player in range(players):
        without = sets[~members[:, player]]
        values[player] = (weights[sizes[without]] * (found[without | 1 << player] - found[without])).sum()
    return Shares(values, np.zeros(players), float(found[0]), float(found[-1]), len(sets))


def _orders(players: int, pairs: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Orders of joining, (2 · pairs, players): each drawn one, and at once its reverse."""
    drawn = random.permuted(np.tile(np.arange(players), (pairs, 1)), axis=1)
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(2 * pairs, players)


def _sampled(worth: Worth, orders: NDArray[np.int64]) -> Shares:
    count, players = orders.shape
    place = np.argsort(orders, axis=1)
    inside = place[:, None, :] < np.arange(1, players)[None, :, None]  # (orders, joined so far, players)
    ends = np.array([[False] * players, [True] * players])
    found = worth(np.concatenate([ends, inside.reshape(-1, players)]))
    nobody, everybody = float(found[0]), float(found[1])
    path = np.empty((count, players + 1))
    path[:, 0], path[:, -1], path[:, 1:-1] = nobody, everybody, found[2:].reshape(count, players - 1)
    steps = np.take_along_axis(np.diff(path, axis=1), place, axis=1)
    means = steps.reshape(-1, 2, players).mean(axis=1)
    errors = means.std(axis=0, ddof=1) / math.sqrt(len(means))
    return Shares(means.mean(axis=0), errors, nobody, everybody, len(found))
