"""Reports as platforms of CI take them: Markdown within limits, commands of GitHub, JUnit XML, code quality; hostile names stay names."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Check, Report, Verdict
from seakeep.core.report import Table
from seakeep.views import annotations, code_quality, junit, markdown_report
from seakeep.views.findings import Finding
from seakeep.views.text_pictures import bar, interval

HOSTILE = "a|b\n::error::x\r%0A,<script>alert(1)</script>\x1b[31m`c`\ud800]]>&\"' {{x}} ${{ y }} |"
names = st.text(st.characters(), min_size=1, max_size=30)


def check(subject="fare", verdict=Verdict.FAIL, message="It is wrong.", fix="Mend it.", **given) -> Check:
    return Check("metric.at_least", subject, verdict, message, fix=fix, **given)


def finding(subject="fare", verdict=Verdict.FAIL, path="pipeline.py", line=7, message="It is wrong.") -> Finding:
    return Finding(check(subject, verdict, message), "Gates", path, line)


def test_a_finding_that_failed_is_an_error_beside_its_line():
    assert annotations.commands([finding()]) == [
        "::error file=pipeline.py,line=7,title=Gates%3A metric.at_least fare::It is wrong.%0AMend it."
    ]


def test_an_inconclusive_one_is_a_warning_and_a_pass_is_nothing():
    lines = annotations.commands([finding(verdict=Verdict.INCONCLUSIVE), finding(verdict=Verdict.PASS)])
    assert [line.partition(" ")[0] for line in lines] == ["::warning"]


def test_github_is_sent_ten_of_a_level_and_told_of_the_rest():
    lines = annotations.commands([finding(str(number)) for number in range(25)])
    assert len(lines) == 11
    assert lines[-1] == "::notice title=Seakeep::15 more like these are in the report"


@given(names, names, names)
def test_a_command_is_one_line_whatever_it_holds(subject, message, path):
    (line,) = annotations.commands([finding(subject, message=message, path=path)])
    assert len(line.splitlines()) == 1
    properties = line.removeprefix("::error ").partition("::")[0]
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "title"]


def test_an_error_without_a_place_names_no_file():
    assert annotations.error("It broke: x", title="CannotLoad") == "::error title=CannotLoad::It broke: x"
    assert annotations.error("It broke", title="X", path="a.py", line=3) == "::error file=a.py,line=3,title=X::It broke"


@given(names, names)
def test_junit_is_xml_whatever_it_holds(subject, message):
    found = [finding(subject, message=message), finding(verdict=Verdict.PASS), finding(verdict=Verdict.INCONCLUSIVE)]
    root = ET.fromstring(junit.render("ci", found, seconds={"Gates": 1.5}).encode("utf-8", "replace"))
    assert (root.get("tests"), root.get("failures"), root.get("skipped"), root.get("time")) == ("3", "1", "1", "1.500")
    assert [[child.tag for child in case] for case in root.iter("testcase")] == [["failure"], [], ["skipped"]]


def test_code_quality_has_what_gitlab_reads_and_leaves_out_what_passed():
    found = json.loads(
        code_quality.render([finding(), finding(verdict=Verdict.INCONCLUSIVE), finding(verdict=Verdict.PASS)])
    )
    assert [each["severity"] for each in found] == ["critical", "minor"]
    assert found[0]["location"] == {"path": "pipeline.py", "lines": {"begin": 7}}
    assert set(found[0]) == {"description", "check_name", "fingerprint", "severity", "location"}


def test_a_fingerprint_is_of_what_a_finding_is_about_and_not_of_what_was_measured():
    first, second = (json.loads(code_quality.render([finding(message=text)]))[0] for text in ("0.61", "0.62"))
    assert first["fingerprint"] == second["fingerprint"]
    assert first["fingerprint"] != json.loads(code_quality.render([finding("tip")]))[0]["fingerprint"]


def report(*checks: Check, tables: tuple[Table, ...] = (), title: str = "Evaluation") -> Report:
    return Report("evaluation", title, "trips", checks, tables)


def test_a_report_tells_first_what_failed_and_what_to_do():
    blocks = markdown_report.report(report(check("b", Verdict.INCONCLUSIVE), check("a"), check("c", Verdict.PASS)))
    assert blocks[0].startswith("### ❌ Evaluation: fail\n")
    assert blocks[1].splitlines()[:2] == ["- ❌ **a** `metric.at_least`: It is wrong.", "  <br>→ Mend it."]
    assert "❔ **b**" in blocks[1]
    assert "<summary>1 check passed</summary>" in blocks[-1]


def test_a_gate_is_drawn_beside_its_interval():
    gate = check(observed=0.72, threshold=0.78, evidence={"low": 0.7, "high": 0.74})
    (row,) = (
        line for line in "\n".join(markdown_report.report(report(gate))).splitlines() if "●" in line and "fare" in line
    )
    assert re.search(r"`├─+●─+┤─+┃`", row)
    assert row.count("|") == 6


def test_importance_is_drawn_and_metrics_are_those_over_all_rows():
    importance = Table("importance", "Importance", ("column", "importance"), (("fare", 0.4), ("zone", 0.1)))
    metrics = Table("metrics", "Metrics", ("slice", "metric", "value"), (("all", "f1", 0.5), ("zone=a", "f1", 0.1)))
    text = "\n".join(markdown_report.report(report(check(), tables=(importance, metrics))))
    assert f"`{'█' * 24}`" in text
    assert "`██████░" in text
    assert "zone=a" not in text


def test_hostile_names_break_no_table_and_open_no_html():
    tables = (Table("errors", "Errors", ("slice", "rows"), ((HOSTILE, 3),)),)
    text = "\n".join(
        markdown_report.report(report(check(HOSTILE, message=HOSTILE, fix=HOSTILE), tables=tables, title=HOSTILE))
    )
    assert not re.search(r"(?<!\\)<script", text)
    assert "\x1b" not in text
    tables_found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    for found in tables_found:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in found.splitlines()}) == 1


def test_what_does_not_fit_is_left_out_whole_and_counted():
    text = markdown_report.joined(["head", "x" * 500, "y" * 500], limit=700)
    assert "x" * 500 in text
    assert "y" not in text.replace("they", "")
    assert "1 more parts" in text
    assert len(text.encode()) <= 700


@given(st.lists(st.text(max_size=200), max_size=20), st.integers(150, 2000))
def test_what_is_joined_never_exceeds_its_limit(blocks, limit):
    assert len(markdown_report.joined(blocks, limit=limit).encode("utf-8", "replace")) <= limit


def test_a_huge_report_fits_a_comment():
    checks = [check(f"column_{number}" * 20, message="x" * 5_000) for number in range(3_000)]
    rows = tuple((f"slice {number}" * 100, number) for number in range(3_000))
    blocks = markdown_report.report(report(*checks, tables=(Table("errors", "Errors", ("slice", "rows"), rows),)))
    text = markdown_report.joined(blocks, limit=markdown_report.COMMENT)
    assert len(text.encode()) <= markdown_report.COMMENT
    assert "2,970 more checks that did not pass" in text


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, "░░░░"), (1, "████"), (float("nan"), "░░░░"), (-1, "░░░░"), (1e-9, "▏░░░")]
)
def test_a_bar_shows_every_share(share, drawn):
    assert bar(share, width=4) == drawn


@given(st.floats(), st.none() | st.floats(), st.none() | st.floats(), st.floats(), st.integers(2, 60))
def test_an_interval_is_a_line_of_its_width(value, low, high, threshold, width):
    assert len(interval(value, low, high, threshold=threshold, width=width)) == width


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_value_stands_on_the_side_of_the_threshold_where_it_lies(value, threshold):
    drawn = interval(value, None, None, threshold=threshold)
    if abs(value - threshold) > 1e-3:
        assert (drawn.index("●") < drawn.index("┃")) == (value < threshold)
