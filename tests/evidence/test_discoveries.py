"""False discoveries against SciPy, and the share of them by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seakeep.evidence.discoveries import BadDiscoveries, adjusted, cutoff

METHODS = (("benjamini_hochberg", "bh"), ("benjamini_yekutieli", "by"))
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@pytest.mark.parametrize(("method", "scipys"), METHODS)
@given(p_values=P_VALUES)
def test_adjusted_p_values_are_those_of_scipy(p_values, method, scipys):
    expected = stats.false_discovery_control(p_values, method=scipys)
    assert adjusted(p_values, method=method) == pytest.approx(expected.tolist(), abs=1e-12)


@pytest.mark.parametrize(("method", "scipys"), METHODS)
@given(p_values=P_VALUES, q=st.floats(0.001, 0.5))
def test_the_cutoff_rejects_what_the_adjusted_p_values_reject(p_values, q, method, scipys):
    limit = cutoff(p_values, q=q, method=method)
    expected = [p <= q for p in adjusted(p_values, method=method)]
    found = [p <= limit for p in p_values]
    close = [abs(p - q) < 1e-9 for p in adjusted(p_values, method=method)]
    assert all(a == b or near for a, b, near in zip(found, expected, close, strict=True))


def test_no_hypotheses_have_no_discoveries():
    assert adjusted([]) == ()
    assert cutoff([], q=0.05) == 0.05


def test_where_nothing_is_found_the_cutoff_is_what_the_first_would_have_to_reach():
    assert cutoff([0.9, 0.8], q=0.06, method="benjamini_hochberg") == pytest.approx(0.03)
    assert cutoff([0.9, 0.8], q=0.06) == pytest.approx(0.06 / (2 * 1.5))


@pytest.mark.parametrize(("method", "_"), METHODS)
def test_the_share_of_false_discoveries_is_held_for_dependent_columns(method, _):
    """20 columns, 5 of them moved, correlated by 0.5; 2,000 windows: the mean share of false alarms is at most q."""
    random = np.random.default_rng(3)
    shares = []
    for _ in range(2000):
        common = random.normal()
        z = np.sqrt(0.5) * common + np.sqrt(0.5) * random.normal(size=20)
        z[:5] += 4
        limit = cutoff(stats.norm.sf(z).tolist(), q=0.1, method=method)
        found = stats.norm.sf(z) <= limit
        shares.append(found[5:].sum() / max(1, found.sum()))
    assert np.mean(shares) <= 0.1


@pytest.mark.parametrize("q", [0.0, 1.0, -1.0, float("nan")])
def test_a_share_that_is_none_is_refused(q):
    with pytest.raises(BadDiscoveries, match="expected a share above 0 and below 1"):
        cutoff([0.5], q=q)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_p_value_that_is_none_is_refused(p):
    with pytest.raises(BadDiscoveries, match="expected a number from 0 to 1"):
        adjusted([0.5, p])
