"""inspect: what is asked, what is left out, what is refused, and what it proposes."""

from __future__ import annotations

import sys
from datetime import datetime

import numpy as np
import polars as pl
import pytest

import seakeep
from seakeep.core import Report, Verdict
from seakeep.core.errors import UsageError
from seakeep.data.cleaning import clean, load_steps
from seakeep.data.quality import looking
from seakeep.data.quality.codes import CODES
from seakeep.data.quality.errors import CannotInspect
from seakeep.data.quality.proposals import proposals

ROWS = 300
TABLE = pl.DataFrame(
    {
        "city": [" Oslo" if at == 5 else ["Oslo", "Bergen", "N/A"][at % 3] for at in range(ROWS)],
        "age": [-1 if at % 50 == 0 else 20 + at % 61 for at in range(ROWS)],
        "same": [1] * ROWS,
        "late": [at % 2 == 0 for at in range(ROWS)],
    }
)


def codes(report):
    return {check.code: check for check in report.checks}


def test_facts_fail_and_what_was_looked_for_in_vain_passes():
    report = seakeep.inspect(seakeep.read(TABLE, label="late"))
    found = codes(report)
    assert (report.kind, report.verdict) == ("quality", Verdict.FAIL)
    assert {check.code for check in report.failed} >= {
        "quality.spaces",
        "quality.sentinel",
        "quality.constant",
        "quality.placeholders",
    }
    assert found["quality.duplicate_columns"].verdict is Verdict.PASS
    assert found["quality.sentinel"].fix == 'set_missing: {columns: ["age"], values: [-1]}'
    assert found["quality.sentinel"].evidence["values"] == {"-1": 6}
    assert set(found) <= set(CODES)


def test_kinds_whose_roles_are_unknown_are_left_out_unless_asked_for():
    assert "quality.leakage" not in codes(seakeep.inspect(seakeep.read(TABLE)))
    with pytest.raises(CannotInspect, match="'leakage' needs a label column, and none is known") as caught:
        seakeep.inspect(seakeep.read(TABLE), only=["leakage"])
    assert "--label late" in caught.value.fix
    with pytest.raises(CannotInspect, match="'overlap' needs another table"):
        seakeep.inspect(seakeep.read(TABLE), only=["overlap"])


def test_unknown_kinds_and_columns_are_refused_with_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'spaces'"):
        seakeep.inspect(seakeep.read(TABLE), only=["space"])
    with pytest.raises(UsageError, match="there is no label column 'lat'"):
        seakeep.inspect(seakeep.read(TABLE), label="lat")
    with pytest.raises(UsageError, match="only must be a list of kinds, found 'spaces'"):
        seakeep.inspect(seakeep.read(TABLE), only="spaces")


def test_statistics_of_another_table_are_refused():
    with pytest.raises(CannotInspect, match="the statistics lack the columns same of the table"):
        seakeep.inspect(seakeep.read(TABLE), statistics=seakeep.profile(seakeep.read(TABLE.drop("same"))))


def test_kinds_of_statistics_alone_read_no_row(monkeypatch):
    statistics = seakeep.profile(seakeep.read(TABLE))
    monkeypatch.setattr(sys.modules["seakeep.data.quality.inspect"], "show", None)
    report = seakeep.inspect(seakeep.read(TABLE), statistics=statistics, only=["constant", "sentinel"])
    assert {check.subject for check in report.failed} == {"same", "age"}


def test_a_table_without_rows_is_inconclusive():
    report = seakeep.inspect(seakeep.read(TABLE.clear()))
    assert [(check.code, check.verdict) for check in report.checks] == [("quality.rows", Verdict.INCONCLUSIVE)]


def test_few_rows_are_inconclusive_where_a_kind_needs_more():
    report = seakeep.inspect(seakeep.read(TABLE.head(30)), only=["outliers"])
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "it takes 100" in report.checks[0].message


def test_the_contract_tells_roles_and_what_comes_after():
    dataset = seakeep.read(TABLE.with_columns(refund=pl.col("late").cast(pl.Int8)))
    schema = seakeep.infer_schema(seakeep.profile(dataset), name="trips", label="late")
    assert [check.subject for check in seakeep.inspect(dataset, schema=schema, only=["leakage"]).failed] == ["refund"]
    after = seakeep.infer_schema(seakeep.profile(dataset), name="trips", label="late", after=["refund"])
    assert seakeep.inspect(dataset, schema=after, only=["leakage"]).verdict is Verdict.PASS


def test_a_report_is_saved_and_read_and_equal_in_every_run(tmp_path):
    report = seakeep.inspect(seakeep.read(TABLE, label="late"), only=["sentinel", "spaces", "leakage_order"])
    report.save(tmp_path / "quality.json")
    assert Report.load(tmp_path / "quality.json").digest == report.digest
    assert (
        seakeep.inspect(seakeep.read(TABLE, label="late"), only=["sentinel", "spaces", "leakage_order"]).digest
        == report.digest
    )


