"""Tables: an ensemble's trees as the native code reads them. Called when a release is loaded; checks everything that code trusts.

A small tree is not walked. Its leaves are numbered from left to right, one bit each, and every split that sends a row to the right
clears the bits of the leaves on its left; the lowest bit that is left is the row's leaf. Splits may then be looked at in any order,
without a branch, for many rows at once. Those where a missing value goes left come first, as they compare otherwise.
A tree of more than 64 leaves is walked, many rows side by side. Source: Lucchese et al., QuickScorer, SIGIR 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.serving.trees.refusal import Uncompilable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seakeep.serving.trees.cut import Cut

LANES = 32
NARROW, WIDE, WALKED = 0, 1, 2
"""A tree of at most 32 leaves, of at most 64, or of more."""

SPLIT = np.dtype([("place", "<i4"), ("threshold", "<f4"), ("clear", "<u8")])
"""place: of the feature's first lane among the rows under way. clear: the leaves on the split's left."""
STEP = np.dtype([("place", "<i4"), ("threshold", "<f4"), ("left", "<i4"), ("right", "<i4")])
"""place: with the highest bit where a missing value goes left. left, right: a step of the tree, or ~leaf."""
TREE = np.dtype([(name, "<i8") for name in ("kind", "begin", "middle", "end", "leaf", "target")])
"""begin, middle, end: splits where a missing value goes left, then the others; of a walked tree, begin is its root's step."""

_MOST_SPLITS = 2_000_000
_NARROW_LEAVES, _WIDE_LEAVES = 32, 64
_MISSING_LEFT = np.int32(-(2**31))


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Trees laid out, in the order in which they are added up.

    features: int64, those that some split reads; `place` counts among them. width: features that a row must have at least.
    leaves: weights in the precision of the sums, tree by tree. targets: sums of a row.
    """

    trees: NDArray[np.void]
    splits: NDArray[np.void]
    steps: NDArray[np.void]
    leaves: NDArray[Any]
    features: NDArray[np.int64]
    width: int
    targets: int

    @property
    def nbytes(self) -> int:
        """Memory that they take."""
        return sum(array.nbytes for array in (self.trees, self.splits, self.steps, self.leaves, self.features))


@dataclass(slots=True, eq=False)
class _Shape:
    """The splits, checked. tree: of each, -1 for one that no tree has. first: its leftmost leaf, counted in its tree. on_left,
    below: leaves on its left, and all.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int64]
    left_leaf: NDArray[np.bool_]
    right: NDArray[np.int64]
    right_leaf: NDArray[np.bool_]
    root: NDArray[np.int64]
    tree: NDArray[np.int64]
    first: NDArray[np.int64]
    on_left: NDArray[np.int64]
    below: NDArray[np.int64]


def laid_out(found: Cut) -> Tables:
    """The tables of a graph's trees. Raises Uncompilable, for trees that are none or need what the native code cannot do."""
    shape = _shape(found)
    used = shape.tree >= 0
    features = np.unique(shape.feature[used])
    place = (np.searchsorted(features, shape.feature) * LANES).astype(np.int32)
    leaves = shape.below[shape.root]
    start = np.concatenate((np.zeros(1, np.int64), np.cumsum(leaves)))
    weights, target = _leaves(found, shape, start)
    kind = np.where(leaves <= _NARROW_LEAVES, NARROW, np.where(leaves <= _WIDE_LEAVES, WIDE, WALKED))
    trees = np.zeros(len(shape.root), dtype=TREE)
    trees["kind"], trees["leaf"], trees["target"] = kind, start[:-1], target
    walked = np.zeros(len(used), dtype=np.bool_)
    walked[used] = kind[shape.tree[used]] == WALKED
    splits = _splits(shape, np.flatnonzero(used & ~walked), place, trees)
    steps = _steps(shape, np.flatnonzero(walked), place, trees)
    width = int(features[-1]) + 1 if len(features) else 0
    return Tables(trees, splits, steps, weights, features.astype(np.int64), width, found.targets)


def _shape(found: Cut) -> _Shape:
    shape = _read(found)
    levels = list(_levels(shape))
    for level in reversed(levels):
        left, right = (_leaves_at(shape, level, side) for side in ("left", "right"))
        shape.on_left[level], shape.below[level] = left, left + right
    for level in levels:
        inner = level[~shape.left_leaf[level]]
        shape.first[shape.left[inner]] = shape.first[inner]
        inner = level[~shape.right_leaf[level]]
        shape.first[shape.right[inner]] = shape.first[inner] + shape.on_left[inner]
    return shape


def _read(found: Cut) -> _Shape:
    given = found.attributes
    with np.errstate(invalid="ignore", over="ignore"):  # what does not fit is refused below
        threshold = given["nodes_splits"].astype(np.float32)
    size = len(threshold)
    shape = _Shape(
        given["nodes_featureids"].astype(np.int64),
        threshold,
        given["nodes_missing_value_tracks_true"] != 0,
        given["nodes_truenodeids"].astype(np.int64),
        given["nodes_trueleafs"] != 0,
        given["nodes_falsenodeids"].astype(np.int64),
        given["nodes_falseleafs"] != 0,
        given["tree_roots"].astype(np.int64),
        np.full(size, -1),
        *(np.zeros(size, dtype=np.int64) for _ in range(3)),
    )
    if not 0 < size <= _MOST_SPLITS:
        raise Uncompilable.of(f"they have {size:,} splits, expected 1 to {_MOST_SPLITS:,}")
    if any(len(values) != size for name, values in given.items() if name.startswith("nodes_")):
        raise Uncompilable.of("their lists differ in length")
    if given["nodes_modes"].any():
        raise Uncompilable.of("a split compares otherwise than by 'at most'")
    if not np.array_equal(threshold, given["nodes_splits"], equal_nan=False):
        raise Uncompilable.of("a threshold is no float32")
    _check_numbers(found, shape)
    return shape


