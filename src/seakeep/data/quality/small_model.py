"""Out-of-fold probabilities of a small model: what a row's other columns say of its label, by a model that has not seen the row.

Used by `label_noise`. Gradient-boosted trees of scikit-learn on numbers and codes of categories, five folds by the hash of the row's
number, at most 10,000 rows of the sample: good enough to contradict a label, and the same on every machine.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.errors import MissingExtra
from seakeep.data.quality.finding import ROW
from seakeep.data.quality.telling import numbers
from seakeep.data.statistics.hashing import mix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FOLDS, ROWS, CATEGORIES = 5, 10_000, 200


def installed() -> bool:
    """Whether scikit-learn is there."""
    return find_spec("sklearn") is not None


def out_of_fold(rows: pl.DataFrame, labels: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.float64]:
    """Probabilities (rows, classes) for every row by a model fitted on the other folds.

    Raises: MissingExtra, without scikit-learn. A class that a fold lacks has the probability 0 there.
    """
    if not installed():
        raise MissingExtra.of("sklearn", "train", purpose="looking for wrong labels")
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    matrix = np.column_stack([_encoded(rows, name) for name in names])
    folds = mix(rows[ROW].to_numpy() ^ np.uint64(0x5EA)) % np.uint64(FOLDS)
    found = np.zeros((len(labels), int(labels.max()) + 1))
    with threadpool_limits(
        1, user_api="openmp"
    ):  # threads that wait for each other cost more than they bring, on a busy machine
        for fold in range(FOLDS):
            inside = folds != fold
            model = HistGradientBoostingClassifier(
                max_iter=40, learning_rate=0.1, max_leaf_nodes=15, early_stopping=False, random_state=0
            )
            model.fit(matrix[inside], labels[inside])
            found[np.ix_(~inside, model.classes_)] = model.predict_proba(matrix[~inside])
    return found


def _encoded(rows: pl.DataFrame, name: str) -> NDArray[np.float64]:
    """A column as doubles: categories by how frequent they are."""
    values = rows[name]
    if values.dtype.is_numeric() or values.dtype.is_temporal() or values.dtype == pl.Boolean:
        return numbers(rows, name)
    texts = values.cast(pl.String).alias("text")
    counted = texts.value_counts(name="rows").sort(["rows", "text"], descending=[True, False]).head(CATEGORIES)
    codes = {text: float(at) for at, text in enumerate(counted["text"].to_list())}
    return texts.replace_strict(codes, default=float(CATEGORIES), return_dtype=pl.Float64).to_numpy()
