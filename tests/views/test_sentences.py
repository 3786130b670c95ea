from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Check, Report, Verdict
from seakeep.views.sentences import counts, moved, sentence, story, times

from . import examples

json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def drift(*checks: Check) -> Report:
    return Report("drift", "Drift", "current", checks)


def test_what_moved_most_comes_first_and_names_three_others():
    checks = [examples.drift_check(f"c{i}", 0.3 + i / 10, 0.2) for i in range(6)]
    assert story(drift(*checks)) == "c5 moved most: psi 0.8 where 0.2 is allowed. So did c4, c3, c2 and 2 more."


def test_a_calm_report_says_so():
    assert sentence(drift(examples.drift_check("a", 0.1, 0.2))) == (
        "No column moved beyond its threshold. The one check passed."
    )


def test_a_report_that_could_not_tell_does_not_say_that_nothing_moved():
    open_ = Check("drift.psi", "a", Verdict.INCONCLUSIVE, "Too few rows.", 0.1, 0.2)
    assert sentence(drift(open_)) == "Of 1 check: 1 inconclusive."


def test_a_column_that_is_gone_is_told_in_its_own_words():
    gone = Check("drift.missing_column", "a", Verdict.FAIL, "Column 'a' is not in the current table.")
    assert story(drift(gone)) == "Column 'a' is not in the current table."


def test_a_broken_contract_comes_before_drift_and_decay_after_it():
    broken = Check("schema.bounds", "b", Verdict.FAIL, "Column 'b' is above its maximum.")
    other = Check("schema.kind", "c", Verdict.FAIL, "Column 'c' is text.")
    worse = Check("decay.roc_auc", "roc_auc", Verdict.FAIL, "roc_auc fell.")
    report = Report("monitoring", "", "", (worse, examples.drift_check("a", 0.4, 0.2), broken, other))
    assert story(report) == (
        "The data broke its contract: Column 'b' is above its maximum. So did 1 more column. "
        "a moved most: psi 0.4 where 0.2 is allowed. roc_auc fell."
    )


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({"effect": {"words": "the mean went from 3 to 7"}}, "the mean went from 3 to 7"),
        ({"mean": ["2013-01-01T00:00:00Z", "2014-01-01T00:00:00Z"]}, "its mean went from 2013-01-01T00:00:00Z to 2014"),
        ({"mean": [1.0, 0.5], "mean_moved_by_standard_deviations": -0.4}, "1 to 0.5, 0.4 standard deviations down"),
        ({"mean": [1.0, 0.5], "mean_moved_by_standard_deviations": math.nan}, "its mean went from 1 to 0.5"),
        ({"moved_values": [{"value": True, "reference": 0.5, "current": 0.25}]}, "true went from 50 % to 25 %"),
        ({"mean": [None, 1.0]}, ""),
        ({}, ""),
    ],
)
def test_evidence_in_words(evidence, words):
    said = moved(Check("drift.psi", "a", Verdict.FAIL, "", 0.5, 0.2, "", evidence))
    assert said.startswith(words) or said.endswith(words)
    assert bool(said) == bool(words)


def test_missing_values_are_told_as_shares():
    check = Check("drift.missing_rate", "a", Verdict.FAIL, "", 0.3, 0.1, "", {"missing_rate": [0.0, 0.3]})
    assert moved(check) == "missing values went from 0 % to 30 % of the rows"


@given(st.dictionaries(st.sampled_from(["mean", "effect", "moved_values", "missing_rate"]), json_value))
def test_any_evidence_has_words_or_none(evidence):
    check = Check("drift.psi", "a", Verdict.FAIL, "It moved.", 0.5, 0.2, "", evidence)
    assert isinstance(moved(check), str)
    assert story(drift(check)).startswith("a moved most")


@pytest.mark.parametrize(
    ("observed", "threshold", "expected"),
    [(0.4, 0.2, 2.0), (None, 0.2, math.inf), (0.4, 0, math.inf), (math.nan, 0.2, 0.0), (True, 0.2, math.inf)],
)
def test_how_many_times_the_threshold(observed, threshold, expected):
    assert times(Check("drift.psi", "a", Verdict.FAIL, "", observed, threshold)) == expected


def test_a_rollout_tells_its_decision(rollout_report):
    assert story(rollout_report).startswith("Rolled back: the challenger's rate of errors is")
    assert story(rollout_report).endswith("requests of the challenger.")
    assert counts(rollout_report) == "Of 4 checks: 2 failed, 2 passed."


def test_a_validation_tells_what_broke_the_contract_first():
    codes = (("schema.bounds", "distance", "Column 'distance': 8018 is above 5000."), ("schema.kind", "visib", "No."))
    failed = [Check(code, subject, Verdict.FAIL, message) for code, subject, message in codes]
    told = story(Report("validation", "Validation", "flights", tuple(failed)))
    assert told == "The data broke its contract: Column 'distance': 8018 is above 5000. So did 1 more column."
    assert story(Report("validation", "Validation", "flights", ())) == ""


def test_other_reports_tell_their_counts_alone(evaluation):
    assert story(evaluation) == ""


def test_an_experiment_tells_its_verdict_and_its_effect():
    report = examples.experiment()
    assert report.verdict is Verdict.PASS
    assert "minus the champion's is between" in story(report)
    assert "(better), after" in story(report)
    assert report.table("effects").records()[0]["high"] < 0
