"""Shapley values of a tree ensemble's features, path-dependent: what SHAP, LightGBM and XGBoost call contributions.

Lundberg et al. 2020 walk every tree once a row in compiled code; here all rows, all leaves and all trees are one array operation. A
leaf is a product over the features on its path: feature j passes (o = 1) or blocks (o = 0) the row, and passes a share z of the training
rows. Its Shapley weight is the integral over t from 0 to 1 of the product of (z + (o - z) t) of the others, a polynomial, which Gauss-Legendre
quadrature with half as many points as features gives exactly; every term is positive, so nothing cancels.
What is hard is size: the work is cut into runs of leaves and rows that fit CELLS numbers and EDGES flags.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seakeep.evaluation.explainer import Trees

CELLS = 2_000_000
EDGES = 50_000_000


@dataclass(frozen=True, slots=True, eq=False)
class _Paths:
    """Every leaf's path, its edges sorted by leaf and feature; a slot is one feature of one leaf's path.

    edge_node, edge_left: (edges,) the split and the side taken. slot_start: (slots,) each slot's first edge.
    slot_leaf, slot_feature, slot_share: (slots,). leaves: (leaves,) node numbers.
    """

    leaves: NDArray[np.int64]
    edge_node: NDArray[np.int64]
    edge_left: NDArray[np.bool_]
    slot_start: NDArray[np.int64]
    slot_leaf: NDArray[np.int64]
    slot_feature: NDArray[np.int64]
    slot_share: NDArray[np.float64]


def contributions(trees: Trees, features: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Contribution of each feature to each row's raw score.

    Parameters: features: float32 (rows, features), what the estimator sees.
    Returns: (rows, features, outputs), and the expected raw score (outputs,); they sum to the raw score.
    Cost: rows · leaves · depth squared / 2.
    """
    paths = _paths(trees)
    values = trees.value[paths.leaves]
    shares = np.ones(len(paths.leaves))
    np.multiply.at(shares, paths.slot_leaf, paths.slot_share)
    expected = trees.base + (shares[:, None] * values).sum(axis=0)
    found = np.zeros((len(features), features.shape[1], values.shape[1]))
    for part in _runs(len(features), len(paths.edge_node), limit=EDGES):
        _explain(found[part], trees, paths, features[part])
    return found, expected


