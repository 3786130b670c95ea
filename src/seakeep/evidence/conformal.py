"""Split conformal prediction: how far a prediction may be from the truth, from how far it was on rows that the model was not fitted on.

If those rows and the next one come from one distribution, the truth lies within the distance `scores[rank - 1]` (sorted, rank =
ceil((rows + 1) · level)) with a probability of at least `level`, whatever the model and the distribution; on average over all rows, not
for each kind of row (Vovk, Gammerman and Shafer 2005; Lei et al. 2018, theorem 2.2). What is hard is that nothing may round towards less.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

THOUSANDTHS = (*range(500, 990, 10), *range(990, 1000))
"""The levels for which distances are kept, in thousandths: 50 % to 99 % in steps of one, then to 99.9 % in tenths."""
_DIGITS = 6


def distances(scores: NDArray[np.float64]) -> tuple[float | None, ...]:
    """The distance for each of THOUSANDTHS; None where there are too few rows for such a level.

    Parameters: scores: (rows,) how far each truth was from its prediction, finite. Rounded up to 6 digits, so that machines whose
        last bits differ keep the same.
    >>> distances(np.arange(1.0, 10.0))[40], distances(np.arange(1.0, 10.0))[41]
    (9.0, None)
    """
    ordered = np.sort(scores)
    return tuple(_distance(ordered, rank(len(ordered), level)) for level in THOUSANDTHS)


def rank(rows: int, thousandths: int) -> int:
    """Which of the sorted distances holds for a level; beyond `rows`, if there are too few of them.

    >>> rank(9, 900), rank(99, 950), rank(0, 500)
    (9, 95, 1)
    """
    return -(-(rows + 1) * thousandths // 1000)


def at_level(level: float, kept: Sequence[int]) -> int | None:
    """The least of the `kept` levels (thousandths, rising) that is not below `level`; None beyond the last.

    >>> at_level(0.9, THOUSANDTHS), at_level(0.905, THOUSANDTHS), at_level(0.9999, THOUSANDTHS)
    (900, 910, None)
    """
    return next((each for each in kept if each >= level * 1000 - 1e-9), None)


def _distance(ordered: NDArray[np.float64], place: int) -> float | None:
    return _up(float(ordered[place - 1])) if place <= len(ordered) else None


def _up(value: float) -> float:
    """The least number of six digits that is not below `value`, which is at least 0."""
    if value == 0:
        return 0.0
    rounded = float(f"{value:.{_DIGITS - 1}e}")
    if rounded >= value:
        return rounded
    return float(f"{rounded + 10.0 ** (math.floor(math.log10(value)) - _DIGITS + 1):.{_DIGITS - 1}e}")
