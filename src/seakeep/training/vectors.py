"""What an estimator cannot take, found before it is fitted: missing, infinite and empty features, by name.

Called by `trainer`. What is hard is a feature that is never missing in training and may be in production: a linear model
would answer NaN there, so it is refused unless the contract forbids the missing value where it would come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.training.errors import CannotTrain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.schema import Schema
    from seakeep.features import FittedFeatures
    from seakeep.training.ensemble import Takes

_ROWS = 65_536


def check_schema(fitted: FittedFeatures, schema: Schema, estimator: str, takes: Takes) -> None:
    """Raise CannotTrain where a served row may hold a missing value that the estimator has no answer to."""
    if takes.missing:
        return
    for name in fitted.may_be_missing:
        for source in fitted.sources[name]:
            column = schema.columns.get(source)
            if column is None or column.missing_at_most > 0:
                raise CannotTrain.may_be_missing(estimator, name, source)


def check_vectors(vectors: NDArray[np.float32], fitted: FittedFeatures, estimator: str, takes: Takes) -> None:
    """Raise CannotTrain for a feature without any value, or with values that the estimator does not take."""
    missing, infinite = _counts(vectors)
    for place, name in enumerate(fitted.names):
        sources = fitted.sources[name]
        if missing[place] == len(vectors):
            raise CannotTrain.empty_feature(name, sources, len(vectors))
        if missing[place] and not takes.missing:
            raise CannotTrain.missing_values(estimator, name, sources, int(missing[place]))
        if infinite[place] and not takes.infinite:
            raise CannotTrain.infinite_feature(name, sources, int(infinite[place]))


def _counts(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """NaN and infinities by feature; in parts, so that no mask of the whole matrix is made."""
    missing, infinite = np.zeros((2, vectors.shape[1]), dtype=np.int64)
    for start in range(0, len(vectors), _ROWS):
        part = vectors[start : start + _ROWS]
        missing += np.isnan(part).sum(axis=0)
        infinite += np.isinf(part).sum(axis=0)
    return missing, infinite
