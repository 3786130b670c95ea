"""OnnxPredictor: runs a model in ONNX Runtime. The one way to its answers, for REST, batch, evaluation and notebooks alike.

Every caller ends in `predict_feeds`, and the session runs one thread (see features.session), so that answers are equal to
the bit whoever asks and however rows are put together. Parallelism comes from our own chunks over threads: ONNX Runtime
releases Python's lock while it computes. This file must not import Polars: a server's worker lives without it.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from seakeep.core.kinds import Task
from seakeep.core.prediction import Predictions
from seakeep.features.nulls import feeds
from seakeep.features.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from seakeep.core.model import Model
    from seakeep.features.bound import Bound

CHUNK_ROWS = 8192
T = TypeVar("T")


class Runs(Protocol):
    """Runs a graph, as `features.session.Session` does."""

    def run(self, outputs: Sequence[str], feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The named outputs for some rows. Raises GraphError."""

    def bound(self, names: Sequence[str], outputs: Sequence[str], *, rows: int) -> Bound | None:
        """The same for always as many rows and one thread; None where that is not to be had, or no sooner. Raises GraphError."""


class OnnxPredictor:
    """Implements `core.prediction.Predictor` for one model. Safe to call from several threads.

    Parameters: model: loaded model. threads: how many chunks run at once; by default the CPUs this process may use.
        session: what runs the graph, by default a Session of it.
    Attributes: session: that one.
    Raises: GraphError (a ModelError), if ONNX Runtime cannot load the graph.
    """

    def __init__(self, model: Model, *, threads: int | None = None, session: Runs | None = None) -> None:
        self.model = model
        self.threads = threads or len(os.sched_getaffinity(0))
        self.session: Runs = session or Session(model.graph)
        classifies = model.task is not Task.REGRESSION
        self._outputs = ("probabilities", "decision") if classifies else ("value",)
        self._width = len(model.classes) if classifies else 1

    def predict(self, frame: pl.DataFrame) -> Predictions:
        """Answers for a frame with at least the model's columns, in its order.

        Raises: BadValue (a SchemaMismatch), for a column that is absent, of another kind, or holds a reserved value.
        """
        parts = self._over_chunks(frame, self.predict_feeds)
        scores = np.concatenate([part.scores for part in parts]) if parts else np.empty((0, self._width), np.float32)
        if self.model.task is Task.REGRESSION:
            return Predictions(scores)
        decided = [part.decisions for part in parts if part.decisions is not None]
        return Predictions(scores, np.concatenate(decided) if decided else np.empty(0, np.int64))

    def features(self, frame: pl.DataFrame) -> NDArray[np.float32]:
        """What the estimator sees: float32 (rows, features). Raises BadValue as `predict` does."""
        parts = self._over_chunks(frame, lambda arrays: self.session.run(("features",), arrays)[0])
        return np.concatenate(parts) if parts else np.empty((0, len(self.model.features)), np.float32)

    def predict_feeds(self, arrays: Mapping[str, NDArray[Any]]) -> Predictions:
        """Answers for tensors that follow the null contract already (features.nulls): shape (rows,) each, 1 row or more."""
        answers = self.session.run(self._outputs, arrays)
        if len(answers) == 1:
            return Predictions(answers[0].reshape(-1, 1))
        return Predictions(answers[0], answers[1])

    def bound(self, rows: int) -> Bound | None:
        """What runs the model for always as many rows, for one thread: scores and decisions as `predict_feeds` has them."""
        return self.session.bound([column.name for column in self.model.inputs], self._outputs, rows=rows)

    def _over_chunks(self, frame: pl.DataFrame, work: Callable[[Mapping[str, NDArray[Any]]], T]) -> list[T]:
        """What comes of each chunk. Its arrays are made when it is its turn: texts take many times their size in them."""
        if not frame.height:
            feeds(frame, self.model.inputs)  # refuses a table that is not one for this model
        chunks = [frame[begin : begin + CHUNK_ROWS] for begin in range(0, frame.height, CHUNK_ROWS)]
        if len(chunks) <= 1 or self.threads == 1:
            return [work(feeds(chunk, self.model.inputs)) for chunk in chunks]
        with ThreadPoolExecutor(min(self.threads, len(chunks))) as pool:
            return list(pool.map(lambda chunk: work(feeds(chunk, self.model.inputs)), chunks))


predictor = OnnxPredictor
