"""Quantiles from histogram and most frequent values together: the rank is right within the error that is told."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import counters, histogram, ranks
from seakeep.core.counters import TopValues
from seakeep.core.histogram import Histogram

values = st.lists(
    st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1.0, 1.0000001, 1e9, 1e9 + 1, -5.0]), min_size=1, max_size=60
)


def off(found: float, rank: int, ordered: list[float]) -> int:
    """How many ranks `found` is away from `rank` (from 1)."""
    below = sum(value < found for value in ordered)
    upto = sum(value <= found for value in ordered)
    return max(below + 1 - rank, rank - max(upto, below + 1), 0)


@given(values, st.floats(0, 1))
def test_ranks_are_right_within_their_error(stream: list[float], share: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram, "LIMIT", 4)
        patch.setattr(counters, "LIMIT", 6)
        counted, top = Histogram.of(Counter(stream)), TopValues.of(Counter(stream))
    ordered = sorted(stream)
    found = ranks.quantile(counted, top, share)
    assert found is not None
    rank = max(1, -int(-share * len(stream) // 1))
    error = ranks.rank_error(counted, top)
    assert off(min(max(found, ordered[0]), ordered[-1]), rank, ordered) <= error * len(stream) + 1e-9
    assert error <= counted.rank_error


def test_nothing_has_no_quantile_and_no_error() -> None:
    assert ranks.quantile(Histogram(), TopValues(), 0.5) is None
    assert ranks.rank_error(Histogram(), TopValues()) == 0.0


def test_a_column_that_is_mostly_zero_is_known_at_its_zeros() -> None:
    counted = Counter({0.0: 90_000, **{float(i) / 7: 1 for i in range(1, 10_001)}})
    found, top = Histogram.of(counted), TopValues.of(counted)
    assert found.rank_error > 0.85
    assert ranks.rank_error(found, top) < 0.01
    assert ranks.quantile(found, top, 0.5) == 0.0
    assert ranks.quantile(found, top, 0.95) == pytest.approx(5_000 / 7, rel=0.02)


def test_the_last_rank_of_a_bucket_is_its_last_known_value() -> None:
    found = Histogram((0, 1), (10, 4), 60)
    top = TopValues((0.0, 5e-324), (6, 2), 1)
    assert ranks.quantile(found, top, 10 / 14) == 5e-324
