"""What an exporter reads from a fitted estimator: trees or linear weights as NumPy arrays, free of any library.

The exporters fill these, `lowering` turns them into ONNX nodes and `explanation` into the file that explains single rows.
What is hard: a split must route every float32 as the library does. Libraries compare a float32 with a double threshold
(or, XGBoost, strictly); here every threshold is a float32 and a row goes left when x <= threshold, so a double threshold is
floored to the largest float32 not above it and a strict one is moved to the float32 just below it. Both change no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from seakeep.core.kinds import Task

Link = Literal["identity", "exp", "sigmoid", "softmax", "sigmoids", "shares", "votes"]


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """One tree, nodes numbered from its root, 0; every child has a higher number than its parent.

    feature: int32, -1 in leaves. threshold: float32 (see the module). left, right: int32, -1 in leaves.
    missing_left: where NaN goes. value: float64 (nodes, outputs), zero in inner nodes. cover: training rows (or their
    weight, as the library counts) that reached the node.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    cover: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """All trees of a model in one set of arrays; `left` and `right` count across trees. Fields as in Tree, and:

    root: int32 (trees,). base: float64 (outputs,), added before the first tree. divisor: the sum is divided by it
    afterwards (the number of trees of a forest). single: the library adds in float32 (XGBoost), else in float64.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    cover: NDArray[np.float64]
    root: NDArray[np.int32]
    base: NDArray[np.float64]
    divisor: float = 1.0
    single: bool = False

    @classmethod
    def of(
        cls, trees: Sequence[Tree], *, base: NDArray[np.float64], divisor: float = 1.0, single: bool = False
    ) -> Ensemble:
        """The trees in the order in which the library adds them up."""
        sizes = [len(tree.feature) for tree in trees]
        start = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
        return cls(
            feature=np.concatenate([tree.feature for tree in trees]).astype(np.int32),
            threshold=np.concatenate([tree.threshold for tree in trees]).astype(np.float32),
            left=_shifted([tree.left for tree in trees], start),
            right=_shifted([tree.right for tree in trees], start),
            missing_left=np.concatenate([tree.missing_left for tree in trees]).astype(np.bool_),
            value=np.concatenate([tree.value for tree in trees]).astype(np.float64),
            cover=np.concatenate([tree.cover for tree in trees]).astype(np.float64),
            root=start,
            base=np.asarray(base, dtype=np.float64),
            divisor=divisor,
            single=single,
        )

    @property
    def outputs(self) -> int:
        """Sums that a row has: 1, or one a class."""
        return int(self.value.shape[1])

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Per node."""
        return self.feature < 0

    def levels(self) -> Iterator[NDArray[np.int32]]:
        """The nodes of all trees by depth: roots first. Cost: one pass over the nodes."""
        level, is_leaf = self.root, self.is_leaf
        while len(level):
            yield level
            inner = level[~is_leaf[level]]
            level = np.concatenate([self.left[inner], self.right[inner]])

    def thresholds(self) -> dict[int, NDArray[np.float32]]:
        """Distinct thresholds by feature, ascending: where answers may jump."""
        split = ~self.is_leaf
        used = np.unique(self.feature[split])
        return {int(f): np.unique(self.threshold[split & (self.feature == f)]) for f in used}


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Weights of a linear model. coefficients: float64 (features, outputs). intercept: float64 (outputs,)."""

    coefficients: NDArray[np.float64]
    intercept: NDArray[np.float64]

    @property
    def outputs(self) -> int:
        """Sums that a row has: 1, or one a class."""
        return int(self.coefficients.shape[1])


@dataclass(frozen=True, slots=True)
class Answers:
    """How raw sums become probabilities, a decision, or a value.

    link: of a number "identity" or "exp"; of classes "sigmoid" (one sum, of class 1), "softmax", "sigmoids" (one a class,
    not adding up to 1), "shares" (sigmoids divided by their sum), "votes" (the sums are probabilities already).
    scale: multiplies the sums before the link. cut: class 1 is decided when the one sum is above it, or, `at_cut`, equal.
    decide: with several sums the first greatest wins: of the "sums", or of the "probabilities" where the library compares
    those and rounding can make a tie of them.
    """

    task: Task
    link: Link
    scale: float = 1.0
    cut: float = 0.0
    at_cut: bool = False
    decide: Literal["sums", "probabilities"] = "sums"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an exporter returns. labels: integer codes by class, as the estimator orders them; empty for regression."""

    scores: Ensemble | Linear
    answers: Answers
    labels: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Takes:
    """What a fitted estimator takes, beyond finite float32 numbers. missing, infinite: whether NaN and infinities.

    doubles_to_fit, doubles_to_answer: whether it is given float64 copies of the same values; linear algebra in float32 loses
    digits that ours does not.
    """

    missing: bool
    infinite: bool
    doubles_to_fit: bool = False
    doubles_to_answer: bool = False


def floored(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """For each double the largest float32 not above it; every float32 x is on the same side of both (x <= t).

    >>> floor = floored(np.array([0.1, 16777217.0, 1e300, np.inf]))
    >>> floor.tolist()[1:], bool(floor[0] <= 0.1)
    ([16777216.0, 3.4028234663852886e+38, inf], True)
    """
    double = np.asarray(threshold, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        near = double.astype(np.float32)
        return np.where(near.astype(np.float64) > double, np.nextafter(near, np.float32(-np.inf)), near)


def just_below(threshold: NDArray[np.float32] | np.float32) -> NDArray[np.float32]:
    """For each float32 the one before it: x < t and x <= t' agree for every float32 x but negative infinity.

    >>> bool(just_below(np.array([1], np.float32))[0] < 1)
    True
    """
    with np.errstate(over="ignore", under="ignore"):
        return np.nextafter(np.asarray(threshold, dtype=np.float32), np.float32(-np.inf))


def _shifted(children: Sequence[NDArray[np.int32]], start: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.concatenate([np.where(c < 0, -1, c + s) for c, s in zip(children, start, strict=True)]).astype(np.int32)
