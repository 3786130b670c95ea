"""evaluate: what a report holds, what never passes, and that equal inputs give equal reports."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import seakeep.evaluation as room
from seakeep.core import Report, Verdict
from seakeep.core.codec import from_json, to_json
from seakeep.core.errors import UsageError
from seakeep.data import read
from seakeep.evaluation import CODES, at_least, at_most, evaluate, gap_at_most, no_worse_than
from seakeep.evaluation.estimate import metrics_of
from seakeep.evaluation.judge import TooManyCrossed

REQUIRE = {
    "flights": [
        at_least("roc_auc", 0.6),
        at_least("accuracy", 0.5, by="carrier"),
        gap_at_most("equal_opportunity", by="carrier", most=0.99),
        no_worse_than("champion", "roc_auc", margin=0.01),
    ],
    "outcomes": [at_least("macro_f1", 0.3)],
    "delays": [at_most("rmse", 9)],
}
TABLES = {
    "flights": {
        "metrics",
        "roc",
        "precision_recall",
        "calibration",
        "confusion",
        "fairness",
        "conformal",
        "errors",
        "importance",
        "contributions",
    },
    "outcomes": {"metrics", "confusion", "conformal", "errors", "importance", "contributions"},
    "delays": {"metrics", "residuals", "predicted_actual", "conformal", "errors", "importance", "contributions"},
}


def judged(world, **options) -> Report:
    return evaluate(world.predictor, world.model, world.dataset, **options)


def codes(report: Report) -> dict[str, Verdict]:
    return {check.code: check.verdict for check in report.checks}


@pytest.mark.parametrize("name", TABLES)
def test_a_report_of_each_task_holds_its_tables_and_is_saved_and_read_back_equal(name, request):
    world = request.getfixturevalue(name)
    report = judged(world, slices=["carrier", ("carrier", "distance")], require=REQUIRE[name])
    assert {table.name for table in report.tables} == TABLES[name]
    assert (report.kind, report.title, report.subject) == ("evaluation", "Evaluation of delays", "delays")
    assert from_json(Report, to_json(report)) == report
    assert report.failed == ()


@pytest.mark.parametrize("name", TABLES)
def test_equal_inputs_give_equal_reports_and_no_path_or_time_is_in_them(name, request, tmp_path):
    world = request.getfixturevalue(name)
    first = judged(world, slices=["carrier"], require=REQUIRE[name])
    world.frame.write_parquet(tmp_path / "rows.parquet")
    second = evaluate(
        world.predictor,
        world.model,
        read(tmp_path / "rows.parquet", label="late"),
        slices=["carrier"],
        require=REQUIRE[name],
    )
    assert first.digest == second.digest


def test_metrics_stand_over_all_rows_and_in_every_slice_large_enough(flights):
    table = judged(flights, slices=["carrier"], explain=False).table("metrics")
    assert table.columns == ("slice", "metric", "value", "low", "high", "rows")
    rows = table.records()
    names = metrics_of(flights.model.task)
    assert [row["metric"] for row in rows[: len(names)]] == list(names)
    assert {row["slice"] for row in rows} == {"all", "carrier=UA", "carrier=B6", "carrier=EV", "carrier=DL"}
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows if row["low"] is not None)
    assert table.note == "Fewer than 100 rows, not judged: carrier missing."


def test_slices_left_out_as_too_many_are_told(flights):
    note = judged(flights, slices=[("carrier", "hour")], explain=False, min_rows=1).table("metrics").note
    assert re.search(r"\d+ rarer slices by carrier and hour \(\d+ rows\) are left out", note)


def test_without_a_requirement_nothing_is_passed(flights):
    report = judged(flights, explain=False)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert codes(report)["evaluation.requirements"] is Verdict.INCONCLUSIVE


def test_with_its_requirements_met_a_report_passes(flights):
    require = [at_least("roc_auc", 0.6), no_worse_than("champion", "roc_auc", margin=0.01)]
    assert judged(flights, require=require).verdict is Verdict.PASS


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("how", ["no rows", "no labels"])
def test_nothing_to_judge_is_inconclusive_and_no_gate_passes(name, how, request):
    world = request.getfixturevalue(name)
    frame = (
        world.frame.head(0)
        if how == "no rows"
        else world.frame.with_columns(late=pl.lit(None, dtype=world.frame["late"].dtype))
    )
    require = [each for each in REQUIRE[name] if not str(each).startswith("roc_auc no worse")]
    report = judged(world.with_frame(frame), slices=["carrier"], require=require)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert all(check.verdict is Verdict.INCONCLUSIVE and check.fix for check in report.checks)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_scores_that_are_no_numbers_fail_and_no_gate_passes(name, bad, request):
    world = request.getfixturevalue(name)
    poisoned = replace(world, predictor=replace(world.predictor, poison=bad))
    report = judged(poisoned, slices=["carrier"], require=REQUIRE[name])
    scores = next(check for check in report.checks if check.code == "evaluation.scores")
    rows = int((world.frame["carrier"] == "DL").sum())
    assert scores.verdict is Verdict.FAIL
    assert scores.message == f"{rows} of {world.frame.height:,} rows have a score that is not a finite number."
    gates = [
        check
        for check in report.checks
        if check.code.startswith(("metric.at", "fairness")) and "[" not in check.subject
    ]
    assert all(check.verdict is Verdict.INCONCLUSIVE for check in gates)


def test_a_slice_whose_scores_are_numbers_is_judged_beside_one_whose_are_not(flights):
    poisoned = replace(flights, predictor=replace(flights.predictor, poison=math.nan))
    found = {c.subject: c.verdict for c in judged(poisoned, require=[at_least("accuracy", 0.4, by="carrier")]).checks}
    assert found["accuracy[carrier=UA]"] is Verdict.PASS
    assert found["accuracy[carrier=DL]"] is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("every", "verdict"), [(10, Verdict.FAIL), (500, Verdict.INCONCLUSIVE)])
def test_labels_the_model_was_never_trained_on_never_pass(outcomes, every, verdict):
    frame = outcomes.frame.with_columns(
        late=pl.when(pl.int_range(pl.len()) % every == 0).then(pl.lit("diverted")).otherwise("late")
    )
    report = judged(outcomes.with_frame(frame), require=REQUIRE["outcomes"], explain=False)
    check = next(check for check in report.checks if check.code == "evaluation.unknown_labels")
    assert check.verdict is report.verdict is verdict
    assert f"'diverted' ({3000 // every:,})" in check.message
    assert check.fix == "Write the labels as in training, or train again on rows that have them."


def test_labels_written_as_text_where_the_model_has_booleans_fail(flights):
    frame = flights.frame.with_columns(late=pl.col("late").cast(pl.String))
    report = judged(flights.with_frame(frame), require=[at_least("roc_auc", 0.6)])
    assert codes(report)["evaluation.unknown_labels"] is Verdict.FAIL
    assert codes(report)["metric.at_least"] is Verdict.INCONCLUSIVE


def test_infinite_labels_of_a_regression_are_told(delays):
    frame = delays.frame.with_columns(late=pl.when(pl.int_range(pl.len()) < 3).then(math.inf).otherwise("late"))
    report = judged(delays.with_frame(frame), require=REQUIRE["delays"], explain=False)
    assert "'inf' (3)" in next(c for c in report.checks if c.code == "evaluation.unknown_labels").message


def test_impossible_requirements_are_refused_before_a_row_is_read(flights):
    class Unread:
        @property
        def source(self):
            raise AssertionError

    with pytest.raises(UsageError, match="Did you mean 'roc_auc'"):
        evaluate(flights.predictor, flights.model, Unread(), require=[at_least("roc_acu", 0.7)])


def test_a_requirement_reads_its_columns_though_no_slice_names_them(flights):
    frame = flights.frame.with_columns(
        origin=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("EWR")).otherwise(pl.lit("JFK"))
    )
    require = [at_least("accuracy", 0.5, slice="origin=EWR"), gap_at_most("demographic_parity", by="origin", most=0.2)]
    report = judged(flights.with_frame(frame), require=require, explain=False)
    assert report.verdict is Verdict.PASS
    assert report.checks[-2].subject == "accuracy[origin=EWR]"


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_no_share_is_refused_before_a_row_is_read(flights, level):
    with pytest.raises(UsageError, match=r"For 95 % write level=0\.95"):
        judged(flights, level=level)


def test_a_cross_of_very_many_columns_is_refused(flights):
    with pytest.raises(TooManyCrossed) as caught:
        judged(flights, slices=[("a", "b", "c", "d", "e")])
    assert str(caught.value) == (
        "a slice crosses 5 columns, at most 4 are possible (a, b, c, d, e)\n"
        "  Nearly every row would be a slice of its own.\n"
        "  slices=[('a', 'b'), …]"
    )


def test_an_unknown_slice_column_is_refused_with_the_nearest_name(flights):
    with pytest.raises(UsageError, match="Did you mean 'carrier'"):
        judged(flights, slices=["carrie"])


def test_a_key_as_a_slice_stays_small_and_is_told(make_binary):
    world = make_binary(6000)
    frame = world.frame.with_columns(key=pl.int_range(pl.len()).cast(pl.String))
    table = judged(world.with_frame(frame), slices=["key"], explain=False).table("metrics")
    assert {row["slice"] for row in table.records()} == {"all", "key other"}
    assert "rarer slices by key" in table.note


def test_one_row_of_each_class_does_not_crash(flights):
    two = pl.concat([flights.frame.filter("late").head(1), flights.frame.filter(~pl.col("late")).head(1)])
    report = judged(flights.with_frame(two), slices=["carrier"], require=REQUIRE["flights"])
    assert report.verdict is Verdict.INCONCLUSIVE


def test_a_model_that_always_answers_the_same_is_judged(flights):
    constant = replace(flights.predictor, weights=np.zeros((6, 1)))
    report = evaluate(constant, flights.model, flights.dataset, slices=["carrier"], require=[at_least("roc_auc", 0.6)])
    assert codes(report)["metric.at_least"] is Verdict.FAIL


def test_every_code_that_the_room_can_raise_is_listed_with_its_meaning():
    folder = Path(room.__file__).parent
    written = {
        code
        for path in folder.rglob("*.py")
        if path.name != "codes.py"
        for code in re.findall(r'"((?:evaluation|metric|fairness|explain)\.[a-z_]+)"', path.read_text())
    }
    made = {f"metric.{kind}" for kind in ("at_least", "at_most")} | {
        f"fairness.{name}" for name in ("demographic_parity", "equal_opportunity", "equalized_odds")
    }
    assert (written - {"evaluation.metrics"}) | made == set(CODES)
    assert all(meaning.endswith(".") for meaning in CODES.values())


def test_every_check_of_a_report_has_a_listed_code_and_a_fix_unless_it_passes(flights):
    report = judged(flights, slices=["carrier"], require=REQUIRE["flights"])
    assert {check.code for check in report.checks} <= set(CODES)
    assert all(bool(check.fix) == (check.verdict is not Verdict.PASS) for check in report.checks)


def test_every_public_name_is_there_and_a_misspelt_one_is_not():
    assert set(room.__all__) <= set(dir(room))
    assert all(getattr(room, name) for name in room.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'evaluat'"):
        room.evaluat
