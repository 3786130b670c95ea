"""The arrays of one ONNX TreeEnsemble operator (ai.onnx.ml 5) for an ensemble. Called by `lowering`.

The operator numbers splits and leaves apart and gives every leaf one output. What is hard: a forest's leaf has a share for
every class, so its trees are written once a class, and a subtree whose leaves are all equal for that class shrinks to
one leaf (a tree without it to nothing), which keeps the copies small and every sum the same to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.training.ensemble import Ensemble


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """Splits by number, leaves by number, and the split at which each tree starts, in the order of summing.

    left, right: number of a split, or of a leaf where left_leaf, right_leaf. target, weight: per leaf.
    """

    root: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int64]
    left_leaf: NDArray[np.bool_]
    right: NDArray[np.int64]
    right_leaf: NDArray[np.bool_]
    target: NDArray[np.int64]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, ensemble: Ensemble) -> Operator:
        """The ensemble's trees, output by output; the base is added to the leaves of each output's first tree."""
        return _joined([_one_output(ensemble, output) for output in range(ensemble.outputs)])

    @property
    def nodes(self) -> int:
        """Splits and leaves."""
        return len(self.feature) + len(self.target)


def _one_output(ensemble: Ensemble, output: int) -> Operator:
    value, ends = _shrunk(ensemble, output)
    kept = ensemble.root[~(ends[ensemble.root] & (value[ensemble.root] == 0))]
    if not len(kept):
        kept = ensemble.root[:1]
    weight = _with_base(ensemble, value, first=int(kept[0]), output=output)
    reached = _reached(ensemble, kept, ends)
    splits, leaves = np.flatnonzero(reached & ~ends), np.flatnonzero(reached & ends)
    place = np.zeros(len(value), dtype=np.int64)
    place[splits], place[leaves] = np.arange(len(splits)), np.arange(len(leaves))
    lone = kept[ends[kept]]  # trees of one leaf start at a split of their own, whose both sides are that leaf
    root = place[kept]
    root[ends[kept]] = len(splits) + np.arange(len(lone))
    left, right = ensemble.left[splits], ensemble.right[splits]
    return Operator(
        root=root,
        feature=np.concatenate((ensemble.feature[splits].astype(np.int64), np.zeros(len(lone), dtype=np.int64))),
        threshold=np.concatenate((ensemble.threshold[splits], np.zeros(len(lone), dtype=np.float32))),
        missing_left=np.concatenate((ensemble.missing_left[splits], np.zeros(len(lone), dtype=np.bool_))),
        left=np.concatenate((place[left], place[lone])),
        left_leaf=np.concatenate((ends[left], np.ones(len(lone), dtype=np.bool_))),
        right=np.concatenate((place[right], place[lone])),
        right_leaf=np.concatenate((ends[right], np.ones(len(lone), dtype=np.bool_))),
        target=np.full(len(leaves), output, dtype=np.int64),
        weight=weight[leaves],
    )


def _shrunk(ensemble: Ensemble, output: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Each node's value for this output where every leaf below it has the same, and whether that is so."""
    is_leaf = ensemble.is_leaf
    value, ends = ensemble.value[:, output].copy(), is_leaf.copy()
    for level in reversed(list(ensemble.levels())):
        inner = level[~is_leaf[level]]
        left, right = ensemble.left[inner], ensemble.right[inner]
        ends[inner] = ends[left] & ends[right] & (value[left] == value[right])
        value[inner] = value[left]
    return value, ends


def _with_base(ensemble: Ensemble, value: NDArray[np.float64], *, first: int, output: int) -> NDArray[np.float64]:
    """Values with the base added to the tree that starts at `first`, rounded as the library rounds its first addition."""
    after = ensemble.root[ensemble.root > first]
    tree = slice(first, int(after[0]) if len(after) else len(value))
    dtype = np.float32 if ensemble.single else np.float64
    weight = value.copy()
    weight[tree] = ensemble.base.astype(dtype)[output] + value[tree].astype(dtype)
    return weight


def _reached(ensemble: Ensemble, roots: NDArray[np.int32], ends: NDArray[np.bool_]) -> NDArray[np.bool_]:
    reached = np.zeros(len(ends), dtype=np.bool_)
    level = roots
    while len(level):
        reached[level] = True
        inner = level[~ends[level]]
        level = np.concatenate([ensemble.left[inner], ensemble.right[inner]])
    return reached


def _joined(parts: Sequence[Operator]) -> Operator:
    splits = np.cumsum([0, *(len(part.feature) for part in parts)])
    leaves = np.cumsum([0, *(len(part.target) for part in parts)])
    shift = list(zip(parts, splits, leaves, strict=False))
    return Operator(
        root=np.concatenate([part.root + split for part, split, _ in shift]),
        feature=np.concatenate([part.feature for part in parts]),
        threshold=np.concatenate([part.threshold for part in parts]),
        missing_left=np.concatenate([part.missing_left for part in parts]),
        left=np.concatenate([part.left + np.where(part.left_leaf, leaf, split) for part, split, leaf in shift]),
        left_leaf=np.concatenate([part.left_leaf for part in parts]),
        right=np.concatenate([part.right + np.where(part.right_leaf, leaf, split) for part, split, leaf in shift]),
        right_leaf=np.concatenate([part.right_leaf for part in parts]),
        target=np.concatenate([part.target for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
    )
