"""Sample: what a metric sees of the rows it judges. Made by `collect`, cut into slices by `slices`, read by every metric.

Labels, scores and decisions only, as NumPy arrays: no frame, no model, so that a metric is arithmetic and nothing else.
What is hard is weights: they are never a user's importance weights but resampling multiplicities, so that one `compute`
serves the estimate, its bootstrap and its numerical derivative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.kinds import Task


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Labelled rows with a model's answers.

    labels: int64 (rows,) class index, or float64 (rows,) for regression. scores: float64 (rows, classes) probabilities, or
    (rows, 1) values. decisions: int64 (rows,) class index; None for regression. weights: float64 (rows,), at least 0, how
    often each row counts; None for once.
    """

    task: Task
    labels: NDArray[np.int64] | NDArray[np.float64]
    scores: NDArray[np.float64]
    decisions: NDArray[np.int64] | None = None
    weights: NDArray[np.float64] | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.labels)

    @property
    def classes(self) -> int:
        """Number of classes; 1 for regression."""
        return int(self.scores.shape[1])

    @property
    def mass(self) -> NDArray[np.float64]:
        """How often each row counts: the weights, or ones."""
        return np.ones(self.rows) if self.weights is None else self.weights

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Binary: whether the label is the second class, the positive one."""
        positive: NDArray[np.bool_] = self.labels == 1
        return positive

    @property
    def positive(self) -> NDArray[np.float64]:
        """Binary: the probability of the second class, the positive one."""
        return self.scores[:, 1]

    @property
    def chosen(self) -> NDArray[np.int64]:
        """Classification: the decided class index of each row."""
        assert self.decisions is not None
        return self.decisions

    @property
    def indices(self) -> NDArray[np.int64]:
        """Classification: the label's class index of each row."""
        return self.labels.astype(np.int64, copy=False)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Classification: whether the decision is the label."""
        right: NDArray[np.bool_] = self.chosen == self.labels
        return right

    @property
    def errors(self) -> NDArray[np.float64]:
        """Regression: predicted value less label, in the label's unit."""
        return self.scores[:, 0] - self.labels

    @property
    def is_finite(self) -> bool:
        """Whether every score is a number. Where one is not, no metric is computed."""
        return bool(np.isfinite(self.scores).all())

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Sample:
        """The named rows, by position or by mask."""
        decisions = None if self.decisions is None else self.decisions[rows]
        weights = None if self.weights is None else self.weights[rows]
        return Sample(self.task, self.labels[rows], self.scores[rows], decisions, weights)

    def weighted(self, weights: NDArray[np.float64]) -> Sample:
        """The same rows, each counted as often as `weights` says."""
        return replace(self, weights=weights)