def test_proposals_are_steps_that_can_be_done(tmp_path):
    report = seakeep.inspect(seakeep.read(TABLE, label="late"))
    path = tmp_path / "cleaning.yaml"
    path.write_text(proposals(report))
    cleaned = clean(seakeep.read(TABLE, label="late"), load_steps(path))
    again = seakeep.inspect(cleaned.dataset, only=["spaces", "sentinel", "placeholders", "constant"])
    assert again.verdict is Verdict.PASS
    assert proposals(again).endswith("[]\n")


def test_memory_is_bounded_and_what_was_not_looked_at_is_told(monkeypatch):
    monkeypatch.setattr(looking, "HASHES", 200)
    monkeypatch.setattr(looking, "SAMPLE_ROWS", 100)
    monkeypatch.setattr(looking, "DIFFERENT_TEXTS", 64)
    rows = pl.DataFrame({"x": range(2000), "text": [f" t{at}" for at in range(2000)]})
    table = pl.concat([rows, rows.head(1000)])
    report = seakeep.inspect(seakeep.read(table), statistics=None, only=["duplicate_rows", "spaces"])
    found = codes(report)
    repeated = found["quality.duplicate_rows"]
    assert repeated.evidence["share_looked_at"] < 0.2
    assert 700 < repeated.observed < 1300
    assert found["quality.spaces"].verdict is Verdict.FAIL


def test_a_sample_is_the_same_whatever_the_batches():
    rows = pl.DataFrame({"x": range(3000)})
    whole, cut = (looking.Sample(3000, 1) for _ in range(2))
    for sample in (whole, cut):
        sample.share = 0.1
    whole.see(rows.clone(), 0, "table")
    for start in range(0, 3000, 700):
        cut.see(rows[start : start + 700].clone(), start, "table")
    assert whole.rows().equals(cut.rows())
    assert 200 < whole.rows().height < 400


def test_a_column_called_as_the_row_number_is_refused():
    with pytest.raises(CannotInspect, match="the table has a column '@row'"):
        seakeep.inspect(seakeep.read(TABLE.rename({"age": "@row"})))


def test_columns_may_have_the_names_that_are_used_inside():
    names = ["text", "rows", "count", "@order", "table", "plain", "bare", "forms", "paid"]
    columns = {name: [f"{name} {at % 7}" for at in range(ROWS)] for name in names}
    report = seakeep.inspect(
        seakeep.read(pl.DataFrame(columns).with_columns(literal=TABLE["late"])), label="literal", key="rows"
    )
    assert "quality.duplicate_keys" in {check.code for check in report.failed}


@pytest.mark.parametrize("role", ["label", "time", "key"])
@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}, {"a": 2}], [b"a", b"b"], [1.5, float("nan")], [None, None]])
def test_roles_of_any_type_are_looked_at_or_left_alone(role, values):
    table = TABLE.with_columns(odd=pl.Series(values * (ROWS // 2)))
    assert seakeep.inspect(seakeep.read(table), **{role: "odd"}).checks


def test_a_label_of_chance_alone_is_no_wrong_label():
    draw = np.random.default_rng(4)
    table = pl.DataFrame({"x": draw.normal(size=3000), "label": draw.random(3000) < 0.12})
    report = seakeep.inspect(seakeep.read(table, label="label"), only=["label_noise"])
    assert report.verdict is Verdict.PASS


def test_telephone_numbers_are_no_numbers():
    table = pl.DataFrame({"phone": [f"+49 {30 + at} {1000 + 7 * at}" for at in range(200)]})
    assert seakeep.inspect(seakeep.read(table), only=["numbers_as_text"]).verdict is Verdict.PASS


def test_an_estimated_number_of_identifiers_is_at_most_that_of_the_rows():
    table = pl.DataFrame({"mail": [f"m{at}@example.org" for at in range(3000)]})
    (check,) = seakeep.inspect(seakeep.read(table), only=["identifier"]).failed
    counted = seakeep.profile(seakeep.read(table))["mail"].distinct
    assert f"(about {min(counted, 3000):,} of 3,000)" in check.message


@pytest.mark.filterwarnings("error")
def test_blocks_that_have_no_hour_in_common_have_no_usual_hour():
    hours = [datetime(2025, 1, 1 + day, day % 24, at % 60) for day in range(24) for at in range(120)]
    report = seakeep.inspect(seakeep.read(pl.DataFrame({"at": hours}), time="at"), only=["time_zone_jump"])
    assert report.verdict is Verdict.PASS
