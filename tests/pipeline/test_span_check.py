"""One span against the contract: what passes, what is named, and what is on record."""

from __future__ import annotations

import pytest

from seakeep.core import Verdict
from seakeep.pipeline import run
from seakeep.pipeline.spans.checking import check_span
from seakeep.pipeline.spans.errors import BadSpans
from seakeep.registry import Registry

from .conftest import rows


def failed(report) -> list[tuple[str, str]]:
    return [(check.code, check.subject) for check in report.failed]


def test_a_span_that_keeps_the_contract_passes(monthly) -> None:
    run(monthly.file)
    monthly.month(5)
    report = check_span(monthly.file, "2013-05")
    assert report.verdict is Verdict.PASS
    assert report.checks[0].message == "The span has 50 rows."
    assert report.subject == "tips: span 2013-05"


def test_a_span_whose_column_was_renamed_is_told_by_the_contracts_own_words(monthly) -> None:
    run(monthly.file)
    monthly.month(5, rows(250, 300).replace("fare", "fare_amount"))
    assert ("schema.missing_column", "fare") in failed(check_span(monthly.file, "2013-05"))


@pytest.mark.parametrize("text", ["trip,fare,zone,tip\n", ""])
def test_a_span_without_rows_fails(monthly, text) -> None:
    run(monthly.file)
    monthly.month(5, text)
    report = check_span(monthly.file, "2013-05")
    assert failed(report) == [("span.readable", "2013-05")]
    assert report.checks[0].fix


def test_without_a_contract_nothing_can_be_told_yet(monthly) -> None:
    report = check_span(monthly.file, "2013-04")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.checks[1].code == "span.contract"
    assert not (monthly.folder / "tips.schema.yaml").exists()


def test_the_report_leads_to_the_spans_file(monthly) -> None:
    run(monthly.file)
    report = check_span(monthly.file, "2013-03")
    with Registry(monthly.home) as registry:
        (edge,) = registry.lineage(report.digest).edges
    assert edge.source.name == str(monthly.folder / "data" / "m-2013-03.csv")


def test_a_span_that_is_not_there_is_told_the_nearest(monthly, project) -> None:
    with pytest.raises(BadSpans, match="there is no span '2013-4'") as caught:
        check_span(monthly.file, "2013-4")
    assert "2013-04" in caught.value.cause


def test_a_pipeline_without_spans_has_none_to_judge(project) -> None:
    with pytest.raises(BadSpans, match="the pipeline has no spans"):
        check_span(project.file, "2013-04")


def test_a_span_is_counted_against_the_one_before_where_the_contract_limits_growth(monthly) -> None:
    run(monthly.file)
    contract = monthly.folder / "tips.schema.yaml"
    contract.write_text(contract.read_text().replace("columns:\n", "growth_at_most: 1.5\ncolumns:\n", 1))
    monthly.month(5)
    assert check_span(monthly.file, "2013-05").verdict is Verdict.PASS
    monthly.month(6, rows(300, 500))
    report = check_span(monthly.file, "2013-06")
    assert failed(report) == [("schema.growth", "table")]
    assert "200 rows after 50 in the span before" in report.failed[0].message
    monthly.month(5, "trip,fare,zone,tip\n")
    report = check_span(monthly.file, "2013-06")
    assert [check.verdict for check in report.checks if check.code == "schema.growth"] == [Verdict.INCONCLUSIVE]
