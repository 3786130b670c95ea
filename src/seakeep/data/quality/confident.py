"""Confident learning: which labels a model contradicts more surely than it agrees with others of their class.

Used by `label_noise`. Northcutt, Jiang, Chuang: Confident Learning, JAIR 70 (2021). A class's threshold is the mean probability that
the model gives it in rows labelled so; a row counts for the class whose probability is beyond its threshold (the most probable of
several). The counts, row labels by found classes, are the confident joint; what lies off its diagonal are suspected errors. Held
against cleanlab in tests/data/quality/test_confident_platform.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Confident:
    """joint: (classes, classes) counts, given labels by found ones. suspects: (rows,) true where the two differ. found: the class found."""

    joint: NDArray[np.int64]
    suspects: NDArray[np.bool_]
    found: NDArray[np.int64]


def confident(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> Confident:
    """The confident joint of labels (rows,), 0 to classes - 1, and out-of-fold probabilities (rows, classes).

    A row below every threshold counts for no class and is no suspect. Every class must have a row. O(rows × classes).
    """
    classes = probabilities.shape[1]
    thresholds = np.array([probabilities[labels == each, each].mean() for each in range(classes)])
    above = probabilities >= thresholds - 1e-6
    sure = above.any(axis=1)
    found = np.where(above, probabilities, -1.0).argmax(axis=1)
    joint = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(joint, (labels[sure], found[sure]), 1)
    return Confident(joint, sure & (found != labels), found)
