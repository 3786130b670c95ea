"""Decay: logged scores against labels, by the metrics of evaluation; scikit-learn and formulas as the oracle."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import brier_score_loss, mean_absolute_error, roc_auc_score

from seakeep.core import Check, Input, Kind, Model, Report, Schema, Statistics, Table, Task, Verdict
from seakeep.core.statistics import ColumnStatistics
from seakeep.monitoring.decay import LoggedPredictor, allowed, judge_decay, required
from seakeep.prediction_log import columns as names

WINDOW = "2026-03-02T00:00:00Z"
RANDOM = np.random.default_rng(1)


def model(task: Task, classes=()) -> Model:
    statistics = Statistics(1, {"zone": ColumnStatistics(Kind.STRING)})
    return Model("x", task, b"", (Input("zone", Kind.STRING),), Schema("x", label="y"), statistics, classes=classes)


def report(
    metric: str, value: float, half: float = 0.001, *, code: str = "metric.at_least", where: str = "all"
) -> Report:
    columns = ("slice", "metric", "value", "low", "high", "rows")
    rows = [("all", metric, value, value - half, value + half, 100_000)]
    rows += [(where, metric, value, value - half, value + half, 5000)] if where != "all" else []
    check = Check(code, metric, Verdict.PASS, "", value, 0.5)
    return Report("evaluation", "", "x", (check,), (Table("metrics", "Metrics", columns, tuple(rows)),))


def binary(rows: int, skill: float = 1.0, classes=(False, True)) -> pl.DataFrame:
    truth = RANDOM.random(rows) < 0.4
    positive = (1 / (1 + np.exp(-RANDOM.normal(np.where(truth, skill, 0.0), 1)))).astype(np.float32)
    labels = [classes[int(each)] for each in truth]
    return pl.DataFrame(
        {
            names.PREDICTION: [classes[int(each)] for each in positive > 0.5],
            names.probability(classes[0]): 1 - positive,
            names.probability(classes[1]): positive,
            names.LABEL: labels,
            "zone": RANDOM.choice(["north", "south"], rows),
        }
    )


@pytest.mark.parametrize("classes", [(False, True), ("on time", "late"), (0, 1)])
def test_metrics_are_those_of_scikit_learn(classes):
    frame = binary(3000, classes=classes)
    found = judge_decay(model(Task.BINARY, classes), frame, report("roc_auc", 0.7), window=WINDOW, margin=0.02)
    values = {record["metric"]: record["value"] for record in found.table.records()}
    truth = np.array([each == classes[1] for each in frame[names.LABEL].to_list()])
    scores = frame[names.probability(classes[1])].to_numpy()
    assert values["roc_auc"] == pytest.approx(roc_auc_score(truth, scores), abs=1e-9)
    assert values["brier"] == pytest.approx(brier_score_loss(truth, scores), abs=1e-6)
    assert values["accuracy"] == pytest.approx(np.mean((scores > 0.5) == truth), abs=1e-9)
    assert found.labelled == 3000


def test_a_regressions_values_are_judged():
    truth = RANDOM.normal(20, 5, 2000)
    frame = pl.DataFrame(
        {names.PREDICTION: (truth + RANDOM.normal(0, 2, 2000)).astype(np.float32), names.LABEL: truth, "zone": "a"}
    )
    found = judge_decay(model(Task.REGRESSION), frame, report("mae", 1.6), window=WINDOW, margin=0.1)
    (check,) = found.checks
    expected = mean_absolute_error(truth, frame[names.PREDICTION].to_numpy())
    assert check.observed == pytest.approx(expected, abs=1e-5)
    assert check.verdict is Verdict.PASS
    assert check.threshold == pytest.approx(1.76)
    worse = judge_decay(model(Task.REGRESSION), frame, report("mae", 1.0), window=WINDOW, margin=0.1)
    assert worse.checks[0].verdict is Verdict.FAIL


def test_three_classes_are_judged():
    classes = ("a", "b", "c")
    scores = RANDOM.dirichlet((1, 1, 1), 2000).astype(np.float32)
    labels = [classes[RANDOM.choice(3, p=row / row.sum())] for row in scores.astype(float)]
    frame = pl.DataFrame({names.probability(value): scores[:, i] for i, value in enumerate(classes)})
    frame = frame.with_columns(
        pl.Series(names.PREDICTION, [classes[i] for i in scores.argmax(axis=1)]),
        pl.Series(names.LABEL, labels),
        zone=pl.lit("a"),
    )
    found = judge_decay(model(Task.MULTICLASS, classes), frame, report("log_loss", 0.72), window=WINDOW, margin=0.05)
    expected = -np.mean(np.log([row[classes.index(label)] for row, label in zip(scores, labels, strict=True)]))
    assert found.checks[0].observed == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("reference", "verdict"), [(0.70, Verdict.PASS), (0.79, Verdict.INCONCLUSIVE), (0.90, Verdict.FAIL)]
)
def test_the_whole_interval_of_the_difference_decides(reference, verdict):
    found = judge_decay(
        model(Task.BINARY, (False, True)), binary(1500, 1.05), report("roc_auc", reference), window=WINDOW, margin=0.02
    )
    assert found.checks[0].verdict is verdict


def test_an_unsure_reference_makes_an_unsure_verdict():
    frame = binary(1500, 0.8)
    sure, unsure = (report("roc_auc", 0.78, half) for half in (0.001, 0.2))
    one, other = (
        judge_decay(model(Task.BINARY, (False, True)), frame, each, window=WINDOW, margin=0.02)
        for each in (sure, unsure)
    )
    assert one.checks[0].verdict is Verdict.FAIL
    assert other.checks[0].verdict is Verdict.INCONCLUSIVE


def test_rows_without_a_label_and_with_an_unknown_one_are_left_out():
    frame = binary(900, classes=("no", "yes"))
    labels = [None] * 300 + ["perhaps"] * 300 + frame[names.LABEL].to_list()[600:]
    found = judge_decay(
        model(Task.BINARY, ("no", "yes")),
        frame.with_columns(pl.Series(names.LABEL, labels)),
        report("roc_auc", 0.7),
        window=WINDOW,
        margin=0.02,
    )
    assert found.labelled == 300


def test_no_labels_judge_nothing():
    frame = binary(50).with_columns(pl.lit(None, pl.Boolean).alias(names.LABEL))
    found = judge_decay(model(Task.BINARY, (False, True)), frame, report("roc_auc", 0.7), window=WINDOW, margin=0.02)
    assert (found.checks, found.rows, found.table, found.labelled) == ((), (), None, 0)


@pytest.mark.parametrize("evaluation", [None, report("accuracy", 0.7, code="other")])
def test_a_release_without_a_reference_is_inconclusive(evaluation):
    found = judge_decay(model(Task.BINARY, (False, True)), binary(500), evaluation, window=WINDOW, margin=0.02)
    (check,) = found.checks
    assert (check.subject, check.verdict) == ("roc_auc", Verdict.INCONCLUSIVE)
    assert "does not have it" in check.message


def test_labels_of_one_class_are_inconclusive():
    frame = binary(500).with_columns(pl.lit(True).alias(names.LABEL))
    found = judge_decay(model(Task.BINARY, (False, True)), frame, report("roc_auc", 0.7), window=WINDOW, margin=0.02)
    assert found.checks[0].verdict is Verdict.INCONCLUSIVE


def test_the_metrics_judged_are_those_that_were_required():
    assert required(report("brier", 0.2), Task.BINARY) == ("brier",)
    assert required(report("bias", 0.0), Task.REGRESSION) == ("mae",)  # neither direction of it is better
    assert required(None, Task.MULTICLASS) == ("log_loss",)


def test_the_margin_is_a_share_where_a_metric_has_no_scale():
    assert allowed("roc_auc", 0.8, 0.02) == 0.02
    assert allowed("mae", 10.0, 0.02) == pytest.approx(0.2)


def test_slices_of_the_evaluation_are_measured_again():
    evaluation = report("roc_auc", 0.7, where="zone=north")
    found = judge_decay(model(Task.BINARY, (False, True)), binary(3000), evaluation, window=WINDOW, margin=0.02)
    north = [record for record in found.table.records() if record["slice"] == "zone=north"]
    assert [(record["metric"], record["reference"]) for record in north] == [("roc_auc", 0.7)]
    assert 1300 < north[0]["rows"] < 1700


def test_a_log_gives_the_answers_that_were_given():
    frame = binary(20, classes=("no", "yes"))
    answers = LoggedPredictor(model(Task.BINARY, ("no", "yes"))).predict(frame)
    assert answers.scores.shape == (20, 2)
    assert [("no", "yes")[each] for each in answers.decisions] == frame[names.PREDICTION].to_list()
    assert LoggedPredictor(model(Task.REGRESSION)).features(frame).shape == (20, 0)


def test_an_answer_that_is_no_class_of_the_model_is_left_out_and_never_another_class():
    frame = binary(900, classes=("no", "yes"))
    answers = ["perhaps"] * 200 + [None] * 100 + frame[names.PREDICTION].to_list()[300:]
    torn = frame.with_columns(pl.Series(names.PREDICTION, answers))
    one, other = (
        judge_decay(model(Task.BINARY, ("no", "yes")), each, report("roc_auc", 0.7), window=WINDOW, margin=0.02)
        for each in (torn, frame[300:])
    )
    assert one.labelled == 600
    assert one == other
    with pytest.raises(KeyError):
        LoggedPredictor(model(Task.BINARY, ("no", "yes"))).predict(torn)
