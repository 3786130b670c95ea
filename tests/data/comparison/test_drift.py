"""Drift: far moves fail, unchanged tables pass, few rows never pass, and false alarms keep their promise."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import ColumnSchema, ColumnStatistics, Kind, Report, Schema, Statistics, Verdict, plugins
from seakeep.core.errors import UsageError
from seakeep.data.comparison.drift import FALSE_ALARM, BadThreshold, drift
from seakeep.data.validation.anomalies import MEANINGS
from seakeep.testing import column_of, table_of

GENERATOR = np.random.default_rng(0)


def table(rows: int, *, shift: float = 0.0, jfk: float = 0.5, missing: float = 0.0, generator=GENERATOR) -> Statistics:
    numbers = generator.normal(shift, 1.0, rows).tolist()
    gone = generator.random(rows) < missing
    return table_of(
        {
            "distance": [None if g else x for x, g in zip(numbers, gone, strict=True)],
            "origin": ["JFK" if x < jfk else "LGA" for x in generator.random(rows)],
            "weekend": [bool(x < 0.3) for x in generator.random(rows)],
        }
    )


REFERENCE = table(4000)


def verdicts(report: Report) -> dict[tuple[str, str], str]:
    return {(check.subject, check.code): check.verdict.value for check in report.checks}


def test_an_unchanged_table_passes():
    report = drift(REFERENCE, table(4000))
    assert report.verdict is Verdict.PASS
    assert report.kind == "drift"
    assert len(report.checks) == 8


def test_a_table_does_not_drift_from_itself():
    report = drift(REFERENCE, REFERENCE)
    assert report.verdict is Verdict.PASS
    assert all(check.observed == 0 for check in report.checks)


def test_a_moved_mean_a_moved_share_and_missing_values_fail_with_what_moved():
    report = drift(REFERENCE, table(4000, shift=1.0, jfk=0.8, missing=0.2))
    failed = {(check.subject, check.code): check for check in report.failed}
    assert set(failed) == {
        ("distance", "drift.missing_rate"),
        ("distance", "drift.psi"),
        ("distance", "drift.kolmogorov_smirnov"),
        ("origin", "drift.jensen_shannon"),
        ("origin", "drift.l_infinity"),
    }
    moved = failed["distance", "drift.psi"]
    assert moved.evidence["mean_moved_by_standard_deviations"] == pytest.approx(1.0, abs=0.1)
    assert "train again" in moved.fix
    values = failed["origin", "drift.l_infinity"].evidence["moved_values"]
    assert {item["value"] for item in values} == {"JFK", "LGA"}


def test_a_few_rows_neither_pass_nor_fail():
    report = drift(REFERENCE, table(20))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert not report.failed
    check = next(check for check in report.checks if check.code == "drift.kolmogorov_smirnov")
    assert "sampling alone reaches" in check.message
    assert "more rows" in check.fix


def test_a_few_rows_fail_where_no_sampling_explains_them():
    report = drift(REFERENCE, table(60, shift=6.0))
    assert {check.subject for check in report.failed} == {"distance"}


@pytest.mark.parametrize("rows", [100, 1000])
def test_unchanged_tables_hardly_ever_fail(rows):
    """The promise is one report in 1/FALSE_ALARM; thresholds of zero leave the noise alone to keep it."""
    generator = np.random.default_rng(rows)
    zero = dict.fromkeys(plugins.names("evidence.distances"), 0.0)
    failed = sum(
        bool(drift(table(rows, generator=generator), table(rows, generator=generator), distances=zero).failed)
        for _ in range(100)
    )
    assert failed == 0
    assert FALSE_ALARM == 1e-3


def test_distances_can_be_chosen_with_their_thresholds():
    report = drift(REFERENCE, table(4000, shift=0.3), distances={"wasserstein": 0.1})
    assert verdicts(report) == {("distance", "drift.wasserstein"): "fail"}


def test_a_contracts_own_threshold_comes_first():
    schema = Schema("t", {"distance": ColumnSchema(Kind.NUMBER, drift={"psi": 5.0, "wasserstein": 2.0})})
    report = drift(REFERENCE, table(4000, shift=1.0), schema=schema)
    found = verdicts(report)
    assert found["distance", "drift.psi"] == "pass"
    assert found["distance", "drift.kolmogorov_smirnov"] == "fail"
    assert found["distance", "drift.wasserstein"] == "pass"


def test_keys_and_times_are_judged_by_their_missing_rate_only():
    first = table_of({"id": list(range(1000)), "x": [1, 2] * 500})
    second = table_of({"id": list(range(5000, 6000)), "x": [1, 2] * 500})
    assert drift(first, second).failed
    assert (
        drift(first, second, schema=Schema("t", {"id": ColumnSchema(Kind.INTEGER)}, key="id")).verdict is Verdict.PASS
    )
    clock = [
        Statistics(500, {"at": column_of([t * 10**9 + by for t in range(500)], Kind.TIMESTAMP)}) for by in (0, 10**14)
    ]
    assert verdicts(drift(*clock)) == {("at", "drift.missing_rate"): "pass"}


def test_a_column_that_went_away_fails_and_a_new_one_is_let_be():
    current = table(4000)
    gone = replace(
        current, columns={**{n: c for n, c in current.columns.items() if n != "origin"}, "new": column_of([1])}
    )
    report = drift(REFERENCE, gone)
    assert [(check.code, check.subject) for check in report.failed] == [("drift.missing_column", "origin")]


def test_a_column_of_another_kind_fails():
    current = replace(REFERENCE, columns={**REFERENCE.columns, "distance": REFERENCE["origin"]})
    report = drift(REFERENCE, current)
    assert [check.code for check in report.failed] == ["drift.kind"]
    assert "was number in the reference and is string now" in report.failed[0].message


@pytest.mark.parametrize("empty", [Statistics(), Statistics(0, {"distance": ColumnStatistics(Kind.NUMBER)})])
def test_an_empty_table_is_inconclusive(empty):
    report = drift(replace(REFERENCE, columns={}), empty)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.checks[0].code == "drift.rows"
    assert drift(empty, REFERENCE).checks[0].code == "drift.rows"


def test_a_column_that_lost_its_values_fails_by_missing_rate_and_is_not_compared():
    first, second = table_of({"x": [1.0] * 500}), Statistics(500, {"x": ColumnStatistics(Kind.NUMBER, 500, 500)})
    found = verdicts(drift(first, second))
    assert found["x", "drift.missing_rate"] == "fail"
    assert found["x", "drift.psi"] == "inconclusive"
    assert verdicts(drift(second, second)) == {("x", "drift.missing_rate"): "pass"}


def test_an_infinite_distance_is_saved_and_read(tmp_path):
    report = drift(table_of({"x": [1.0] * 500}), table_of({"x": [2.0] * 500}), distances={"wasserstein": 0.5})
    assert report.checks[0].observed == math.inf
    report.save(tmp_path / "drift.json")
    assert Report.load(tmp_path / "drift.json") == report


def test_the_table_has_a_row_for_every_distance():
    table_ = drift(REFERENCE, table(4000)).table("drift")
    assert len(table_.rows) == 8
    first = table_.records()[0]
    assert first["column"] == "distance"
    assert first["verdict"] == "pass"


def test_an_unknown_distance_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="there is no distance 'pis'") as error:
        drift(REFERENCE, REFERENCE, distances={"pis": 0.1})
    assert "Did you mean 'psi'?" in str(error.value)


@pytest.mark.parametrize("threshold", [-0.1, math.nan])
def test_a_threshold_that_means_nothing_is_refused(threshold):
    with pytest.raises(BadThreshold, match="expected a number of at least 0") as error:
        drift(REFERENCE, REFERENCE, distances={"psi": threshold})
    assert '{"psi": 0.25}' in str(error.value)


COLUMN = st.sampled_from(
    [
        [1, 2, 3],
        [None] * 3,
        [1.5, math.nan, math.inf],
        ["a", "b", None],
        [True, False, True],
        [10**300, -(10**300), 0.0],
        [5e-324] * 3,
    ]
)
TABLES = st.dictionaries(st.sampled_from("abc"), COLUMN, max_size=3)


@given(TABLES, TABLES)
def test_no_pair_of_tables_breaks_it_and_every_check_is_explained(first, second):
    report = drift(table_of(first), table_of(second))
    assert all(check.code in MEANINGS for check in report.checks)
    assert all(bool(check.fix) == (check.verdict is not Verdict.PASS) for check in report.checks)
    assert report.digest == drift(table_of(first), table_of(second)).digest


def test_integers_that_are_names_are_compared_by_how_frequent_each_is():
    reference, current = (table_of({"zip": [10_000 + x, 20_000] * 200}) for x in (0, 1))
    schema = Schema("t", {"zip": ColumnSchema(Kind.INTEGER, semantics="categorical")})
    found = [check.code for check in drift(reference, current, schema=schema).checks]
    assert found == ["drift.missing_rate", "drift.l_infinity"]
