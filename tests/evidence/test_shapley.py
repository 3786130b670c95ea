"""Shapley values: exact against the definition, sampled within the stated error, and always adding up."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from seakeep.evidence.shapley import EXACT_PLAYERS, shapley


def worth_of(players, seed):
    """A function with interactions of up to three players."""
    random = np.random.default_rng(seed)
    alone, pairs = random.normal(size=players), random.normal(size=(players, players)) / players
    triples = random.normal(size=(players, players, players)) / players**2

    def worth(sets):
        inside = sets.astype(float)
        two = np.einsum("si,sj,ij->s", inside, inside, pairs)
        return np.tanh(
            inside @ alone + two + np.einsum("si,sj,sk,ijk->s", inside, inside, inside, triples, optimize=True)
        )

    return worth


def by_definition(worth, players):
    values = np.zeros(players)
    for order in itertools.permutations(range(players)):
        inside = np.zeros((players + 1, players), bool)
        for step, player in enumerate(order):
            inside[step + 1 :, player] = True
        values[list(order)] += np.diff(worth(inside))
    return values / math.factorial(players)


@pytest.mark.parametrize("players", [0, 1, 2, 5])
def test_few_players_get_what_the_definition_says(players):
    worth = worth_of(players, players)
    found = shapley(worth, players)
    np.testing.assert_allclose(found.values, by_definition(worth, players), atol=1e-12)
    assert found.sets == 2**players
    assert abs(found.gap) < 1e-12
    assert not found.errors.any()


def test_many_players_get_what_is_exact_within_the_stated_error():
    players = EXACT_PLAYERS + 1
    worth = worth_of(players, 1)
    sets = (np.arange(1 << players)[:, None] >> np.arange(players)) & 1 == 1
    found_of_all, sizes = worth(sets), sets.sum(axis=1)
    exact = []
    for player in range(players):
        without = np.flatnonzero(~sets[:, player])
        weights = np.array([1 / (players * math.comb(players - 1, size)) for size in range(players)])
        exact.append((weights[sizes[without]] * (found_of_all[without | 1 << player] - found_of_all[without])).sum())
    off = []
    for seed in range(24):
        found = shapley(worth, players, pairs=20, seed=seed)
        assert abs(found.gap) < 1e-12
        assert found.sets == 2 * 20 * (players - 1) + 2
        off.append((found.values - exact) / found.errors)
    inside = np.mean(np.abs(off) < 1.96 * 1.05)  # Student's t of 19 degrees: 2.09
    assert 0.91 < inside < 0.99


def test_the_same_seed_gives_the_same_values_and_players_that_add_nothing_get_nothing():
    players = EXACT_PLAYERS + 1
    worth = lambda sets: sets[:, 0] * 2.0 + sets[:, 1]  # noqa: E731
    one, two = (shapley(worth, players, pairs=4, seed=7) for _ in range(2))
    assert one.values.tolist() == two.values.tolist()
    np.testing.assert_allclose(one.values, [2.0, 1.0] + [0.0] * (players - 2), atol=1e-12)
    assert not one.errors.round(12).any()
