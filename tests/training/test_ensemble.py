"""Thresholds: no float32 changes sides."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seakeep.training.ensemble import Ensemble, Tree, floored, just_below

doubles = st.floats(allow_nan=False)
singles = st.floats(allow_nan=False, width=32)


@given(doubles, singles)
def test_flooring_a_threshold_moves_no_float32_to_the_other_side(threshold, value):
    assert (np.float64(value) <= threshold) == (np.float32(value) <= floored(np.array([threshold]))[0])


@given(doubles)
def test_a_floored_threshold_is_the_nearest_below(threshold):
    floor = floored(np.array([threshold]))[0]
    with np.errstate(over="ignore"):
        after = np.nextafter(floor, np.float32(np.inf))
    assert np.float64(floor) <= threshold
    assert floor == np.inf or np.float64(after) > threshold


@given(singles, singles)
def test_a_strict_split_moves_to_the_float32_before(threshold, value):
    strict = np.float32(value) < np.float32(threshold)
    ours = np.float32(value) <= just_below(np.array([threshold], dtype=np.float32))[0]
    assert strict == ours or (value == -np.inf and threshold == -np.inf)


def stump(feature, threshold, left, right):
    return Tree(
        feature=np.array([feature, -1, -1], dtype=np.int32),
        threshold=np.array([threshold, 0, 0], dtype=np.float32),
        left=np.array([1, -1, -1], dtype=np.int32),
        right=np.array([2, -1, -1], dtype=np.int32),
        missing_left=np.array([True, False, False]),
        value=np.array([[0.0], [left], [right]]),
        cover=np.array([10.0, 4.0, 6.0]),
    )


def test_joined_trees_count_their_nodes_on():
    ensemble = Ensemble.of([stump(0, 1.0, 1, 2), stump(1, 2.0, 3, 4)], base=np.zeros(1))
    assert ensemble.root.tolist() == [0, 3]
    assert ensemble.left.tolist() == [1, -1, -1, 4, -1, -1]
    assert [level.tolist() for level in ensemble.levels()] == [[0, 3], [1, 4, 2, 5]]


def test_thresholds_are_listed_once_a_feature():
    ensemble = Ensemble.of([stump(0, 1.0, 1, 2), stump(0, 1.0, 3, 4), stump(2, 5.0, 0, 1)], base=np.zeros(1))
    assert {feature: values.tolist() for feature, values in ensemble.thresholds().items()} == {0: [1.0], 2: [5.0]}
