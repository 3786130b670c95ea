"""Trees as operator arrays, against sums worked row by row in Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.kinds import Task
from seakeep.training.ensemble import Answers, Ensemble, Exported, Tree
from seakeep.training.operator import Operator
from seakeep.training.parity import estimator_session

FEATURES = 3
THRESHOLDS = [-1.0, 0.0, 0.5, 1e8, np.inf]


@st.composite
def trees(draw, outputs):
    """A tree of up to 5 splits, grown by splitting leaves."""
    feature, threshold, left, right = [-1], [0.0], [-1], [-1]
    for _ in range(draw(st.integers(0, 5))):
        leaf = draw(st.sampled_from([i for i, f in enumerate(feature) if f < 0]))
        feature[leaf], threshold[leaf] = draw(st.integers(0, FEATURES - 1)), draw(st.sampled_from(THRESHOLDS))
        left[leaf], right[leaf] = len(feature), len(feature) + 1
        for column, value in ((feature, -1), (threshold, 0.0), (left, -1), (right, -1)):
            column += [value, value]
    size = len(feature)
    leaves = np.array(feature) < 0
    values = draw(st.lists(st.sampled_from([0.0, 0.1, 0.5, -3.25]), min_size=size * outputs, max_size=size * outputs))
    return Tree(
        feature=np.array(feature, dtype=np.int32),
        threshold=np.array(threshold, dtype=np.float32),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        missing_left=np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size))),
        value=np.where(leaves[:, None], np.reshape(values, (size, outputs)), 0.0),
        cover=np.ones(size),
    )


@st.composite
def ensembles(draw):
    outputs = draw(st.integers(1, 3))
    members = draw(st.lists(trees(outputs), min_size=1, max_size=4))
    base = np.array(draw(st.lists(st.sampled_from([0.0, 0.25, -1.5]), min_size=outputs, max_size=outputs)))
    return Ensemble.of(members, base=base, single=draw(st.booleans()))


def by_hand(ensemble, row):
    """Base first, then tree by tree, in the library's precision."""
    dtype = np.float32 if ensemble.single else np.float64
    total = ensemble.base.astype(dtype)
    for root in ensemble.root:
        node = int(root)
        while ensemble.feature[node] >= 0:
            value = row[ensemble.feature[node]]
            goes_left = ensemble.missing_left[node] if np.isnan(value) else value <= ensemble.threshold[node]
            node = int(ensemble.left[node] if goes_left else ensemble.right[node])
        total = total + ensemble.value[node].astype(dtype)
    return total


ROWS = np.array(
    [[a, b, c] for a in (-1.0, 0.25, np.nan, np.inf) for b in (0.0, 0.5, np.nan) for c in (1e8, -np.inf)],
    dtype=np.float32,
)


@given(ensembles())
def test_the_graph_sums_as_a_walk_by_hand_does(ensemble):
    exported = Exported(ensemble, Answers(Task.MULTICLASS, "votes"), ())
    if ensemble.outputs == 1:
        exported = Exported(ensemble, Answers(Task.REGRESSION, "identity"), ())
    session = estimator_session(exported, FEATURES)
    name = "value" if ensemble.outputs == 1 else "probabilities"
    ours = session.run([name], {"features": ROWS})[0].reshape(len(ROWS), -1)
    expected = np.array([by_hand(ensemble, row) for row in ROWS]).astype(np.float32)
    assert np.array_equal(ours, expected)


@given(ensembles())
def test_shrinking_never_adds_nodes(ensemble):
    assert Operator.of(ensemble).nodes <= ensemble.outputs * (len(ensemble.feature) + 2 * len(ensemble.root))


def test_a_subtree_of_equal_leaves_becomes_one_leaf():
    tree = Tree(
        feature=np.array([0, 1, -1, -1, -1], dtype=np.int32),
        threshold=np.zeros(5, dtype=np.float32),
        left=np.array([1, 2, -1, -1, -1], dtype=np.int32),
        right=np.array([4, 3, -1, -1, -1], dtype=np.int32),
        missing_left=np.zeros(5, dtype=np.bool_),
        value=np.array([[0.0], [0.0], [7.0], [7.0], [9.0]]),
        cover=np.ones(5),
    )
    operator = Operator.of(Ensemble.of([tree], base=np.zeros(1)))
    assert operator.weight.tolist() == [7.0, 9.0]
    assert operator.feature.tolist() == [0]


@pytest.mark.parametrize("base", [0.0, 2.5])
def test_trees_that_add_nothing_leave_the_base(base):
    tree = Tree(
        *(np.array(x, dtype=t) for x, t in (([-1], np.int32), ([0], np.float32), ([-1], np.int32), ([-1], np.int32))),
        np.array([False]),
        np.zeros((1, 1)),
        np.ones(1),
    )
    exported = Exported(Ensemble.of([tree], base=np.array([base])), Answers(Task.REGRESSION, "identity"))
    assert (
        estimator_session(exported, 1).run(["value"], {"features": np.zeros((2, 1), np.float32)})[0].tolist()
        == [base] * 2
    )
