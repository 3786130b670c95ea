"""Conformal distances hold what they promise: coverage by simulation, against the exact law of ranks, and rounding upwards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.evidence.conformal import THOUSANDTHS, at_level, distances, rank


@pytest.mark.parametrize("rows", [9, 40, 500])
@pytest.mark.parametrize("level", [500, 900, 990])
def test_coverage_is_at_least_the_level_and_at_most_one_row_more(rows, level):
    random = np.random.default_rng(rows + level)
    place = THOUSANDTHS.index(level)
    held = []
    for _ in range(1500):
        scores = np.abs(random.standard_cauchy(rows + 1))
        distance = distances(scores[:-1])[place]
        held.append(1.0 if distance is None else float(scores[-1] <= distance))
    expected = min(1.0, rank(rows, level) / (rows + 1))
    error = 4 * np.sqrt(expected * (1 - expected) / len(held)) + 1e-9
    assert level / 1000 - error <= np.mean(held)
    assert abs(np.mean(held) - expected) <= error + 1e-4  # rounding upwards adds a little


@given(st.lists(st.floats(0, 1e300), min_size=1, max_size=40))
def test_distances_rise_with_the_level_and_are_never_rounded_down(scores):
    ordered, kept = sorted(scores), distances(np.array(scores))
    known = [distance for distance in kept if distance is not None]
    assert known == sorted(known)
    for level, distance in zip(THOUSANDTHS, kept, strict=True):
        place = rank(len(scores), level)
        assert (distance is None) == (place > len(scores))
        if distance is not None:
            assert ordered[place - 1] <= distance <= ordered[place - 1] * (1 + 2e-5)


def test_without_rows_there_are_no_distances():
    assert set(distances(np.empty(0))) == {None}


@pytest.mark.parametrize(
    ("level", "kept"), [(0.5, 500), (0.9, 900), (0.901, 910), (0.99, 990), (0.9905, 991), (0.9991, None)]
)
def test_a_level_between_two_is_held_by_the_greater(level, kept):
    assert at_level(level, THOUSANDTHS) == kept
