"""OnnxPredictor: runs a model in ONNX Runtime. The one way to its answers, for REST, batch, evaluation and notebooks alike.

Every caller ends in `predict_feeds`, and the session runs one thread (see features.session), so that answers are equal to
the bit whoever asks and however rows are put together. Parallelism comes from our own chunks over threads: ONNX Runtime
releases Python's lock while it computes. This file must not import Polars: a server's worker lives without it.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from seakeep.core.errors import SchemaMismatch, nearest
from seakeep.core.kinds import Kind, Task
from seakeep.core.prediction import Predictions
from seakeep.features.nulls import feeds
from seakeep.features.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from seakeep.core.model import Input, Model

CHUNK_ROWS = 8192
T = TypeVar("T")


class WrongColumns(SchemaMismatch):
    """A frame does not have the columns that a model reads."""

    @classmethod
    def missing(cls, name: str, model: str, columns: Sequence[str]) -> WrongColumns:
        near = nearest(name, columns)
        return cls(
            f"column {name!r}, which the model {model!r} reads, is missing",
            where=f"found {len(columns)} columns: {', '.join(columns[:12])}{', …' if len(columns) > 12 else ''}",
            cause=f"Found {near!r}, which may be the same." if near else "The table is not the one that was trained on.",
            fix=f'Rename it on reading: seakeep.read(…, derive={{"{name}": polars.col("{near or "…"}")}}).',
            name=name,
        )

    @classmethod
    def kind(cls, column: Input, model: str, dtype: object) -> WrongColumns:
        return cls(
            f"column {column.name!r} is {dtype}, expected {column.kind.value} as the model {model!r} was trained on",
            cause="The file was written with another type, or its type was guessed from few rows.",
            fix=f'Convert it on reading: seakeep.read(…, derive={{"{column.name}": polars.col("{column.name}").cast(…)}}).',
            name=column.name,
            expected=column.kind,
        )


class OnnxPredictor:
    """Implements `core.prediction.Predictor` for one model.

    Parameters: model: loaded model. threads: how many chunks run at once; by default the CPUs this process may use.
    Raises: ModelError, if ONNX Runtime cannot load the graph.
    """

    def __init__(self, model: Model, *, threads: int | None = None) -> None:
        self.model = model
        self.threads = threads or len(os.sched_getaffinity(0))
        self._session = Session(model.graph)
        classifies = model.task is not Task.REGRESSION
        self._outputs = ("probabilities", "decision") if classifies else ("value",)
        self._width = len(model.classes) if classifies else 1

    def predict(self, frame: pl.DataFrame) -> Predictions:
        """Answers for a frame with at least the model's columns, in its order. Raises WrongColumns where it has not."""
        parts = self._over_chunks(frame, lambda chunk: self.predict_feeds(feeds(chunk, self.model.inputs)))
        scores = np.concatenate([part.scores for part in parts]) if parts else np.empty((0, self._width), np.float32)
        if self.model.task is Task.REGRESSION:
            return Predictions(scores)
        decided = [part.decisions for part in parts if part.decisions is not None]
        return Predictions(scores, np.concatenate(decided) if decided else np.empty(0, np.int64))

    def features(self, frame: pl.DataFrame) -> NDArray[np.float32]:
        """What the estimator sees: float32 (rows, features). Raises WrongColumns."""
        parts = self._over_chunks(frame, lambda chunk: self._run(("features",), feeds(chunk, self.model.inputs))[0])
        return np.concatenate(parts) if parts else np.empty((0, len(self.model.features)), np.float32)

    def predict_feeds(self, arrays: Mapping[str, NDArray]) -> Predictions:
        """Answers for tensors that already follow the null contract (features.nulls), shape (rows,) each, rows >= 1."""
        answers = self._run(self._outputs, arrays)
        if len(answers) == 1:
            return Predictions(answers[0].reshape(-1, 1))
        return Predictions(answers[0], answers[1])

    def _run(self, outputs: Sequence[str], arrays: Mapping[str, NDArray]) -> list[NDArray]:
        return self._session.run(outputs, arrays)

    def _over_chunks(self, frame: pl.DataFrame, work: Callable[[pl.DataFrame], T]) -> list[T]:
        check_columns(frame.schema, self.model)
        chunks = list(frame.select(column.name for column in self.model.inputs).iter_slices(CHUNK_ROWS))
        if len(chunks) <= 1 or self.threads == 1:
            return [work(chunk) for chunk in chunks if chunk.height]
        with ThreadPoolExecutor(min(self.threads, len(chunks))) as pool:
            return list(pool.map(work, chunks))


def check_columns(columns: Mapping[str, pl.DataType], model: Model) -> None:
    """Raise WrongColumns unless `columns` (types by name) has every column that `model` reads, of a kind that fits."""
    from seakeep.data.kinds import kind_of

    for column in model.inputs:
        if column.name not in columns:
            raise WrongColumns.missing(column.name, model.name, list(columns))
        if kind_of(columns[column.name]) not in _fitting(column.kind):
            raise WrongColumns.kind(column, model.name, columns[column.name])


def _fitting(kind: Kind) -> Iterable[Kind]:
    """Kinds of columns that can be read as `kind` without changing a value; an all-missing column fits any."""
    if kind is Kind.NUMBER:
        return (Kind.NUMBER, Kind.INTEGER, Kind.NULL)
    return (kind, Kind.NULL)
