"""Histograms: equal to the bit under any chunking, quantiles in the right bucket."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import histogram
from seakeep.core.histogram import Histogram, key_of, value_of

doubles = st.floats(allow_nan=False, allow_infinity=False)
streams = st.lists(doubles | st.integers(-3, 3).map(float), max_size=60)
shares = st.floats(0, 1)


limits = st.sampled_from([2, 3, 7, 2048])


@contextmanager
def at_most(limit: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram, "LIMIT", limit)
        yield


def made(stream: list[float]) -> Histogram:
    return Histogram.of(Counter(stream))


@given(limits, streams, streams, streams)
def test_adding_equals_counting_together_to_the_bit(limit: int, a: list[float], b: list[float], c: list[float]) -> None:
    with at_most(limit):
        assert made(a) + made(b) == made(b) + made(a) == made(a + b)
        assert (made(a) + made(b)) + made(c) == made(a) + (made(b) + made(c)) == made(c + a + b)


@given(limits, streams)
def test_every_row_is_counted_in_the_bucket_that_holds_it(limit: int, stream: list[float]) -> None:
    with at_most(limit):
        found = made(stream)
    assert found.total == len(stream)
    assert len(found.keys) <= limit
    for index, count in enumerate(found.counts):
        low, high = found.bounds(index)
        assert count == sum(low <= value <= high for value in stream)


@given(limits, streams)
def test_the_shift_is_the_least_that_suffices(limit: int, stream: list[float]) -> None:
    with at_most(limit):
        found = made(stream)
    if found.shift:
        finer = {key_of(value) >> (found.shift - 1) for value in stream}
        assert len(finer) > limit


@given(st.lists(doubles, min_size=1, max_size=60), shares)
def test_exact_quantiles_are_numpys_inverted_cdf(stream: list[float], share: float) -> None:
    found = made(stream)
    assert found.is_exact
    assert found.rank_error == 0.0
    ordered = sorted(stream)
    assert found.quantile(share) == ordered[max(1, math.ceil(share * len(ordered))) - 1]


def test_quantiles_agree_with_numpy() -> None:
    stream = np.random.default_rng(1).normal(size=999).round(2).tolist()
    for share in (0.01, 0.25, 0.5, 0.9, 1.0):
        assert made(stream).quantile(share) == np.quantile(stream, share, method="inverted_cdf")


@given(limits, st.lists(doubles, min_size=1, max_size=60), shares, doubles)
def test_coarse_quantiles_and_shares_keep_their_bound(
    limit: int, stream: list[float], share: float, value: float
) -> None:
    with at_most(limit):
        found, ordered = made(stream), sorted(stream)
    quantile = found.quantile(share)
    assert quantile is not None
    exact = ordered[max(1, math.ceil(share * len(ordered))) - 1]
    assert key_of(quantile) >> found.shift == key_of(exact) >> found.shift or math.isclose(
        quantile, exact, rel_tol=1e-9
    )
    below = bisect_right(ordered, value) / len(ordered)
    assert below - 1e-12 <= found.share_below(value) <= below + found.rank_error + 1e-12


@given(doubles, doubles)
def test_keys_order_as_numbers_do(a: float, b: float) -> None:
    assert (key_of(a) < key_of(b)) == (a < b)
    assert value_of(key_of(a)) == a


def test_keys_beyond_the_doubles_give_the_nearest_one() -> None:
    largest = math.nextafter(math.inf, 0)
    assert value_of(2**63 - 1) == largest
    assert value_of(-(2**63)) == -largest
    assert key_of(-0.0) == key_of(0.0) == 0
    assert value_of(-1) == value_of(-2) == -5e-324


def test_middles_are_the_values_or_lie_within_the_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert made([3.0, 1.0, 1.0]).middles() == (1.0, 3.0)
    monkeypatch.setattr(histogram, "LIMIT", 2)
    coarse = made([1.0, 1.1, 5.0, -2.0])
    assert not coarse.is_exact
    for index, middle in enumerate(coarse.middles()):
        low, high = coarse.bounds(index)
        assert low <= middle <= high


def test_an_empty_histogram_has_no_quantile() -> None:
    empty = Histogram()
    assert empty.quantile(0.5) is None
    assert empty.share_below(0.0) == 0.0
    assert (empty.total, empty.rank_error, empty.middles()) == (0, 0.0, ())


def test_the_share_beyond_the_ends_is_clamped() -> None:
    assert made([1.0, 2.0]).quantile(-1) == 1.0
    assert made([1.0, 2.0]).quantile(7) == 2.0
