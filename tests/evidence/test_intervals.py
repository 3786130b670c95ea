"""Intervals against SciPy, hand-worked examples, and their own promise: coverage by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from seakeep.evidence.auc import delong
from seakeep.evidence.intervals import (
    BadInterval,
    auc_interval,
    bootstrap,
    clopper_pearson,
    difference_of_rates,
    mean_interval,
    normal,
    wilson,
)

COUNTS = st.integers(0, 500).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(COUNTS, st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_wilson_equals_scipy(counts, level):
    successes, trials = counts
    if not trials:
        assert wilson(successes, trials, level=level) == (0.0, 1.0)
        return
    expected = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    assert wilson(successes, trials, level=level) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(COUNTS, st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_clopper_pearson_equals_scipy(counts, level):
    successes, trials = counts
    if not trials:
        assert clopper_pearson(successes, trials, level=level) == (0.0, 1.0)
        return
    expected = stats.binomtest(successes, trials).proportion_ci(level, method="exact")
    assert clopper_pearson(successes, trials, level=level) == pytest.approx((expected.low, expected.high), abs=1e-10)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("trials", [10, 50, 400])
def test_rate_intervals_cover_the_true_rate(rate, trials):
    """Coverage worked exactly from the binomial distribution, no simulation needed."""
    chances = stats.binom.pmf(np.arange(trials + 1), trials, rate)
    exact = [clopper_pearson(k, trials) for k in range(trials + 1)]
    score = [wilson(k, trials) for k in range(trials + 1)]
    assert sum(c for c, (low, high) in zip(chances, exact, strict=True) if low <= rate <= high) >= 0.95
    assert sum(c for c, (low, high) in zip(chances, score, strict=True) if low <= rate <= high) >= 0.88


def test_wilson_takes_weights():
    assert wilson(2.5, 10.0)[0] < 0.25 < wilson(2.5, 10.0)[1]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_mean_interval_equals_scipy(values, level):
    sample = np.array(values)
    error = sample.std(ddof=1) / math.sqrt(len(sample))
    half = stats.t.ppf((1 + level) / 2, len(sample) - 1) * error
    expected = (sample.mean() - half, sample.mean() + half)
    assert mean_interval(values, level=level) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("values", [[], [3.0]])
def test_the_mean_of_too_few_rows_may_be_anything(values):
    assert mean_interval(values) == (-math.inf, math.inf)


def test_the_normal_interval_is_symmetric():
    assert normal(1.0, 2.0) == pytest.approx((1 - 1.959964 * 2, 1 + 1.959964 * 2))


def test_newcombe_gives_his_published_example():
    low, high = difference_of_rates(56, 70, 48, 80)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


@given(COUNTS, COUNTS)
def test_a_difference_of_rates_turns_its_sign_with_its_arguments(first, second):
    low, high = difference_of_rates(*first, *second)
    turned = difference_of_rates(*second, *first)
    assert -1 - 1e-12 <= low <= high <= 1 + 1e-12
    assert (-turned[1], -turned[0]) == pytest.approx((low, high), abs=1e-12)


def test_a_difference_of_rates_covers_the_true_difference():
    generator = np.random.default_rng(1)
    first, second = generator.binomial(60, 0.1, 2000), generator.binomial(90, 0.3, 2000)
    limits = [difference_of_rates(a, 60, b, 90) for a, b in zip(first, second, strict=True)]
    assert np.mean([low <= -0.2 <= high for low, high in limits]) > 0.93


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9]), st.booleans()), min_size=4, max_size=60).filter(
        lambda rows: 0 < sum(label for _, label in rows) < len(rows)
    )
)
def test_the_area_equals_sklearn_with_ties(rows):
    scores, labels = zip(*rows, strict=True)
    area, _ = delong(scores, labels)
    value, low, high = auc_interval(scores, labels)
    assert area == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert 0 <= low <= value <= high <= 1


def test_delong_equals_the_variance_over_all_pairs():
    generator = np.random.default_rng(2)
    labels = generator.random(60) < 0.4
    scores = np.round(generator.normal(labels * 0.8, 1.0), 1)
    pairs = (scores[labels][:, None] > scores[~labels]) + 0.5 * (scores[labels][:, None] == scores[~labels])
    m, n = pairs.shape
    expected = pairs.mean(axis=1).var(ddof=1) / m + pairs.mean(axis=0).var(ddof=1) / n
    assert delong(scores, labels)[1] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("gap", "rows"), [(0.0, 100), (1.0, 60), (2.0, 200)])
def test_the_area_interval_covers_the_true_area(gap, rows):
    generator = np.random.default_rng(3)
    labels = np.arange(rows) % 3 == 0
    true = stats.norm.cdf(gap / math.sqrt(2))
    limits = [auc_interval(generator.normal(labels * gap, 1.0), labels)[1:] for _ in range(600)]
    assert np.mean([low <= true <= high for low, high in limits]) > 0.925


def test_perfect_separation_does_not_give_a_point():
    value, low, high = auc_interval([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    assert (value, high) == (1.0, 1.0)
    assert low < 0.7


def test_the_area_of_one_class_is_unknown():
    value, low, high = auc_interval([0.1, 0.2], [1, 1])
    assert math.isnan(value)
    assert (low, high) == (0.0, 1.0)


def test_the_bootstrap_covers_a_mean_and_a_ratio():
    generator = np.random.default_rng(4)
    covered = []
    for draw in range(120):
        x, y = generator.normal(1.0, 1.0, 80), generator.exponential(2.0, 80)

        def metric(weights, x=x, y=y):
            return [weights @ x / weights.sum(), weights @ x / (weights @ y)]

        low, high = bootstrap(metric, 80, seed=draw, draws=200)
        covered.append((low <= [1.0, 0.5]) & (high >= [1.0, 0.5]))
    assert np.mean(covered, axis=0).min() > 0.88


def test_the_bootstrap_repeats_with_its_seed():
    values = np.arange(20.0)
    first, again, other = (bootstrap(lambda w: w @ values, 20, seed=seed, draws=20) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_bootstrap_leaves_undefined_draws_out():
    def metric(weights):
        return [math.nan, weights[0] or math.nan]

    low, high = bootstrap(metric, 5, seed=0, draws=50)
    assert math.isnan(low[0])
    assert math.isnan(high[0])
    assert low[1] >= 1


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, math.nan])
def test_a_level_outside_zero_and_one_is_refused(level):
    with pytest.raises(BadInterval, match=r"the level is .* expected a share between 0 and 1") as error:
        wilson(1, 2, level=level)
    assert "level=0.95" in str(error.value)


@pytest.mark.parametrize(("successes", "trials"), [(3, 2), (-1, 2), (math.nan, 2), (1, math.inf)])
def test_impossible_counts_are_refused(successes, trials):
    with pytest.raises(BadInterval, match="expected 0 <= successes <= trials") as error:
        clopper_pearson(successes, trials)
    assert "swapped" in str(error.value)


def test_scores_and_labels_of_different_lengths_are_refused():
    with pytest.raises(BadInterval, match="found 3 scores and 2 labels"):
        auc_interval([1, 2, 3], [0, 1])
