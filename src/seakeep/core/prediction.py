"""Predictions and Predictor: how rooms that judge a model ask it for answers without knowing what runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers for some rows.

    scores: float32 (rows, classes) probabilities, or (rows, 1) values for regression.
    decisions: int64 (rows,) class index; None for regression.
    """

    scores: NDArray[np.float32]
    decisions: NDArray[np.int64] | None = None


class Predictor(Protocol):
    """Runs one model. The one way to its answers: REST, gRPC, batch and evaluation all call the same `predict`."""

    def predict(self, frame: pl.DataFrame) -> Predictions:
        """Answers for a frame that has at least the model's input columns. Raises SchemaMismatch where it has not."""

    def features(self, frame: pl.DataFrame) -> NDArray[np.float32]:
        """What the estimator sees: float32 (rows, features)."""
