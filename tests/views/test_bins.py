from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Kind
from seakeep.core.histogram import Histogram
from seakeep.views.bins import BINS, binned

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=1), st.sampled_from([Kind.NUMBER, Kind.INTEGER]))
def test_every_row_is_in_a_bin_or_counted_outside(values, kind):
    bins = binned(Histogram.of(dict(Counter(values))), kind)
    assert math.isclose(sum(bins.counts) + bins.outside, len(values), rel_tol=1e-9)
    assert list(bins.edges) == sorted(bins.edges)
    assert all(math.isfinite(edge) for edge in bins.edges)
    assert len(bins.counts) == len(bins.edges) - 1


@given(st.lists(finite, min_size=1, max_size=300), st.integers(40, 62))
def test_an_inexact_histogram_keeps_its_rows(values, shift):
    exact = Histogram.of(dict(Counter(values)))
    coarse: dict[int, int] = {}
    for key, count in zip(exact.keys, exact.counts, strict=True):
        coarse[key >> shift] = coarse.get(key >> shift, 0) + count
    bins = binned(Histogram.from_keys(coarse, shift), Kind.NUMBER)
    assert math.isclose(sum(bins.counts) + bins.outside, len(values), rel_tol=1e-9)


def test_few_whole_numbers_get_a_bin_each():
    bins = binned(Histogram.of({1.0: 5, 2.0: 7, 4.0: 1}), Kind.INTEGER)
    assert bins.edges == (0.5, 1.5, 2.5, 3.5, 4.5)
    assert bins.counts == (5, 7, 0, 1)


def test_a_far_value_is_left_out_and_counted():
    values = {float(i): 10 for i in range(100)} | {1e9: 1}
    bins = binned(Histogram.of(values), Kind.NUMBER)
    assert bins.edges[-1] < 200
    assert bins.outside == pytest.approx(1)


def test_no_rows_give_no_bins():
    assert binned(Histogram(), Kind.NUMBER).counts == ()


def test_many_values_get_the_usual_number_of_bins():
    assert len(binned(Histogram.of({float(i): 1 for i in range(1000)}), Kind.INTEGER).counts) == BINS
