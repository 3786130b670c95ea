"""fit: a table, declared features and an estimator become a Model with one graph. Called by `trainer`, and by the benchmark.

The features' graph is run over the table, the estimator is fitted on exactly the float32 values that leave it, and its trees
or weights are appended to the same graph. Nothing here judges; what is known to be wrong is refused (see refusals, labels, vectors).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep import features as features_room
from seakeep.core.model import Model
from seakeep.features import GraphBuilder
from seakeep.training import estimators
from seakeep.training.baselines import Data, rows_to_fit
from seakeep.training.explanation import explanation
from seakeep.training.labels import read_labels
from seakeep.training.lowering import add_estimator
from seakeep.training.native import Native
from seakeep.training.passes import frames, matrix
from seakeep.training.replay import REAL_ROWS, sampled
from seakeep.training.vectors import check_schema, check_vectors

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from seakeep.core.dataset import Dataset
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import Statistics
    from seakeep.features import Features, FittedFeatures
    from seakeep.training.ensemble import Exported, Takes
    from seakeep.training.estimators import Prepared
    from seakeep.training.labels import Labels


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fitted model, and what it is judged with.

    features: of the model. exported: its estimator's arrays. native: the estimator itself. labels: of the whole table. own, kept_back:
    rows that were fitted on, and those that were not. warned: what the library warned of.
    """

    model: Model
    features: FittedFeatures
    exported: Exported
    native: Native
    labels: Labels
    own: Data
    kept_back: Data
    warned: tuple[str, ...]

    def real_rows(self, dataset: Dataset, *, rows: int = REAL_ROWS) -> pl.DataFrame:
        """Raw rows of the table that it was fitted on, evenly sampled."""
        inputs = self.features.inputs
        return sampled(frames(dataset, inputs), len(self.labels.kept), inputs, rows=rows)


def fit(
    dataset: Dataset,
    features: Features,
    prepared: Prepared,
    *,
    schema: Schema,
    statistics: Statistics,
    name: str,
    keep_back: bool,
) -> Fitted:
    """Fit a prepared estimator. keep_back: whether every fifth row is left for judging. Raises as `train` does."""
    labels = read_labels(dataset, prepared)
    fitted = features_room.fit(features, statistics, dataset, schema=schema)
    takes = prepared.exporter.takes(prepared.fitter)
    check_schema(fitted, schema, prepared.class_name, takes)
    vectors = matrix(fitted, dataset, labels.kept)
    check_vectors(vectors, fitted, prepared.class_name, takes)
    own, kept_back = _divided(Data(vectors, labels.codes), labels, keep_back=keep_back)
    warned = estimators.fit(prepared, _as_taken(own.vectors, takes), own.codes)
    exported = prepared.exporter.export(prepared.fitter, task=labels.task)
    model = Model(
        name=name,
        task=labels.task,
        graph=graph_of(fitted, exported, name),
        inputs=fitted.inputs,
        schema=schema,
        statistics=statistics,
        classes=labels.classes,
        features=fitted.names,
        sources=fitted.sources,
        estimator=prepared.text,
        explanation=explanation(exported, own.vectors),
    )
    return Fitted(model, fitted, exported, Native(prepared.fitter, labels.task, takes), labels, own, kept_back, warned)


def graph_of(fitted: FittedFeatures, exported: Exported, name: str) -> bytes:
    """The one graph: features, then the estimator, over raw columns."""
    builder = GraphBuilder()
    tensor = fitted.append_to(builder)
    builder.output("features", tensor, np.float32, ["rows", len(fitted.names)])
    add_estimator(builder, tensor, exported)
    graph: bytes = builder.build(name).SerializeToString()
    return graph


def _divided(data: Data, labels: Labels, *, keep_back: bool) -> tuple[Data, Data]:
    """Rows to fit on and rows kept back; a class that would be kept back whole is fitted on whole."""
    if not keep_back:
        return data, data.take(slice(0, 0))
    used = rows_to_fit(len(data.codes))
    if labels.classes:
        unseen = np.setdiff1d(data.codes, data.codes[used])
        used |= np.isin(data.codes, unseen)
    return data.take(used), data.take(~used)


def _as_taken(vectors: NDArray[np.float32], takes: Takes) -> NDArray[Any]:
    return vectors.astype(np.float64) if takes.doubles_to_fit else vectors