def _check_numbers(found: Cut, shape: _Shape) -> None:
    """That every number points at something: the native code does not look."""
    size, leaves = len(shape.feature), len(found.attributes["leaf_weights"])
    within = [(shape.feature, 2**31 // LANES - 1), (shape.root, size)]
    for numbers, is_leaf in ((shape.left, shape.left_leaf), (shape.right, shape.right_leaf)):
        within += [(numbers[is_leaf], leaves), (numbers[~is_leaf], size)]
    within.append((found.attributes["leaf_targetids"].astype(np.int64), found.targets))
    if any(((numbers < 0) | (numbers >= most)).any() for numbers, most in within):
        raise Uncompilable.of("a number points at no split, leaf, feature or output")
    if len(found.attributes["leaf_targetids"]) != leaves or not len(shape.root):
        raise Uncompilable.of("their lists differ in length")


def _levels(shape: _Shape) -> Iterator[NDArray[np.int64]]:
    """The splits by depth, roots first; tells each its tree. Raises Uncompilable where a split is reached twice."""
    level, tree = shape.root, np.arange(len(shape.root))
    while len(level):
        if (shape.tree[level] >= 0).any() or len(np.unique(level)) < len(level):
            raise Uncompilable.of("a split is reached in two ways")
        shape.tree[level] = tree
        yield level
        left, right = ~shape.left_leaf[level], ~shape.right_leaf[level]
        below = np.concatenate((shape.left[level[left]], shape.right[level[right]]))
        level, tree = below, np.concatenate((tree[left], tree[right]))


def _leaves_at(shape: _Shape, level: NDArray[np.int64], side: str) -> NDArray[np.int64]:
    """How many leaves are on this side of each split."""
    is_leaf, below = getattr(shape, f"{side}_leaf")[level], getattr(shape, side)[level]
    counts = np.ones(len(level), dtype=np.int64)
    counts[~is_leaf] = shape.below[below[~is_leaf]]
    return counts


def _leaves(found: Cut, shape: _Shape, start: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Weights from left to right, tree by tree, and each tree's target."""
    number = np.zeros(int(start[-1]), dtype=np.int64)
    for is_leaf, below, skipped in ((shape.left_leaf, shape.left, 0), (shape.right_leaf, shape.right, shape.on_left)):
        at = np.flatnonzero(is_leaf & (shape.tree >= 0))
        place = start[shape.tree[at]] + (shape.first + skipped)[at]
        number[place] = below[at]
    targets = found.attributes["leaf_targetids"].astype(np.int64)[number]
    first = targets[start[:-1]]
    if (targets != np.repeat(first, np.diff(start))).any():
        raise Uncompilable.of("a tree has leaves of several outputs")
    return np.ascontiguousarray(found.attributes["leaf_weights"][number], dtype=found.dtype), first


def _splits(
    shape: _Shape, chosen: NDArray[np.int64], place: NDArray[np.int32], trees: NDArray[np.void]
) -> NDArray[np.void]:
    """The splits of trees that are not walked, and in `trees` where each tree's are."""
    order = chosen[np.lexsort((~shape.missing_left[chosen], shape.tree[chosen]))]
    splits = np.zeros(len(order), dtype=SPLIT)
    splits["place"], splits["threshold"] = place[order], shape.threshold[order]
    ones = (np.uint64(1) << shape.on_left[order].astype(np.uint64)) - np.uint64(1)
    splits["clear"] = ones << shape.first[order].astype(np.uint64)
    number = np.arange(len(trees))
    of_each = np.bincount(shape.tree[order], minlength=len(trees))
    left = np.bincount(shape.tree[order], weights=shape.missing_left[order], minlength=len(trees)).astype(np.int64)
    end = np.cumsum(of_each)[number]
    trees["begin"], trees["middle"], trees["end"] = end - of_each, end - of_each + left, end
    return splits


def _steps(
    shape: _Shape, chosen: NDArray[np.int64], place: NDArray[np.int32], trees: NDArray[np.void]
) -> NDArray[np.void]:
    """The splits of trees that are walked, tree by tree, and in `trees` where each tree's root is."""
    order = chosen[np.argsort(shape.tree[chosen], kind="stable")]
    at = np.zeros(len(shape.feature), dtype=np.int64)
    at[order] = np.arange(len(order))
    steps = np.zeros(len(order), dtype=STEP)
    steps["place"] = np.where(shape.missing_left[order], place[order] | _MISSING_LEFT, place[order])
    steps["threshold"] = shape.threshold[order]
    for side, leaf in (("left", shape.first), ("right", shape.first + shape.on_left)):
        is_leaf, below = getattr(shape, f"{side}_leaf")[order], getattr(shape, side)[order]
        steps[side] = np.where(is_leaf, ~leaf[order], at[np.where(is_leaf, 0, below)])
    walked = trees["kind"] == WALKED
    trees["begin"][walked] = at[shape.root[walked]]
    return steps
