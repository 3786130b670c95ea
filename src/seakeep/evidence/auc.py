"""Area under the ROC curve and its variance, by DeLong.

Called by `intervals.auc_interval`. The area is the share of (positive, negative) pairs in which the positive scores higher,
ties counting half; DeLong, DeLong and Clarke-Pearson (1988) give its variance from each row's own share. Computed from
ranks (Sun and Xu 2014), it takes one sort, where the pairs of 300,000 rows would take hours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def delong(scores: ArrayLike, labels: ArrayLike) -> tuple[float, float]:
    """Area under the ROC curve and the variance of that estimate.

    Parameters: scores: (rows,), higher means more likely positive, no NaN. labels: (rows,), true where positive.
    Returns: (area, variance); area NaN without both classes, variance NaN with fewer than two rows of either.
    Cost: one sort. Source: DeLong et al., Biometrics 44, 1988; ranks by Sun and Xu, IEEE Signal Processing Letters 21, 2014.
    """
    values, positive = np.asarray(scores, dtype=np.float64), np.asarray(labels).astype(bool)
    first, second = values[positive], values[~positive]
    m, n = len(first), len(second)
    if not m or not n:
        return math.nan, math.nan
    ranks = _midranks(np.concatenate([first, second]))
    of_positives = (ranks[:m] - _midranks(first)) / n
    of_negatives = 1.0 - (ranks[m:] - _midranks(second)) / m
    area = float(of_positives.mean())
    if m < 2 or n < 2:
        return area, math.nan
    return area, float(of_positives.var(ddof=1) / m + of_negatives.var(ddof=1) / n)


def _midranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: NDArray[np.float64] = (last - (counts - 1) / 2.0)[inverse]
    return ranks
