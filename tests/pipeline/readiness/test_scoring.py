"""The score: laws of the minimum, the bands, and the same figure from the report's JSON by a formula written from the paper."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.codec import to_json
from seakeep.core.errors import UsageError
from seakeep.pipeline.readiness import TESTS, Finding, report, score
from seakeep.pipeline.readiness.findings import POINTS
from seakeep.pipeline.readiness.rubric import BANDS, BEST, CODES, SECTIONS, band, find
from seakeep.pipeline.readiness.scoring import of_points

HOWS = st.sampled_from(sorted(POINTS))
FINDINGS = st.fixed_dictionaries({test.id: HOWS.map(Finding) for test in TESTS})


def from_the_paper(document: dict) -> float:
    """Breck et al. 2017, section VI: half a point by hand, one by machine, summed by section, the minimum of the four."""
    sums = {"D": 0.0, "M": 0.0, "I": 0.0, "Mon": 0.0}
    for each in document["checks"]:
        name = each["subject"].split(" ")[0].rstrip("1234567")
        if name in sums:
            sums[name] += {"automatic": 1.0, "by hand": 0.5}.get(each["evidence"]["how"], 0.0)
    return min(sums.values())


def test_there_are_four_sections_of_seven():
    assert [sum(test.section == section for test in TESTS) for section in SECTIONS] == [7, 7, 7, 7]
    assert [test.id for test in TESTS] == [f"{s}{n}" for s in ("D", "M", "I", "Mon") for n in range(1, 8)]
    assert len(CODES) == 29


@given(FINDINGS)
def test_the_score_is_the_least_section_and_the_sections_are_sums(findings):
    found = score(findings)
    assert found.total == min(found.sections.values())
    assert sum(found.sections.values()) == sum(finding.points for finding in findings.values())
    assert all(0 <= points <= 7 and points * 2 == int(points * 2) for points in found.sections.values())
    assert found.weakest
    assert all(found.sections[section] == found.total for section in found.weakest)


@given(FINDINGS, st.sampled_from(TESTS))
def test_more_evidence_never_lowers_the_score(findings, test):
    better = {**findings, test.id: Finding("automatic")}
    assert score(better).total >= score(findings).total
    assert score(better).sections[test.section] >= score(findings).sections[test.section]


@given(FINDINGS, st.sampled_from(TESTS))
def test_one_test_moves_the_score_by_a_point_at_most(findings, test):
    worse = {**findings, test.id: Finding("nothing")}
    assert 0 <= score(findings).total - score(worse).total <= 1


@given(FINDINGS)
def test_the_report_gives_the_same_score_by_a_formula_from_the_paper(findings):
    document = json.loads(to_json(report("tips", "tips@1", findings)))
    assert from_the_paper(document) == score(findings).total


@given(FINDINGS)
def test_a_report_has_a_check_a_test_and_equal_findings_make_equal_reports(findings):
    found = report("tips", "tips@1", findings)
    assert [check.code for check in found.checks] == [test.code for test in TESTS]
    assert found.digest == report("tips", "tips@1", dict(reversed(findings.items()))).digest
    assert {check.observed for check in found.checks} <= {0.0, 0.5, 1.0}


@pytest.mark.parametrize(("points", "place"), [(0, 0), (0.5, 1), (1, 1), (1.5, 2), (2, 2), (3, 3), (3.5, 4), (5, 4)])
def test_a_band_holds_its_upper_end(points, place):
    assert band(points) == BANDS[place][1]


def test_above_five_is_the_best_band():
    assert band(5.5) == band(7) == BEST


def test_of_points_refuses_an_id_that_is_none():
    with pytest.raises(KeyError):
        of_points({"D8": 1.0})


def test_asked_for_a_score_the_report_has_a_check_of_it_first():
    found = report("tips", "", {test.id: Finding("by hand") for test in TESTS}, at_least=4)
    assert (found.checks[0].code, found.checks[0].verdict.value, found.checks[0].observed) == (
        "readiness.score",
        "fail",
        3.5,
    )
    assert (
        report("tips", "", {test.id: Finding("by hand") for test in TESTS}, at_least=3.5).checks[0].verdict.value
        == "pass"
    )


def test_a_test_is_found_in_any_case_and_another_with_the_nearest():
    assert find("MON3").id == "Mon3"
    with pytest.raises(UsageError, match=r"Did you mean Mon7 \(Prediction quality"):
        find("Mon77")
    with pytest.raises(UsageError, match="Known: D1 to D7"):
        find("everything")
