"""The bet that all two-arm tests place is fair: by enumeration of every outcome, and against published formulas."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from seakeep.evidence.arms import (
    MEMORY,
    PILOT,
    Arm,
    BadBatch,
    Centre,
    bet,
    information,
    largest_stake,
    log_sum,
    pilots,
)

SHARE = st.floats(0, 1)


def expected(rates, others, centres, margin) -> float:
    """The mean of F over every outcome of independent rows, for the largest stake."""
    total = 0.0
    for outcome in itertools.product((0.0, 1.0), repeat=len(rates) + len(others)):
        chance = math.prod(rate if value else 1 - rate for value, rate in zip(outcome, [*rates, *others], strict=True))
        arms = Arm.of_values(outcome[: len(rates)], "x"), Arm.of_values(outcome[len(rates) :], "y")
        stake = np.array([largest_stake(*arms, centres)])
        won, slope = bet(*arms, centres, stake)
        total += chance * math.exp(won[0] - margin * slope[0])
    return total


@given(st.lists(SHARE, min_size=1, max_size=3), st.lists(SHARE, min_size=1, max_size=4), SHARE, SHARE)
def test_the_bet_is_fair_on_the_edge_of_what_is_allowed_whatever_the_rows_rates_and_centres(
    rates, others, above, below
):
    margin = float(np.mean(rates) - np.mean(others))
    assert expected(rates, others, (above, below), margin) <= 1 + 1e-9


@given(st.lists(SHARE, min_size=1, max_size=3), st.lists(SHARE, min_size=1, max_size=3), SHARE)
def test_a_stake_wins_where_the_difference_is_beyond_the_margin_and_small(rates, others, centre):
    arms = Arm.of_values(rates, "x"), Arm.of_values(others, "y")
    margin = float(np.mean(rates) - np.mean(others)) - 0.1
    won, slope = bet(*arms, (centre, centre), np.array([1e-6]))
    assert won[0] - margin * slope[0] > 0


def test_at_the_pooled_rate_the_bet_is_the_growth_optimal_e_variable_of_two_bernoulli_arms():
    """Turner, Ly and Grünwald 2024, equation 1: a likelihood ratio against the pooled rate in both arms."""
    (hits, rows), (others, champions), high, low = (7, 60), (12, 540), 0.03, 0.012
    pooled = (rows * high + champions * low) / (rows + champions)
    ratio = stats.binom.logpmf(hits, rows, high) + stats.binom.logpmf(others, champions, low)
    ratio -= stats.binom.logpmf(hits, rows, pooled) + stats.binom.logpmf(others, champions, pooled)
    stake = np.array([(high - low) / (pooled * (1 - pooled))])
    arms = Arm.of_counts((hits, rows), "x"), Arm.of_counts((others, champions), "y")
    assert bet(*arms, (pooled, pooled), stake)[0][0] == pytest.approx(ratio, abs=1e-9)


@given(st.integers(0, 50), st.integers(0, 50), SHARE, SHARE)
def test_counts_and_values_give_the_same_bet(hits, misses, above, below):
    counted, other = Arm.of_counts((hits, hits + misses + 1), "x"), Arm.of_counts((1, 3), "y")
    listed = Arm.of_values([1.0] * hits + [0.0] * (misses + 1), "x")
    stakes = np.array([0.1, 0.5])
    for one, two in zip(
        bet(counted, other, (above, below), stakes), bet(listed, other, (above, below), stakes), strict=True
    ):
        assert one == pytest.approx(two, abs=1e-9)
    assert information(counted, other, (above, below)) == pytest.approx(information(listed, other, (above, below)))


@given(st.integers(1, 40), st.integers(1, 40), SHARE, SHARE)
def test_no_outcome_loses_all(rows, others, above, below):
    for worst in ((Arm.of_counts((0, rows), "x"), Arm.of_counts((others, others), "y")),):
        stake = np.array([largest_stake(*worst, (above, below))])
        assert np.isfinite(bet(*worst, (above, below), stake)[0]).all()


def test_information_is_the_number_of_hits_where_hits_are_rare():
    challenger, champion = Arm.of_counts((50, 10_000), "x"), Arm.of_counts((50, 10_000), "y")
    assert information(challenger, champion, (0.005, 0.005)) == pytest.approx(25, rel=0.01)


@given(st.integers(0, 100), st.integers(0, 100))
def test_every_pilot_of_counts_has_its_chance_and_leaves_the_rest(hits, misses):
    found = pilots(Arm.of_counts((hits, hits + misses), "y"), Centre())
    drawn = min(PILOT, (hits + misses) // 2)
    assert sum(math.exp(chance) for chance, _, _ in found) == pytest.approx(1)
    for chance, centre, rest in found:
        ones = hits - rest.counts[0]
        if drawn:
            assert math.exp(chance) == pytest.approx(stats.hypergeom.pmf(ones, hits + misses, hits, drawn))
        assert rest.rows == hits + misses - drawn
        assert centre == Centre().added(ones, drawn) if drawn else centre == Centre()
        assert (rest.counts >= 0).all()


def test_the_pilot_of_values_is_the_first_of_them():
    values = np.linspace(0, 1, 100)
    [(chance, centre, rest)] = pilots(Arm.of_values(values, "y"), Centre())
    assert chance == 0
    assert rest.values.tolist() == values[PILOT:].tolist()
    assert centre == Centre(float(values[:PILOT].sum()), PILOT)


def test_no_pilot_is_taken_once_enough_is_known():
    arm = Arm.of_counts((1, 10), "y")
    assert pilots(arm, Centre(3.0, PILOT)) == [(0.0, Centre(3.0, PILOT), arm)]


def test_the_centre_starts_in_the_middle_and_follows_what_drifts():
    assert Centre().value == 0.5
    old = Centre().added(0.0, 1e6)
    assert old.value < 1e-6
    assert old.added(MEMORY, MEMORY).value == pytest.approx(0.5, abs=1e-3)
    assert 0 < old.value < 1
    assert 0 < Centre().added(1e6, 1e6).value < 1


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=9))
def test_the_sum_of_logarithms_equals_scipy(terms):
    assert float(log_sum(np.array(terms))) == pytest.approx(float(special.logsumexp(terms)), abs=1e-9)


@pytest.mark.parametrize(
    ("value", "cause"), [(1.5, None), (-0.1, None), (math.inf, None), (math.nan, "A missing outcome is not a value")]
)
def test_a_value_outside_0_to_1_is_refused_and_named(value, cause):
    with pytest.raises(BadBatch) as error:
        Arm.of_values([0.5, 0.2, value, 7.0], "challenger")
    assert str(error.value).startswith(f"found {value!r}, expected a value from 0 to 1 (value 2 of the challenger)")
    assert (cause or "Divide by the largest possible value") in str(error.value)
    assert (error.value.index, error.value.arm) == (2, "challenger")
    assert repr(error.value.value) == repr(value)


def test_a_table_is_no_batch():
    with pytest.raises(BadBatch, match=r"found values of shape \(1, 2\), expected one value a row \(the champion\)"):
        Arm.of_values([(3, 4)], "champion")


@pytest.mark.parametrize("counts", [(2, 1), (-1, 3), (0, -1), (0.5, 2), (True, 2), (1, math.nan)])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(
        BadBatch, match=r"hits in .* rows, expected whole numbers .*the champion[\s\S]*of this batch alone"
    ):
        Arm.of_counts(counts, "champion")


def test_counts_of_numpy_are_counts():
    assert Arm.of_counts((np.int64(1), np.int32(3)), "champion").total == 1
