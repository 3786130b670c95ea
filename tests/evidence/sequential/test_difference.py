"""The confidence sequence inverts its own evidence, keeps its coverage, and is not much wider than a single look's."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from seakeep.evidence.arms import Centre, log_sum
from seakeep.evidence.intervals import BadInterval, difference_of_rates
from seakeep.evidence.sequential import difference

COUNTS = st.integers(1, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows)))


def after(batches):
    state = difference.start()
    for batch in batches:
        state = difference.update_counts(state, *batch)
    return state


@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=4), st.sampled_from([0.5, 0.95, 0.999]))
def test_a_limit_is_the_margin_at_which_the_evidence_falls_to_the_bound(batches, level):
    state, bound = after(batches), math.log(2 / (1 - level))
    low, high = difference.interval(state, level)
    for side, limit in ((state.higher, low), (state.lower, -high)):

        def surplus(margin, side=side):
            return float(log_sum(np.array(side.log_wealth) - margin * np.array(side.slope))) - bound

        expected = -1.0 if surplus(-1.0) < 0 else optimize.brentq(surplus, -1.0, 2.0, xtol=1e-12)
        assert limit == pytest.approx(expected, abs=1e-8)


@given(COUNTS, COUNTS)
def test_exchanged_arms_give_the_mirrored_interval(challenger, champion):
    known = Centre(10.0, 100.0)
    state = replace(difference.start(), challenger=known, champion=known)
    low, high = difference.interval(difference.update_counts(state, challenger, champion))
    turned = difference.interval(difference.update_counts(state, champion, challenger))
    assert turned == pytest.approx((-high, -low), abs=1e-9)


def test_values_of_0_and_1_are_counts_once_a_rate_is_known():
    state = replace(difference.start(), challenger=Centre(10.0, 100.0), champion=Centre(10.0, 100.0))
    values = difference.update(state, [1.0] * 3 + [0.0] * 17, [0.0] * 95 + [1.0] * 5)
    counts = difference.update_counts(state, (3, 20), (5, 100))
    assert difference.interval(values) == pytest.approx(difference.interval(counts), abs=1e-9)


@pytest.mark.parametrize("rate", [0.005, 0.1, 0.9])
def test_the_interval_is_at_most_twice_as_wide_as_one_that_holds_at_a_single_look(rate):
    generator, hits = np.random.default_rng(3), np.zeros(2, int)
    state, rows = difference.start(), np.array([600, 5400])
    for _ in range(30):
        seen = generator.binomial(rows, rate)
        hits += seen
        state = difference.update_counts(state, *((int(h), int(n)) for h, n in zip(seen, rows, strict=True)))
    low, high = difference.interval(state)
    first, last = difference_of_rates(hits[0], 18_000, hits[1], 162_000)
    assert last - first < high - low < 2 * (last - first)


def test_values_far_apart_leave_a_narrow_interval_about_the_difference():
    generator, state = np.random.default_rng(3), difference.start()
    for _ in range(20):
        state = difference.update(state, generator.beta(60, 40, 100), generator.beta(40, 60, 300))
    low, high = difference.interval(state)
    assert 0.17 < low < 0.2 < high < 0.23


def test_limits_stay_in_order_where_the_difference_itself_changes():
    state = after([((500, 1000), (100, 1000))] * 3 + [((100, 1000), (500, 1000))] * 3)
    low, high = difference.interval(state)
    assert -1 <= low <= high <= 1


def test_certainty_is_never_beyond_what_differences_can_be():
    assert difference.interval(after([((10**9, 10**9), (0, 10**9))]))[1] == 1.0


@pytest.mark.parametrize("level", [0.0, 1.0, 95, math.nan])
def test_a_level_that_is_no_share_is_refused(level):
    with pytest.raises(BadInterval, match="expected a share between 0 and 1"):
        difference.interval(difference.start(), level)


@pytest.mark.slow
@pytest.mark.parametrize("rates", [(0.005, 0.005), (0.12, 0.1), (0.5, 0.7)])
def test_all_60_looks_hold_the_difference_in_95_of_100_of_1000_runs(rates):
    generator, missed = np.random.default_rng(7), 0
    for _ in range(1_000):
        state = difference.start()
        for ours, theirs in zip(
            generator.binomial(600, rates[0], 60), generator.binomial(5400, rates[1], 60), strict=True
        ):
            state = difference.update_counts(state, (int(ours), 600), (int(theirs), 5400))
            low, high = difference.interval(state)
            if not low <= rates[0] - rates[1] <= high:
                missed += 1
                break
    assert missed <= 50
