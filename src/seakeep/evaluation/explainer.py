"""A model's explanation file as arrays, checked once. Called by `explanation`; the format is written down in core.model.

What is hard is that the file travels with the release and may be torn, so shapes are checked before anything is indexed.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from seakeep.core.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.model import Model

Link = Literal["identity", "sigmoid", "softmax", "exp"]
_TREE_ITEMS = ("feature", "threshold", "left", "right", "missing_left", "value", "cover", "root", "base", "link")
_LINEAR_ITEMS = ("coefficients", "intercept", "mean", "link")


class BadExplanation(ModelError):
    """A model's explanation file cannot be used."""

    @classmethod
    def of(cls, model: str, found: str) -> BadExplanation:
        return cls(
            f"the explanation file {found}",
            where=f"model {model}, explanation.npz",
            cause="The file is torn, or was written by another version of Seakeep.",
            fix="Train the model again, or evaluate with explain=False.",
            model=model,
        )

    @classmethod
    def none(cls, model: str, estimator: str) -> BadExplanation:
        return cls(
            "the model has no explanation file",
            where=f"model {model}",
            cause=f"Contributions are known for trees and linear models; the estimator is {estimator or 'unknown'}.",
            fix='Look at the importance of the raw columns instead: report.table("importance").',
            model=model,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """A tree ensemble: raw score = base + sum over the trees of the leaf's value. Arrays as in core.model."""

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    cover: NDArray[np.float64]
    root: NDArray[np.int32]
    base: NDArray[np.float64]
    link: Link


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A linear model: raw score = intercept + features @ coefficients. mean: of the features in training."""

    coefficients: NDArray[np.float64]
    intercept: NDArray[np.float64]
    mean: NDArray[np.float64]
    link: Link


def load(model: Model) -> Trees | Linear:
    """The arrays of a model's explanation file. Raises BadExplanation."""
    if not model.explanation:
        raise BadExplanation.none(model.name, model.estimator)
    try:
        with np.load(io.BytesIO(model.explanation), allow_pickle=False) as archive:
            items = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise BadExplanation.of(model.name, f"cannot be read: {error}") from error
    kind = str(items.get("kind", "missing"))
    if kind not in ("trees", "linear"):
        raise BadExplanation.of(model.name, f"is of kind {kind!r}, expected 'trees' or 'linear'")
    try:
        return _trees(model, items) if kind == "trees" else _linear(model, items)
    except (ValueError, TypeError) as error:
        raise BadExplanation.of(model.name, f"holds an array of the wrong type or shape: {error}") from error


def linked(raw: NDArray[np.float64], link: Link) -> NDArray[np.float64]:
    """Raw scores (rows, outputs) as the model answers them: probabilities of the last axis, or values."""
    if link == "sigmoid":
        return np.exp(-np.logaddexp(0.0, -raw))
    if link == "softmax":
        shifted = np.exp(raw - raw.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
        return shares
    return np.exp(raw) if link == "exp" else raw


def _trees(model: Model, items: dict[str, NDArray[np.generic]]) -> Trees:
    link = _link(model, items, _TREE_ITEMS)
    trees = Trees(
        feature=items["feature"].astype(np.int32),
        threshold=items["threshold"].astype(np.float32),
        left=items["left"].astype(np.int32),
        right=items["right"].astype(np.int32),
        missing_left=items["missing_left"].astype(np.bool_),
        value=_columns(items["value"]),
        cover=items["cover"].astype(np.float64),
        root=items["root"].astype(np.int32),
        base=np.atleast_1d(items["base"].astype(np.float64)),
        link=link,
    )
    _check_trees(model, trees)
    return trees


def _check_trees(model: Model, trees: Trees) -> None:
    nodes = len(trees.feature)
    sizes = {
        len(each) for each in (trees.threshold, trees.left, trees.right, trees.missing_left, trees.value, trees.cover)
    }
    if sizes != {nodes} or trees.value.shape[1] != len(trees.base):
        raise BadExplanation.of(model.name, f"holds arrays of different lengths for {nodes} nodes")
    inner = trees.left >= 0
    places = np.concatenate([trees.left[inner], trees.right[inner], trees.root])
    if len(places) and not (places.min() >= 0 and places.max() < nodes):
        raise BadExplanation.of(model.name, f"points to nodes beyond its {nodes}")
    features = trees.feature[inner]
    if len(features) and not (features.min() >= 0 and features.max() < len(model.features)):
        raise BadExplanation.of(model.name, f"names features beyond the model's {len(model.features)}")
    if np.any(np.bincount(places, minlength=nodes) > 1) or (trees.left[inner] < 0).any():
        raise BadExplanation.of(model.name, "holds nodes that are not trees: a node has two parents")
    if _reached(trees) != nodes:
        raise BadExplanation.of(model.name, "holds nodes that no root leads to")


def _reached(trees: Trees) -> int:
    """Number of nodes below the roots; every node has at most one parent, so this ends."""
    at, reached = trees.root, 0
    while len(at):
        reached += len(at)
        inner = at[trees.left[at] >= 0]
        at = np.concatenate([trees.left[inner], trees.right[inner]])
    return reached


def _linear(model: Model, items: dict[str, NDArray[np.generic]]) -> Linear:
    link = _link(model, items, _LINEAR_ITEMS)
    linear = Linear(
        _columns(items["coefficients"]),
        np.atleast_1d(items["intercept"].astype(np.float64)),
        items["mean"].astype(np.float64),
        link,
    )
    expected = (len(model.features), len(linear.intercept))
    if linear.coefficients.shape != expected or linear.mean.shape != expected[:1]:
        raise BadExplanation.of(
            model.name, f"holds coefficients of shape {linear.coefficients.shape}, expected {expected}"
        )
    return linear


def _link(model: Model, items: dict[str, NDArray[np.generic]], names: tuple[str, ...]) -> Link:
    missing = [name for name in names if name not in items]
    if missing:
        raise BadExplanation.of(model.name, f"lacks {', '.join(missing)}")
    found = str(items["link"])
    for link in get_args(Link):
        if found == link:
            return link  # type: ignore[no-any-return]
    raise BadExplanation.of(model.name, f"has the link {found!r}, expected one of {', '.join(get_args(Link))}")


def _columns(values: NDArray[np.generic]) -> NDArray[np.float64]:
    return values.astype(np.float64).reshape(len(values), -1)
