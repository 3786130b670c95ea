"""Decay: how good the answers of one window were, once its labels are there, against what the release was judged by.

Called by `judging`. The logged scores are the predictions, so nothing is predicted again. Metrics and intervals are those of
evaluation/metrics; the release's own evaluation report is the reference. The interval judged is that of the difference, which has the
luck of both samples in it. A metric fails when that whole interval is worse than the margin, and is inconclusive while it holds
both sides: a handful of labels passes nothing. The metrics judged are those that the release was required to reach, or else
the task's first one; all others are in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.core.kinds import Task
from seakeep.core.prediction import Predictions
from seakeep.core.report import Check, Table, Verdict
from seakeep.evaluation.champion import reported, square_and_add
from seakeep.evaluation.collect import answered
from seakeep.evaluation.estimate import PRIMARY, Estimate, measure, metric, metrics_of
from seakeep.evaluation.gates import interval_text
from seakeep.evaluation.groups import grouping
from seakeep.evaluation.labels import LabelReader
from seakeep.evaluation.slices import ALL
from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seakeep.core.codec import Json, Scalar
    from seakeep.core.model import Model
    from seakeep.core.report import Report
    from seakeep.evaluation.sample import Sample

COLUMNS = ("window", "metric", "value", "low", "high", "reference", "threshold", "rows", "verdict")
METRICS = ("slice", "metric", "value", "low", "high", "rows", "reference")
SLICE_ROWS = 200
LEVEL = 0.95


class LoggedPredictor:
    """A Predictor that gives the answers that were given: it reads them from the log's columns.

    The rows are those of one release, with its own types (see reading.rows), and `knows` them: a class that is not the model's is
    none of its answers.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._codes = {names.text(value): index for index, value in enumerate(model.classes)}
        self._scores = [names.probability(value) for value in model.classes] or [names.PREDICTION]

    def predict(self, frame: pl.DataFrame) -> Predictions:
        """The logged answers of these rows, float32 (rows, classes)."""
        scores = frame.select(self._scores).to_numpy().astype(np.float32)
        if self._model.task is Task.REGRESSION:
            return Predictions(scores)
        decided = [self._codes[names.text(value)] for value in frame[names.PREDICTION].to_list()]
        return Predictions(scores, np.array(decided, dtype=np.int64))

    def knows(self, frame: pl.DataFrame) -> pl.Series:
        """Which rows have an answer that this model can give: a value, or one of its classes."""
        answers = frame[names.PREDICTION]
        if self._model.task is Task.REGRESSION:
            return answers.is_not_null()
        known = [value is not None and names.text(value) in self._codes for value in answers.to_list()]
        return pl.Series(names.PREDICTION, known, dtype=pl.Boolean)

    def features(self, frame: pl.DataFrame) -> NDArray[np.float32]:
        """A log has no features; an empty matrix."""
        return np.empty((frame.height, 0), np.float32)


@dataclass(frozen=True, slots=True)
class Decayed:
    """checks, rows: of the metrics judged, rows with COLUMNS. table: "metrics", all of the task's and by slice. labelled: rows judged."""

    checks: tuple[Check, ...] = ()
    rows: tuple[tuple[Scalar, ...], ...] = ()
    table: Table | None = None
    labelled: int = 0


def judge_decay(model: Model, frame: pl.DataFrame, evaluation: Report | None, *, window: str, margin: float) -> Decayed:
    """Judge the labelled rows among `frame`, the answered rows of one release in a window. Nothing where there are none.

    evaluation: the release's own report, None where it has none: then every metric is inconclusive.
    """
    labelled = frame.filter(frame[names.LABEL].is_not_null())
    reader = LabelReader(model, names.LABEL)
    labels, judged = reader.read(labelled[names.LABEL])
    predictor = LoggedPredictor(model)
    judged &= predictor.knows(labelled).to_numpy()
    rows = labelled.filter(judged)
    if not rows.height:
        return Decayed()
    sample = answered(model, predictor.predict(rows), labels[judged])
    found = [
        _judged(name, sample, evaluation, margin=margin, window=window) for name in required(evaluation, model.task)
    ]
    table = Table("metrics", "Metrics on labelled rows", METRICS, tuple(_metrics(model, rows, sample, evaluation)))
    return Decayed(tuple(check for check, _ in found), tuple(row for _, row in found), table, sample.rows)


def required(evaluation: Report | None, task: Task) -> tuple[str, ...]:
    """Metrics that the release had to reach over all rows, in order; the task's first metric where there is none."""
    known = set(metrics_of(task))
    codes = ("metric.at_least", "metric.at_most", "metric.no_worse_than")
    subjects = [check.subject for check in evaluation.checks if check.code in codes] if evaluation else []
    found = tuple(
        dict.fromkeys(name for name in subjects if name in known and metric(name).GREATER_IS_BETTER is not None)
    )
    return found or (PRIMARY[task.value],)


