"""No worse than the champion: paired on the same rows, unpaired by its report, and where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from seakeep.core import Report, Table, Verdict
from seakeep.core.prediction import Predictions
from seakeep.evaluation import evaluate, no_worse_than


class Noisy:
    """Another model's answers: the same, with noise on the log odds (and its own order of classes)."""

    def __init__(self, inner, amount, *, turned=False):
        self.inner, self.amount, self.turned = inner, amount, turned

    def features(self, frame):
        return self.inner.features(frame)

    def predict(self, frame):
        scores = self.inner.predict(frame).scores.astype(float)
        noise = np.random.default_rng(len(scores)).normal(size=len(scores)) * self.amount
        share = 1 / (1 + np.exp(-(np.log(scores[:, 1] / scores[:, 0]) + noise)))
        pair = [1 - share, share]
        scores = np.column_stack(pair[::-1] if self.turned else pair).astype(np.float32)
        return Predictions(scores, scores.argmax(axis=1))


def judged(world, *, metric="roc_auc", margin=0.01, ours=None, **others):
    require = [no_worse_than("champion", metric, margin=margin)]
    predictor = ours or world.predictor
    report = evaluate(predictor, world.model, world.dataset, require=require, explain=False, **others)
    return next(check for check in report.checks if check.code == "metric.no_worse_than")


def test_without_a_champion_it_passes_and_says_so(flights):
    check = judged(flights)
    assert check.verdict is Verdict.PASS
    assert (
        check.message
        == "There is no champion with another model yet, so there is nothing that roc_auc could be worse than."
    )


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy", "calibration_error"])
def test_a_model_is_no_worse_than_itself(flights, metric):
    check = judged(flights, metric=metric, champion_predictor=flights.predictor)
    assert (check.verdict, check.observed) == (Verdict.PASS, 0)
    assert "equal to the champion's on the same rows" in check.message


def test_a_worse_model_fails_and_a_better_one_passes_whichever_way_the_metric_points(flights):
    noisy = Noisy(flights.predictor, 3.0)
    for metric in ("roc_auc", "log_loss"):
        worse = judged(flights, metric=metric, ours=noisy, champion_predictor=flights.predictor)
        better = judged(flights, metric=metric, champion_predictor=noisy)
        assert (worse.verdict, better.verdict) == (Verdict.FAIL, Verdict.PASS)
        assert worse.observed < 0 < better.observed
        assert "worse than the champion's on the same rows" in worse.message
        assert worse.fix
        assert worse.evidence["low"] < worse.observed < worse.evidence["high"]


def test_a_margin_finer_than_the_rows_can_tell_is_inconclusive(flights):
    few = flights.with_frame(flights.frame.head(200))
    check = judged(few, margin=0.0001, ours=Noisy(flights.predictor, 0.5), champion_predictor=flights.predictor)
    assert check.verdict is Verdict.INCONCLUSIVE
    assert check.evidence["rows_needed"] > 200


def test_the_champions_report_alone_gives_a_wider_interval(flights):
    champion = evaluate(flights.predictor, flights.model, flights.dataset, explain=False)
    ours = Noisy(flights.predictor, 0.3)
    by_report = judged(flights, ours=ours, champion=champion)
    paired = judged(flights, ours=ours, champion=champion, champion_predictor=flights.predictor)
    assert by_report.observed == pytest.approx(paired.observed, abs=1e-12)
    width = [check.evidence["high"] - check.evidence["low"] for check in (by_report, paired)]
    assert width[0] > 2 * width[1]
    assert "by its report" in by_report.message


def test_a_metric_that_is_lower_when_better_is_turned_in_the_report_too(flights):
    champion = evaluate(flights.predictor, flights.model, flights.dataset, explain=False)
    check = judged(flights, metric="log_loss", ours=Noisy(flights.predictor, 3.0), champion=champion)
    assert check.verdict is Verdict.FAIL
    assert check.observed < 0


@pytest.mark.parametrize("tables", [(), (Table("metrics", "", ("slice", "metric", "value"), (("all", "f1", 0.5),)),)])
def test_a_champions_report_without_the_metric_is_inconclusive(flights, tables):
    check = judged(flights, champion=Report("evaluation", "", "", (), tables))
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "the champion's report has no roc_auc" in check.message
    assert "champion_predictor=" in check.fix


def test_a_champion_with_its_classes_in_another_order_answers_in_ours(flights):
    turned = replace(flights.model, classes=(True, False))
    other = Noisy(flights.predictor, 0.0, turned=True)
    check = judged(flights, champion_predictor=other, champion_model=turned)
    assert check.verdict is Verdict.PASS
    assert check.observed == pytest.approx(0, abs=1e-6)
    accuracy = judged(flights, metric="accuracy", champion_predictor=other, champion_model=turned)
    assert accuracy.observed == pytest.approx(0, abs=1e-3)


def test_a_champion_of_other_classes_or_another_task_cannot_be_compared(flights, delays):
    others = replace(flights.model, classes=("no", "yes"))
    check = judged(flights, champion_predictor=flights.predictor, champion_model=others)
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "the champion's classes are ['no', 'yes'] and this model's [False, True]" in check.message
    check = judged(flights, champion_predictor=delays.predictor, champion_model=delays.model)
    assert "the champion is a regression model and this one is binary" in check.message


def test_a_champion_that_answers_no_numbers_is_inconclusive_and_never_a_pass(flights):
    check = judged(flights, champion_predictor=replace(flights.predictor, poison=float("nan")))
    assert check.verdict is Verdict.INCONCLUSIVE


def test_a_champion_that_reads_other_columns_is_given_them(flights):
    world = flights.with_frame(flights.frame.with_columns(extra=flights.frame["hour"]))

    class Reads(Noisy):
        def predict(self, frame):
            assert "extra" in frame.columns
            return super().predict(frame)

    wider = replace(world.model, inputs=(*world.model.inputs, replace(world.model.inputs[2], name="extra")))
    check = judged(world, champion_predictor=Reads(world.predictor, 0.0), champion_model=wider)
    assert check.verdict is Verdict.PASS


def test_a_champion_that_reads_a_column_that_is_gone_is_compared_by_its_report_or_not_at_all(flights):
    gone = replace(flights.model, inputs=(*flights.model.inputs, replace(flights.model.inputs[2], name="gone")))
    check = judged(flights, champion_predictor=flights.predictor, champion_model=gone)
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "the champion reads gone, which this table does not have" in check.message
    report = evaluate(flights.predictor, flights.model, flights.dataset, explain=False)
    check = judged(flights, champion=report, champion_predictor=flights.predictor, champion_model=gone)
    assert "by its report" in check.message
