"""Reports: the worst check decides, and no check is never a pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Check, Report, Table, Verdict
from seakeep.core.errors import UsageError
from seakeep.core.report import ChecksFailed

verdicts = st.sampled_from(list(Verdict))


def check(verdict: Verdict, code: str = "a.b") -> Check:
    return Check(code, "fare", verdict, "a sentence", observed=1.5, threshold="x", fix="type this", evidence={"n": [1]})


def report(*found: Verdict) -> Report:
    table = Table("metrics", "Metrics", ("name", "value"), (("roc_auc", 0.7), ("rows", None)))
    return Report("evaluation", "Evaluation", "flights", tuple(check(verdict) for verdict in found), (table,))


@given(st.lists(verdicts))
def test_the_verdict_is_the_worst_check(found):
    verdict = report(*found).verdict
    if Verdict.FAIL in found:
        assert verdict is Verdict.FAIL
    elif Verdict.INCONCLUSIVE in found or not found:
        assert verdict is Verdict.INCONCLUSIVE
    else:
        assert verdict is Verdict.PASS


def test_exit_codes_are_those_of_the_command_line():
    assert [verdict.exit_code for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE)] == [0, 1, 2]


def test_a_failed_report_raises_with_the_first_fix():
    with pytest.raises(ChecksFailed, match="Evaluation: 1 of 2 checks failed") as caught:
        report(Verdict.PASS, Verdict.FAIL).raise_if_failed()
    assert caught.value.fix == "type this"
    assert caught.value.exit_code == 1


def test_a_passing_or_inconclusive_report_returns_itself():
    for found in (Verdict.PASS, Verdict.INCONCLUSIVE):
        assert report(found).raise_if_failed() == report(found)


def test_a_saved_report_is_read_back_equal(tmp_path):
    original = report(Verdict.PASS, Verdict.FAIL)
    original.save(tmp_path / "report.json")
    assert Report.load(tmp_path / "report.json") == original
    assert Report.load(tmp_path / "report.json").digest == original.digest


def test_reports_add_their_checks_and_tables():
    both = report(Verdict.PASS) + report(Verdict.FAIL)
    assert len(both.checks) == 2
    assert len(both.tables) == 2


def test_a_table_is_found_by_name_and_gives_records():
    assert report().table("metrics").records()[0] == {"name": "roc_auc", "value": 0.7}
    with pytest.raises(UsageError, match="Did you mean 'metrics'"):
        report().table("metrix")
