"""The betting test keeps its promise at every look, exactly, and is quick to find what is worse."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.evidence.arms import Centre
from seakeep.evidence.sequential import betting

BOUND = math.log(20)


def minutes(counts, *, state=None) -> int | None:
    """The look at which the test rejects at 5 %, of batches ((hits, rows), (hits, rows))."""
    state = state or betting.start()
    for look, batch in enumerate(counts, start=1):
        state = betting.update_counts(state, *batch)
        if betting.log_e_value(state) >= BOUND:
            return look
    return None


def canary(generator, looks, *, rate, champion, rows=(600, 5400)):
    for _ in range(looks):
        yield tuple((int(generator.binomial(n, p)), n) for n, p in zip(rows, (rate, champion), strict=True))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 5)), min_size=1, max_size=2),
    st.floats(0, 1),
    st.floats(-0.9, 0.9),
)
def test_the_expected_e_value_of_counts_is_at_most_1_on_the_edge_of_h0(sizes, low, margin):
    """Every outcome of one and of two batches is enumerated; nothing is simulated."""
    rate = min(max(low + margin, 0.0), 1.0)
    margin = min(max(rate - low, -0.99), 0.99)
    total = 0.0
    arms = [(rows, p) for pair in sizes for rows, p in zip(pair, (rate, low), strict=True)]
    for hits in itertools.product(*(range(rows + 1) for rows, _ in arms)):
        chance = math.prod(
            math.comb(rows, hit) * p**hit * (1 - p) ** (rows - hit) for hit, (rows, p) in zip(hits, arms, strict=True)
        )
        state = betting.start(margin=margin)
        for i in range(0, len(arms), 2):
            state = betting.update_counts(state, (hits[i], arms[i][0]), (hits[i + 1], arms[i + 1][0]))
        total += chance * math.exp(betting.log_e_value(state))
    assert total <= 1 + 1e-9


@pytest.mark.parametrize("kept", [0.001, 0.3, 1.0])
def test_spreading_anew_is_no_bet(kept):
    state = betting.update_counts(betting.start(), (30, 600), (200, 5400))
    spread = betting._spread(np.array(state.log_wealth), kept)
    after = betting.log_e_value(replace(state, log_wealth=tuple(spread)))
    assert after == pytest.approx(betting.log_e_value(state), abs=1e-12)


def test_wealth_stays_finite_however_much_was_seen():
    state = replace(betting.start(), information=1e25)
    for _ in range(100):
        state = betting.update_counts(state, (0, 10**9), (10**9, 10**9))
    assert np.isfinite(state.log_wealth).all()


def test_values_of_0_and_1_are_counts_once_a_rate_is_known():
    state = replace(betting.start(), centre=Centre(10.0, 100.0))
    values = betting.update(state, [1.0] * 3 + [0.0] * 17, [0.0] * 95 + [1.0] * 5)
    counts = betting.update_counts(state, (3, 20), (5, 100))
    assert values.log_wealth == pytest.approx(counts.log_wealth, abs=1e-9)
    assert values.centre == counts.centre


def test_a_rate_that_doubles_is_found_in_4_minutes_at_10_requests_a_second():
    generator = np.random.default_rng(5)
    found = [minutes(canary(generator, 60, rate=0.01, champion=0.005)) or 99 for _ in range(300)]
    assert np.median(found) <= 4


def test_half_as_many_errors_again_are_found_in_7_minutes():
    generator = np.random.default_rng(5)
    found = [minutes(canary(generator, 60, rate=0.015, champion=0.01)) or 99 for _ in range(300)]
    assert np.median(found) <= 7


def test_a_fault_that_comes_after_two_good_hours_is_still_found_soon():
    generator = np.random.default_rng(5)
    found = []
    for _ in range(60):
        state = betting.start()
        for batch in canary(generator, 120, rate=0.005, champion=0.005):
            state = betting.update_counts(state, *batch)
        found.append(minutes(canary(generator, 60, rate=0.01, champion=0.005), state=state) or 99)
    assert np.median(found) <= 15


def test_a_small_effect_on_much_traffic_is_found():
    generator = np.random.default_rng(5)
    assert minutes(canary(generator, 60, rate=0.203, champion=0.2, rows=(100_000, 100_000))) is not None


def test_narrow_values_are_compared_by_their_own_spread():
    """Three hundred values two hundredths apart with a standard deviation of one: a test of rates would need thousands."""
    generator = np.random.default_rng(5)
    state = betting.start()
    for _ in range(8):
        challenger, champion = (generator.normal(mean, 0.01, 40).clip(0, 1) for mean in (0.52, 0.5))
        state = betting.update(state, challenger, champion)
    assert betting.log_e_value(state) >= BOUND


def test_exchanged_arms_and_a_negative_margin_show_that_a_challenger_is_within_the_margin():
    generator = np.random.default_rng(5)
    same, worse = betting.start(margin=-0.02), betting.start(margin=-0.02)
    for (challenger, champion), (bad, _) in zip(
        canary(generator, 60, rate=0.05, champion=0.05), canary(generator, 60, rate=0.07, champion=0.05), strict=True
    ):
        same = betting.update_counts(same, champion, challenger)
        worse = betting.update_counts(worse, champion, bad)
    assert betting.log_e_value(same) >= BOUND
    assert betting.log_e_value(worse) < BOUND


def test_a_difference_within_the_margin_is_no_evidence():
    generator = np.random.default_rng(5)
    assert minutes(canary(generator, 60, rate=0.01, champion=0.005), state=betting.start(margin=0.005)) is None


def test_a_margin_that_no_difference_reaches_stays_quiet_whatever_comes():
    state = betting.start(margin=0.999)
    for _ in range(5):
        state = betting.update_counts(state, (600, 600), (0, 5400))
    assert betting.log_e_value(state) < BOUND


@pytest.mark.parametrize(
    ("margin", "hint"), [(5, "shares and not percents"), (-1.0, "write margin=0.005"), (math.nan, "between -1 and 1")]
)
def test_an_impossible_margin_is_refused(margin, hint):
    with pytest.raises(betting.BadMargin, match=hint) as error:
        betting.start(margin=margin)
    assert error.value.margin is margin


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "rate"), [((60, 540), 0.005), ((600, 5400), 0.005), ((600, 5400), 0.01)])
def test_good_canaries_are_rolled_back_in_at_most_5_of_100_of_5000_runs(rows, rate):
    generator = np.random.default_rng(11)
    wrong = sum(minutes(canary(generator, 60, rate=rate, champion=rate, rows=rows)) is not None for _ in range(5_000))
    assert wrong <= 250
