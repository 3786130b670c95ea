"""train: a table, declared features and an estimator become a Model, with a report that says whether it may be released.

The verb of this room: it prepares the estimator (estimators), fits it and makes its graph (fitting), compares the graph with
the estimator's own answers (parity) and the model with simpler ones (baselines). What is known to be wrong is refused before
anything is fitted (see refusals); what turns out to be wrong fails a check, so that `train` returns it for inspection and
registering refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.report import Check, Report, Verdict
from seakeep.data import collect
from seakeep.evaluation.labels import LabelReader
from seakeep.evaluation.sample import Sample
from seakeep.training import estimators
from seakeep.training.baselines import JUDGED_ROWS, Data, baselines, judge, spread
from seakeep.training.ensemble import Linear
from seakeep.training.errors import CannotTrain
from seakeep.training.fitting import fit
from seakeep.training.parity import estimator_session, outputs_of, parity
from seakeep.training.passes import matrix

if TYPE_CHECKING:
    from seakeep.core.dataset import Dataset
    from seakeep.core.model import Model
    from seakeep.core.report import Table
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import Statistics
    from seakeep.features import Features, FittedFeatures, Session
    from seakeep.training.estimators import Estimator
    from seakeep.training.fitting import Fitted


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
    fitted = fit(
        dataset, features, prepared, schema=schema, statistics=statistics, name=name, keep_back=held_out is None
    )
    model = fitted.model
    alone = estimator_session(fitted.exported, len(model.features))
    real = fitted.real_rows(dataset)
    checks = parity(model, fitted.features, fitted.exported, fitted.native, real=real, alone=alone)
    judged, unknown = (fitted.kept_back, 0) if held_out is None else _judged(model, fitted.features, held_out)
    better, table = _beside_baselines(fitted, judged, alone)
    if unknown:
        table = replace(table, note=f"{table.note} {unknown:,} rows of classes never seen in training are left out.")
    report = Report(
        "training",
        f"Training of {name}",
        name,
        checks=(_rows_check(fitted), *_warnings(fitted), *checks, better),
        tables=(table,),
    )
    return Trained(model, report)


def _judged(model: Model, fitted: FittedFeatures, held_out: Dataset) -> tuple[Data, int]:
    """At most JUDGED_ROWS of the rows held out, evenly spaced among those with a label that the model knows, and how many
    rows have one that it does not.
    """
    label = held_out.label or ""
    if not label:
        raise CannotTrain.no_label(held_out.description)
    reader = LabelReader(model, label)
    codes, known = reader.read(collect(held_out, columns=[label]).get_column(label))
    kept = np.zeros(len(codes), dtype=np.bool_)
    positions = np.flatnonzero(known)
    kept[positions[spread(len(positions), JUDGED_ROWS)]] = True
    return Data(matrix(fitted, held_out, kept), codes[kept]), reader.unknown.total()


def _beside_baselines(fitted: Fitted, judged: Data, alone: Session) -> tuple[Check, Table]:
    """The candidate is judged by its own nodes, so that the comparison is of what would be released."""
    model = fitted.model
    outputs = alone.run(list(outputs_of(model.task)), {"features": judged.vectors})
    scores = outputs[0].astype(np.float64)
    scores = scores[:, None] if scores.ndim == 1 else scores
    candidate = Sample(model.task, judged.codes, scores, outputs[1] if len(outputs) > 1 else None)
    found = baselines(fitted.own, judged, fitted.features, task=model.task, classes=len(model.classes))
    is_linear = isinstance(fitted.exported.scores, Linear)
    return judge(candidate, found, name=model.name, estimator=model.estimator, is_linear=is_linear)


def _rows_check(fitted: Fitted) -> Check:
    labels, own, kept_back = fitted.labels, fitted.own, len(fitted.kept_back.codes)
    left_out = f"; {labels.left_out:,} rows without a label were left out" if labels.left_out else ""
    kept = f"; {kept_back:,} rows were kept back to judge on" if kept_back else ""
    return Check(
        "training.rows",
        fitted.model.name,
        Verdict.PASS,
        f"fitted on {len(own.codes):,} rows of {own.vectors.shape[1]:,} features{left_out}{kept}",
        len(own.codes),
        evidence={"rows": len(labels.kept), "without_label": labels.left_out, "kept_back": kept_back},
    )


def _warnings(fitted: Fitted) -> tuple[Check, ...]:
    """What the library warned of while fitting: a solver that did not converge, most often."""
    fix = "Give it more iterations (max_iter), or scale the features with .standardize()."
    return tuple(
        Check("training.warning", fitted.model.name, Verdict.INCONCLUSIVE, " ".join(text.split())[:300], fix=fix)
        for text in fitted.warned
    )
