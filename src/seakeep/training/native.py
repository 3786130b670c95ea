"""The estimator's own answers: what a graph is compared with. Called by `parity` and by the conformance suite.

What is hard is that a library refuses some rows that a server may meet (infinities, mostly): those rows have no answer to
compare with and are left out and counted, not guessed.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.training.ensemble import Takes

LIMIT = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """scores: float (rows, classes), or (rows, 1) values. decision: class index (rows,); None for regression."""

    scores: NDArray[Any]
    decision: NDArray[Any] | None


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """A fitted estimator and what it takes."""

    fitter: Any
    task: Task
    takes: Takes

    def accepts(self, vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which rows the library answers at all, (rows,)."""
        accepted = np.ones(len(vectors), dtype=np.bool_)
        if not self.takes.missing:
            accepted &= ~np.isnan(vectors).any(axis=1)
        if not self.takes.infinite:
            accepted &= ~np.isinf(vectors).any(axis=1)
        return accepted

    def answer(self, vectors: NDArray[np.float32]) -> Answer:
        """Its answers to rows that it accepts. One thread, since a forest's threads add up in any order."""
        if self.fitter.get_params(deep=False).get("n_jobs") is not None:
            self.fitter.set_params(n_jobs=1)
        given = vectors.astype(np.float64) if self.takes.doubles_to_answer else vectors
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            if self.task is Task.REGRESSION:
                return Answer(np.asarray(self.fitter.predict(given)).reshape(-1, 1), None)
            return Answer(np.asarray(self.fitter.predict_proba(given)), np.asarray(self.fitter.predict(given)))


def scaled_difference(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[np.float64]:
    """|ours - theirs| / max(1, |theirs|), elementwise; 0 where both are NaN or the same infinity, infinite where one is.

    >>> scaled_difference(np.array([1.0, np.nan, 200.0]), np.array([1.5, np.nan, 100.0])).tolist()
    [0.3333333333333333, 0.0, 1.0]
    """
    with np.errstate(all="ignore"):
        first = np.asarray(ours, dtype=np.float64)
        second = np.asarray(theirs, dtype=np.float64)
        # What float32 cannot hold is infinite in an answer, and rightly so.
        second = np.where(np.isinf(second.astype(np.float32)), second.astype(np.float32), second)
        same = (first == second) | (np.isnan(first) & np.isnan(second))
        difference = np.where(same, 0.0, np.abs(first - second) / np.maximum(1.0, np.abs(second)))
    return np.where(np.isnan(difference), np.inf, difference)
