"""Baselines: what they are, that they are judged on rows nobody was fitted on, and the three verdicts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_absolute_error, roc_auc_score
from sklearn.tree import DecisionTreeRegressor

from seakeep.core.kinds import Task
from seakeep.core.report import Verdict
from seakeep.evaluation.sample import Sample
from seakeep.features import Features, number
from seakeep.training.baselines import Baseline, Data, _Scale, judge, rows_to_fit, spread

RNG = np.random.default_rng(0)


def sample(quality, rows=2000, task=Task.BINARY):
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, rows)
    score = 1 / (1 + np.exp(-(quality * (labels - 0.5) + rng.normal(size=rows))))
    return Sample(task, labels, np.column_stack([1 - score, score]), (score > 0.5).astype(np.int64))


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [(3.0, 0.5, Verdict.PASS), (0.5, 3.0, Verdict.FAIL), (1.0, 1.0, Verdict.INCONCLUSIVE)],
)
def test_the_verdict_rests_on_the_paired_difference(ours, theirs, verdict):
    check, _ = judge(sample(ours), [Baseline("linear", "a line", sample(theirs))], name="m", estimator="E()")
    assert check.code == "baseline.better"
    assert check.verdict is verdict
    assert bool(check.fix) == (verdict is not Verdict.PASS)


def test_the_best_of_several_baselines_is_the_one_to_beat():
    found = [Baseline("weak", "weak", sample(0.1)), Baseline("strong", "strong", sample(2.0))]
    check, table = judge(sample(1.0), found, name="m", estimator="E()")
    assert check.evidence["baseline"] == "strong"
    assert [row[0] for row in table.rows] == ["E()", "weak", "strong"]


@pytest.mark.parametrize(
    ("ours", "verdict", "against"),
    [(1.0, Verdict.PASS, "single_feature"), (0.5, Verdict.FAIL, "linear"), (3.0, Verdict.PASS, "linear")],
)
def test_a_linear_model_need_not_beat_another_one_and_may_not_lose_to_it(ours, verdict, against):
    found = [Baseline("linear", "a line", sample(1.0)), Baseline("single_feature", "x alone", sample(0.1))]
    check, table = judge(sample(ours), found, name="m", estimator="E()", is_linear=True)
    assert (check.verdict, check.evidence["baseline"]) == (verdict, against)
    assert [row[0] for row in table.rows] == ["E()", "a line", "x alone"]


def test_a_linear_model_that_beats_no_baseline_but_a_linear_one_is_inconclusive():
    found = [Baseline("linear", "a line", sample(1.0))]
    check, _ = judge(sample(1.0), found, name="m", estimator="E()", is_linear=True)
    assert check.verdict is Verdict.INCONCLUSIVE


def test_smaller_is_better_for_an_error():
    labels = RNG.normal(size=500)
    close, far = (
        Sample(Task.REGRESSION, labels, labels[:, None] + off * RNG.normal(size=(500, 1))) for off in (0.1, 1.0)
    )
    check, table = judge(close, [Baseline("far", "far", far)], name="m", estimator="E()")
    assert check.verdict is Verdict.PASS
    assert table.rows[1][2] == pytest.approx(mean_absolute_error(labels, far.scores[:, 0]))


def test_nothing_to_judge_on_is_inconclusive():
    empty = Sample(Task.BINARY, np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros(0, np.int64))
    check, _ = judge(empty, [], name="m", estimator="E()")
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "no rows" in check.message


def test_every_fifth_row_is_kept_back_where_nothing_is_held_out():
    assert np.flatnonzero(~rows_to_fit(10)).tolist() == [4, 9]


def test_spread_rows_are_distinct_and_at_most_as_many():
    assert spread(0, 5).tolist() == []
    assert spread(3, 5).tolist() == [0, 1, 2]
    assert spread(101, 3).tolist() == [0, 50, 100]


def test_all_three_baselines_stand_in_the_report_with_their_true_metric(frame, make, train_on, filled):
    held = make(500, seed=9).drop_nulls()
    found = train_on(frame.drop_nulls(), LogisticRegression(max_iter=200), features=filled, held_out=held)
    rows = found.report.table("baselines").records()
    assert [row["model"].split()[0] for row in rows] == [
        "LogisticRegression(max_iter=200)",
        "always",
        "fare.fill.min_max",
        "LogisticRegression",
    ]
    assert {row["metric"] for row in rows} == {"roc_auc"}
    assert rows[1]["value"] == 0.5
    assert all(row["rows"] == held.height for row in rows)
    assert roc_auc_score(held["late"], held["fare"]) > 0.6


def test_a_constant_label_sample_leaves_the_constant_baseline(train_on):
    late = [False] * 996 + [True] * 4
    frame = pl.DataFrame({"x": RNG.normal(size=1000), "late": late})
    found = train_on(frame, LGBMClassifier(n_estimators=2), features=Features(number("x")))
    assert found.report.table("baselines").rows


def test_the_mean_is_the_constant_of_a_regression(frame, train_on):
    found = train_on(frame, DecisionTreeRegressor(max_depth=3), label="tip")
    assert found.report.table("baselines").rows[1][0].startswith("always the mean, ")


def test_scaling_survives_missing_infinite_and_constant_columns():
    table = np.array([[1, np.nan, 5, np.inf], [3, np.nan, 5, 1.0]], dtype=np.float32)
    scaled = _Scale(table)(table)
    assert np.isfinite(scaled).all()
    assert scaled[:, 0].tolist() == [-1.0, 1.0]
    assert scaled[:, 1].tolist() == [0.0, 0.0]
    assert scaled[:, 2].tolist() == [0.0, 0.0]


def test_data_takes_rows():
    taken = Data(np.eye(3, dtype=np.float32), np.arange(3)).take(slice(0, None, 2))
    assert taken.codes.tolist() == [0, 2]
