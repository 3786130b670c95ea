"""Quantiles against SciPy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seakeep.evidence.special import beta_cdf, beta_quantile, chi_square_tail, normal_quantile, student_quantile

SHAPES = st.floats(0.5, 2000)


@given(st.floats(0, 1), SHAPES, SHAPES)
def test_the_beta_distribution_equals_scipy(x, a, b):
    assert beta_cdf(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), rel=1e-9, abs=1e-13)


@given(st.floats(1e-6, 1 - 1e-6), SHAPES, SHAPES)
def test_the_beta_quantile_equals_scipy(share, a, b):
    assert beta_quantile(share, a, b) == pytest.approx(stats.beta.ppf(share, a, b), rel=1e-8, abs=1e-12)


@given(st.floats(1e-5, 1 - 1e-5), st.integers(1, 5000))
def test_the_student_quantile_equals_scipy(share, degrees):
    assert student_quantile(share, degrees) == pytest.approx(stats.t.ppf(share, degrees), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("share", [1e-9, 0.001, 0.5, 0.975])
def test_the_normal_quantile_equals_scipy(share):
    assert normal_quantile(share) == pytest.approx(stats.norm.ppf(share), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("degrees", [1, 2, 3, 9, 19, 49, 500, 2047])
@pytest.mark.parametrize("probability", [0.9, 0.05, 1e-3, 1e-5, 1e-9])
def test_the_chi_square_tail_equals_scipy(degrees, probability):
    assert chi_square_tail(probability, degrees) == pytest.approx(stats.chi2.isf(probability, degrees), rel=1e-9)


def test_no_degrees_of_freedom_leave_no_noise():
    assert chi_square_tail(0.001, 0) == 0.0