def raw_scores(trees: Trees, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Raw score (rows, outputs) by walking the trees."""
    at = np.broadcast_to(trees.root, (len(features), len(trees.root))).astype(np.int64)
    rows = np.arange(len(features))[:, None]
    while (trees.left[at] >= 0).any():
        values = features[rows, trees.feature[at]]
        goes_left = np.where(np.isnan(values), trees.missing_left[at], values <= trees.threshold[at])
        at = np.where(trees.left[at] < 0, at, np.where(goes_left, trees.left[at], trees.right[at]))
    summed: NDArray[np.float64] = trees.base + trees.value[at].sum(axis=1)
    return summed


def cost(trees: Trees) -> int:
    """Numbers to compute for one row, about."""
    paths = _paths(trees)
    depths = np.bincount(paths.slot_leaf, minlength=len(paths.leaves))
    return int((depths * ((depths + 1) // 2)).sum())


def _paths(trees: Trees) -> _Paths:
    parent = np.full(len(trees.left), -1, np.int64)
    is_left = np.zeros(len(trees.left), np.bool_)
    inner = np.flatnonzero(trees.left >= 0)
    parent[trees.left[inner]], parent[trees.right[inner]] = inner, inner
    is_left[trees.left[inner]] = True
    leaves = np.flatnonzero(trees.left < 0)
    leaf, node, side, share = _climb(trees, leaves, parent, is_left)
    feature = trees.feature[node].astype(np.int64)
    order = np.lexsort((feature, leaf))
    leaf, node, side, share, feature = leaf[order], node[order], side[order], share[order], feature[order]
    is_first = np.append(True, (leaf[1:] != leaf[:-1]) | (feature[1:] != feature[:-1]))[: len(leaf)]
    starts = np.flatnonzero(is_first)
    shares = np.multiply.reduceat(share, starts) if len(starts) else np.empty(0)
    return _Paths(leaves, node, side, starts, leaf[starts], feature[starts], shares)


def _climb(
    trees: Trees, leaves: NDArray[np.int64], parent: NDArray[np.int64], is_left: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    """The edges of all paths: leaf's place, split, side taken, share of the split's training rows that took it."""
    place, at = np.arange(len(leaves)), leaves
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]] = []
    while len(at):
        above = parent[at]
        up = above >= 0
        place, at, above = place[up], at[up], above[up]
        both = trees.cover[trees.left[above]] + trees.cover[trees.right[above]]
        # No training row reached this split: its two sides count alike, so that shares still sum to one.
        share = np.where(both > 0, trees.cover[at] / np.where(both > 0, both, 1.0), 0.5)
        found.append((place, above, is_left[at], share))
        at = above
    place, node, side, share = (np.concatenate(each) for each in zip(*found, strict=True)) if found else _no_edges()
    return place, node, side, share


def _no_edges() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_), np.empty(0)


def _explain(found: NDArray[np.float64], trees: Trees, paths: _Paths, features: NDArray[np.float32]) -> None:
    """Add the contributions of a run of rows to `found`, depth by depth, so that all paths of a run are equally long."""
    values = trees.value[paths.leaves]
    depths = np.bincount(paths.slot_leaf, minlength=len(paths.leaves))
    firsts = np.cumsum(depths) - depths
    passes = _passes(trees, paths, features)
    for depth in np.unique(depths[depths > 0]).tolist():
        starts = firsts[depths == depth]
        for part in _runs(len(starts), len(features) * depth, limit=CELLS):
            slots = starts[part, None] + np.arange(depth)
            weights = _weights(passes[:, slots], paths.slot_share[slots])
            _add(found, weights, paths.slot_feature[slots], values[paths.slot_leaf[slots[:, 0]]])


def _passes(trees: Trees, paths: _Paths, features: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether each row passes each slot: all the splits on the slot's feature along the leaf's path, (rows, slots)."""
    if not len(paths.slot_start):
        return np.empty((len(features), 0), np.bool_)
    values = features[:, np.maximum(trees.feature, 0)]
    goes_left = np.where(np.isnan(values), trees.missing_left, values <= trees.threshold)
    took = goes_left[:, paths.edge_node] == paths.edge_left
    passes: NDArray[np.bool_] = np.logical_and.reduceat(took, paths.slot_start, axis=1)
    return passes


def _runs(count: int, each: int, *, limit: int) -> Iterator[slice]:
    """Runs of at most `limit` numbers, `each` an item."""
    step = max(1, limit // max(1, each))
    yield from (slice(start, start + step) for start in range(0, count, step))


def _weights(passes: NDArray[np.bool_], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shapley value of each feature of each path for a leaf of value 1, (rows, leaves, depth)."""
    depth = shares.shape[1]
    gain = passes - shares
    points, weights = np.polynomial.legendre.leggauss((depth + 1) // 2)
    total = np.zeros_like(gain)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        terms = shares + gain * point
        total += weight * _products_of_others(terms)
    found: NDArray[np.float64] = gain * total
    return found


def _products_of_others(terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each item of the last axis the product of the others, without dividing."""
    before, after = np.ones_like(terms), np.ones_like(terms)
    before[..., 1:] = np.cumprod(terms[..., :-1], axis=-1)
    after[..., :-1] = np.cumprod(terms[..., :0:-1], axis=-1)[..., ::-1]
    before *= after
    return before


def _add(
    found: NDArray[np.float64], weights: NDArray[np.float64], features: NDArray[np.int64], values: NDArray[np.float64]
) -> None:
    """Add each leaf's contributions, (rows, leaves, depth), to those of its features, for every output."""
    order = np.argsort(features, axis=None, kind="stable")
    ordered = features.ravel()[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    flat = weights.reshape(len(weights), -1)[:, order]
    leaf = order // features.shape[1]
    for output in range(values.shape[1]):
        found[:, ordered[starts], output] += np.add.reduceat(flat * values[leaf, output], starts, axis=1)
