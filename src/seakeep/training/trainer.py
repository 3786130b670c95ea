"""train: a table, declared features and an estimator become a Model, with a report that says whether it may be released.

The features' graph is run over the table, the estimator is fitted on exactly the float32 values that leave it, its trees or
weights are appended to the same graph, and the whole is compared with the estimator's own answers. What is known to be wrong
is refused before anything is fitted (see refusals); what turns out to be wrong fails a check, so that `train` returns it for
inspection and registering refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep import features as features_room
from seakeep.core.model import Model
from seakeep.core.report import Check, Report, Verdict
from seakeep.data import collect
from seakeep.evaluation.labels import LabelReader
from seakeep.evaluation.sample import Sample
from seakeep.features import GraphBuilder
from seakeep.training import estimators
from seakeep.training.baselines import JUDGED_ROWS, Data, baselines, judge, rows_to_fit, spread
from seakeep.training.errors import CannotTrain
from seakeep.training.explanation import explanation
from seakeep.training.labels import read_labels
from seakeep.training.lowering import add_estimator
from seakeep.training.native import Native
from seakeep.training.parity import estimator_session, outputs_of, parity
from seakeep.training.passes import frames, matrix
from seakeep.training.replay import sampled
from seakeep.training.vectors import check_schema, check_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.core.dataset import Dataset
    from seakeep.core.report import Table
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import Statistics
    from seakeep.features import Features, FittedFeatures
    from seakeep.training.ensemble import Exported, Takes
    from seakeep.training.estimators import Estimator
    from seakeep.training.labels import Labels


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and the report of its training: parity, baselines, rows. A failed report must not be released."""

    model: Model
    report: Report


def train(
    dataset: Dataset,
    features: Features,
    estimator: Estimator | object,
    *,
    schema: Schema,
    statistics: Statistics,
    name: str = "model",
    held_out: Dataset | None = None,
    seed: int = 0,
) -> Trained:
    """Fit an estimator on declared features and prove that its graph answers as it does.

    Parameters: dataset: with a label; rows whose label is null are left out and counted. estimator: unfitted, as an object
        or by name; a copy is fitted, seeded with `seed` if it has no seed. schema, statistics: of the raw training table.
        held_out: rows to compare with baselines on; without it every fifth row is kept back from fitting.
    Returns: Trained; the same data, versions and seed give the same bytes, on any number of cores.
    Raises: ConfigurationRefused and UsageError before the table is read; CannotTrain, for labels or features that cannot be
        learned from. Memory: the float32 matrix (rows x features) once, and what the library adds.
    """
    prepared = estimators.prepare(estimator, seed=seed)
    labels = read_labels(dataset, prepared)
    fitted = features_room.fit(features, statistics, dataset, schema=schema)
    takes = prepared.exporter.takes(prepared.fitter)
    check_schema(fitted, schema, prepared.class_name, takes)
    vectors = matrix(fitted, dataset, labels.kept)
    check_vectors(vectors, fitted, prepared.class_name, takes)
    used = rows_to_fit(len(vectors), keep_back=held_out is None)
    own = Data(vectors[used], labels.codes[used]) if held_out is None else Data(vectors, labels.codes)
    warned = estimators.fit(prepared, _as_taken(own.vectors, takes), own.codes)
    exported = prepared.exporter.export(prepared.fitter, task=labels.task)
    model = Model(
        name=name,
        task=labels.task,
        graph=_graph(fitted, exported, name),
        inputs=fitted.inputs,
        schema=schema,
        statistics=statistics,
        classes=labels.classes,
        features=fitted.names,
        sources=fitted.sources,
        estimator=prepared.text,
        explanation=explanation(exported, own.vectors),
    )
    native = Native(prepared.fitter, labels.task, takes)
    real = sampled(frames(dataset, fitted.inputs), len(labels.kept), fitted.inputs)
    checks = parity(model, fitted, exported, native, real)
    judged = Data(vectors[~used], labels.codes[~used]) if held_out is None else _judged(model, fitted, held_out)
    better, table = _beside_baselines(model, fitted, exported, own, judged)
    report = Report(
        "training",
        f"Training of {name}",
        name,
        checks=(_rows_check(name, labels, own), *_warnings(name, warned), *checks, better),
        tables=(table,),
    )
    return Trained(model, report)


def _as_taken(vectors: NDArray[np.float32], takes: Takes) -> NDArray[Any]:
    return vectors.astype(np.float64) if takes.doubles_to_fit else vectors


def _graph(fitted: FittedFeatures, exported: Exported, name: str) -> bytes:
    """The one graph: features, then the estimator, over raw columns."""
    builder = GraphBuilder()
    tensor = fitted.append_to(builder)
    builder.output("features", tensor, np.float32, ["rows", len(fitted.names)])
    add_estimator(builder, tensor, exported)
    graph: bytes = builder.build(name).SerializeToString()
    return graph


def _judged(model: Model, fitted: FittedFeatures, held_out: Dataset) -> Data:
    """At most JUDGED_ROWS of the rows held out, evenly spaced among those with a label that the model knows."""
    label = held_out.label or ""
    if not label:
        raise CannotTrain.no_label(held_out.description)
    codes, known = LabelReader(model, label).read(collect(held_out, columns=[label]).get_column(label))
    kept = np.zeros(len(codes), dtype=np.bool_)
    positions = np.flatnonzero(known)
    kept[positions[spread(len(positions), JUDGED_ROWS)]] = True
    return Data(matrix(fitted, held_out, kept), codes[kept])


def _beside_baselines(
    model: Model, fitted: FittedFeatures, exported: Exported, own: Data, judged: Data
) -> tuple[Check, Table]:
    """The candidate is judged by its own nodes, so that the comparison is of what would be released."""
    outputs = estimator_session(exported, len(fitted.names)).run(
        list(outputs_of(model.task)), {"features": judged.vectors}
    )
    scores = outputs[0].astype(np.float64)
    scores = scores[:, None] if scores.ndim == 1 else scores
    candidate = Sample(model.task, judged.codes, scores, outputs[1] if len(outputs) > 1 else None)
    found = baselines(own, judged, fitted, task=model.task, classes=len(model.classes))
    return judge(candidate, found, name=model.name, estimator=model.estimator)


def _rows_check(name: str, labels: Labels, own: Data) -> Check:
    left_out = f"; {labels.left_out:,} rows without a label were left out" if labels.left_out else ""
    kept_back = len(labels.codes) - len(own.codes)
    kept = f"; {kept_back:,} rows were kept back to judge on" if kept_back else ""
    return Check(
        "training.rows",
        name,
        Verdict.PASS,
        f"fitted on {len(own.codes):,} rows of {own.vectors.shape[1]:,} features{left_out}{kept}",
        len(own.codes),
        evidence={"rows": len(labels.kept), "without_label": labels.left_out, "kept_back": kept_back},
    )


def _warnings(name: str, warned: tuple[str, ...]) -> tuple[Check, ...]:
    """What the library warned of while fitting: a solver that did not converge, most often."""
    fix = "Give it more iterations (max_iter), or scale the features with .standardize()."
    return tuple(
        Check("training.warning", name, Verdict.INCONCLUSIVE, " ".join(text.split())[:300], fix=fix) for text in warned
    )
