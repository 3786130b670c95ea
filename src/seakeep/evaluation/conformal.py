"""The table `conformal`: what intervals and sets of predictions are made of, by split conformal prediction. Called by `evaluate`.

The rows that a model is judged on were not used to fit it, so how far it was off on them says how far it will be off on others like
them (see evidence.conformal). Of a regression the distance is |truth - value|; of classes it is 1 - the truth's probability. A server
answers with them where a request asks (`parameters.interval`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.core.report import Table
from seakeep.evidence.conformal import THOUSANDTHS, distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.codec import Scalar
    from seakeep.evaluation.sample import Sample

NAME = "conformal"


def conformal(sample: Sample) -> tuple[Table, ...]:
    """The table of distances by level; none where a score is not finite, or there are too few rows for even the lowest level."""
    off = _off(sample) if sample.rows else np.empty(0)
    if not np.isfinite(off).all():
        return ()
    kept: list[tuple[Scalar, ...]] = [
        (level / 1000, distance)
        for level, distance in zip(THOUSANDTHS, distances(off), strict=True)
        if distance is not None
    ]
    far = "its value" if sample.task is Task.REGRESSION else "a probability of 1"
    note = (
        f"With this probability at least the truth of a row like these {sample.rows:,} is no farther from {far} than the distance, "
        "whatever the model (split conformal prediction); over all rows, not within each slice."
    )
    return (Table(NAME, "Distances for intervals", ("level", "distance"), tuple(kept), note),) if kept else ()


def _off(sample: Sample) -> NDArray[np.float64]:
    """How far the model was off on each row."""
    if sample.task is Task.REGRESSION:
        return np.abs(sample.labels - sample.scores[:, 0])
    return 1 - sample.scores[np.arange(sample.rows), sample.indices]
