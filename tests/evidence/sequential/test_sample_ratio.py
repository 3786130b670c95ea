"""The sample-ratio test equals the Dirichlet-multinomial of SciPy, and its stretches multiply."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seakeep.evidence.sequential import sample_ratio
from seakeep.evidence.sequential.sample_ratio import CONCENTRATIONS, BadShares


def mixture(counts, shares) -> float:
    plain = stats.multinomial.logpmf(counts, sum(counts), shares)
    ratios = [
        math.exp(stats.dirichlet_multinomial.logpmf(counts, [c * s for s in shares], sum(counts)) - plain)
        for c in CONCENTRATIONS
    ]
    return math.log(sum(ratios) / len(ratios))


@given(st.lists(st.integers(0, 300), min_size=3, max_size=3).filter(any))  # older versions of SciPy refuse no rows
def test_the_e_value_equals_scipy(counts):
    shares = (0.1, 0.2, 0.7)
    state = sample_ratio.update(sample_ratio.start(shares), counts)
    assert sample_ratio.log_e_value(state) == pytest.approx(mixture(counts, shares), abs=1e-8)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=6))
def test_how_rows_are_cut_into_batches_leaves_no_trace(batches):
    state = sample_ratio.start((0.3, 0.7))
    for counts in batches:
        state = sample_ratio.update(state, counts)
    whole = tuple(sum(counts[arm] for counts in batches) for arm in (0, 1))
    assert state == sample_ratio.update(sample_ratio.start((0.3, 0.7)), whole)


def test_stretches_of_equal_shares_multiply():
    state = sample_ratio.update(sample_ratio.start((0.1, 0.9)), (130, 900))
    state = sample_ratio.update(state, (480, 520), shares=(0.5, 0.5))
    expected = mixture((130, 900), (0.1, 0.9)) + mixture((480, 520), (0.5, 0.5))
    assert sample_ratio.log_e_value(state) == pytest.approx(expected, abs=1e-8)


def test_an_arm_may_come_or_go_with_the_shares():
    state = sample_ratio.update(sample_ratio.start((0.1, 0.9)), (100, 900))
    state = sample_ratio.update(state, (50, 60, 890), shares=(0.05, 0.05, 0.9))
    assert state.counts == (50, 60, 890)


@pytest.mark.parametrize(("kept", "rows"), [(0.5, 300), (0.95, 100_000)])
def test_a_broken_arm_is_found_in_few_rows_and_a_slight_leak_in_many(kept, rows):
    state = sample_ratio.update(sample_ratio.start((0.5, 0.5)), (int(rows / 2 * kept), rows // 2))
    assert sample_ratio.log_e_value(state) >= math.log(1 / 0.001)


@pytest.mark.parametrize("shares", [(), (1.0,), (0.5, 0.6), (0.0, 1.0), (-0.5, 1.5), (math.nan, 0.5)])
def test_shares_that_no_router_has_are_refused(shares):
    with pytest.raises(BadShares, match=r"expected at least two above 0 that add up to 1[\s\S]*Leave out arms"):
        sample_ratio.start(shares)
    with pytest.raises(BadShares):
        sample_ratio.update(sample_ratio.start((0.5, 0.5)), (1, 1), shares=shares)


@pytest.mark.parametrize("counts", [(), (1,), (1, 2, 3), (-1, 2), (0.5, 1), (True, 1)])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(BadShares, match=r"expected 2 whole numbers of at least 0, one an arm") as error:
        sample_ratio.update(sample_ratio.start((0.5, 0.5)), counts)
    assert error.value.counts == counts


@pytest.mark.slow
@pytest.mark.parametrize("rows", [20, 6_000])
def test_true_shares_that_step_up_are_rejected_in_at_most_5_of_100_of_5000_runs(rows):
    generator, wrong = np.random.default_rng(7), 0
    for _ in range(5_000):
        state = sample_ratio.start((0.01, 0.99))
        for share in np.repeat([0.01, 0.05, 0.1, 0.25, 0.5], 12).tolist():
            ours = int(generator.binomial(rows, share))
            state = sample_ratio.update(state, (ours, rows - ours), shares=(share, 1 - share))
            if sample_ratio.log_e_value(state) >= math.log(20):
                wrong += 1
                break
    assert wrong <= 250