def allowed(name: str, reference: float, margin: float) -> float:
    """How much worse a metric may be: the margin where it lies between 0 and 1, else that share of its value at release."""
    low, high = metric(name).RANGE
    return margin if (low, high) == (0.0, 1.0) else margin * abs(reference)


def _judged(
    name: str, sample: Sample, evaluation: Report | None, *, margin: float, window: str
) -> tuple[Check, tuple[Scalar, ...]]:
    own = measure(name, sample, level=LEVEL)
    before = reported(evaluation, name) if evaluation else None
    if own.value is None or before is None or before.value is None:
        reason = own.reason or "the release's evaluation does not have it over all rows"
        message = f"{name} of the window's {sample.rows:,} labelled rows is not judged: {reason}."
        fix = "Wait for more labels." if own.value is None else "Evaluate the release with this metric."
        check = Check(f"decay.{name}", name, Verdict.INCONCLUSIVE, message, own.value, None, fix, {"rows": sample.rows})
        return check, (window, name, own.value, own.low, own.high, None, None, sample.rows, "inconclusive")
    return _compared(name, own, before, margin=margin, window=window)


def _compared(
    name: str, own: Estimate, before: Estimate, *, margin: float, window: str
) -> tuple[Check, tuple[Scalar, ...]]:
    assert own.value is not None
    assert before.value is not None
    most = allowed(name, before.value, margin)
    better = -1 if metric(name).GREATER_IS_BETTER is False else 1
    gap = square_and_add(own, before)
    ends = sorted(better * end for end in (gap.low, gap.high) if end is not None)
    verdict = Verdict.INCONCLUSIVE
    if len(ends) == 2:
        verdict = Verdict.FAIL if ends[1] < -most else Verdict.PASS if ends[0] > -most else verdict
    threshold = before.value - better * most
    evidence: dict[str, Json] = {
        "rows": own.rows,
        "low": own.low,
        "high": own.high,
        "reference": before.value,
        "change": own.value - before.value,
        "change_low": gap.low,
        "change_high": gap.high,
        "margin": most,
        "level": LEVEL,
    }
    change = own.value - before.value
    word = "worse" if better * change < 0 else "better"
    message = (
        f"{name} is {own.value:.4g} {interval_text(own.low, own.high)} on {own.rows:,} labelled rows, "
        f"{abs(change):.3g} {word} than the {before.value:.4g} at release; {most:.3g} worse is allowed."
    )
    fix = {
        Verdict.PASS: "",
        Verdict.INCONCLUSIVE: "Wait for more labels, or judge longer windows.",
        Verdict.FAIL: "Train again on recent rows, or go back: seakeep rollout rollback NAME.",
    }[verdict]
    check = Check(f"decay.{name}", name, verdict, message, own.value, threshold, fix, evidence)
    row = (window, name, own.value, own.low, own.high, before.value, threshold, own.rows, verdict.value)
    return check, row


def _metrics(
    model: Model, frame: pl.DataFrame, sample: Sample, evaluation: Report | None
) -> Iterator[tuple[Scalar, ...]]:
    """Every metric over all rows, then those that were required in every slice that the release's evaluation has."""
    for name in metrics_of(model.task):
        yield _row(name, sample, evaluation, ALL)
    chosen = required(evaluation, model.task)
    for where, mask in _slices(model, frame, evaluation):
        if int(mask.sum()) >= SLICE_ROWS:
            part = sample.take(mask)
            yield from (_row(name, part, evaluation, where) for name in chosen)


def _row(name: str, sample: Sample, evaluation: Report | None, where: str) -> tuple[Scalar, ...]:
    own, before = measure(name, sample, level=LEVEL), reported(evaluation, name, where=where)
    return where, name, own.value, own.low, own.high, own.rows, before.value if before else None


def _slices(model: Model, frame: pl.DataFrame, evaluation: Report | None) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Slices of one column that the evaluation has, and which rows are theirs. Crosses are left out."""
    tables = [table for table in (evaluation.tables if evaluation else ()) if table.name == "metrics"]
    known = {str(record["slice"]) for table in tables for record in table.records()}
    for column in (each.name for each in model.inputs):
        if column in frame.columns and any(name.startswith(column) for name in known):
            how = grouping(column, frame.schema[column], model.statistics.columns.get(column))
            codes = how.codes(frame[column])
            yield from ((name, codes == code) for code, name in enumerate(how.names()) if name in known)
