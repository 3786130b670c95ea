"""Validation: every anomaly is found with its code, the values found, and the next line to type; a clean table passes."""

from __future__ import annotations

import math
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import ColumnSchema, ColumnStatistics, Kind, Report, Schema, Statistics, Verdict
from seakeep.core.errors import UsageError
from seakeep.data.contract.infer import infer_schema
from seakeep.data.statistics.profile import profile_frame
from seakeep.data.validation.anomalies import MEANINGS
from seakeep.data.validation.validate import validate
from seakeep.testing import column_of, table_of

ROWS = 400
FARES = [x * 37 % 280 / 7 + 1 for x in range(ROWS)]


def trips(**changes):
    columns = {
        "fare": FARES,
        "origin": ["EWR", "JFK", "LGA", "JFK"] * (ROWS // 4),
        "trip_id": list(range(ROWS)),
        "tip": [x % 3 == 0 for x in range(ROWS)],
        **changes,
    }
    return table_of({name: values for name, values in columns.items() if values is not None})


CLEAN = trips()
SCHEMA = infer_schema(CLEAN, name="tips", label="tip", key="trip_id")


def only(report: Report, code: str):
    """The one check that is not a pass."""
    wrong = [check for check in report.checks if check.verdict is not Verdict.PASS]
    assert [check.code for check in wrong] == [code]
    assert wrong[0].fix
    assert code in MEANINGS
    return wrong[0]


def with_contract(name: str, **changes) -> Schema:
    return replace(SCHEMA, columns={**SCHEMA.columns, name: replace(SCHEMA[name], **changes)})


def test_a_clean_table_passes_and_every_column_left_a_check():
    report = validate(CLEAN, SCHEMA, reference=CLEAN, subject="trips.parquet")
    assert report.verdict is Verdict.PASS
    assert {check.subject for check in report.checks} == {"table", *CLEAN.columns}
    assert (report.kind, report.subject) == ("validation", "trips.parquet")
    assert len(report.checks) <= 4 * len(CLEAN.columns) + 1


def test_a_report_survives_saving(tmp_path):
    report = validate(trips(fare=[math.inf] * ROWS, origin=["x"] * ROWS), SCHEMA, reference=CLEAN)
    report.save(tmp_path / "validation.json")
    assert Report.load(tmp_path / "validation.json") == report


def test_a_missing_column_is_named():
    check = only(validate(trips(fare=None), SCHEMA), "schema.missing_column")
    assert check.message == "Column 'fare' is missing from the table."
    assert "required: false" in check.fix


def test_a_renamed_column_is_guessed_by_its_name():
    table = trips(fare=None, fare_amount=FARES)
    report = validate(table, SCHEMA)
    missing = next(check for check in report.failed if check.code == "schema.missing_column")
    assert "Found 'fare_amount' (number), which no column of the contract claims" in missing.message
    assert "seakeep schema rename tips.schema.yaml fare fare_amount" in missing.fix
    assert {check.code for check in report.failed} == {"schema.missing_column", "schema.unexpected_column"}


def test_a_renamed_column_is_guessed_by_its_values_when_a_reference_is_there():
    table = trips(fare=None, amount=FARES, farce=[x * 100 for x in FARES])
    by_name = validate(table, SCHEMA).failed[0]
    by_values = validate(table, SCHEMA, reference=CLEAN).failed[0]
    assert by_name.evidence["guess"] == "farce"
    assert by_values.evidence["guess"] == "amount"


def test_no_guess_is_made_where_nothing_is_like_it():
    report = validate(trips(fare=None, zone=["a"] * ROWS), SCHEMA, reference=CLEAN)
    assert report.failed[0].evidence["guess"] is None


def test_a_column_that_may_be_absent_may():
    report = validate(trips(fare=None), with_contract("fare", required=False))
    assert report.verdict is Verdict.PASS


def test_an_unexpected_column_is_refused_in_training_and_let_be_in_serving():
    table = trips(card_number=["1"] * ROWS)
    check = only(validate(table, SCHEMA), "schema.unexpected_column")
    assert "drop=['card_number']" in check.fix
    assert "seakeep schema update tips.schema.yaml DATA" in check.fix
    assert validate(table, SCHEMA, environment="serving").verdict is Verdict.PASS


def test_a_column_kept_out_of_training_is_unexpected_there():
    schema = with_contract("origin", not_in=("training",))
    assert "says is not there in training" in only(validate(CLEAN, schema), "schema.unexpected_column").message


def test_serving_expects_neither_the_label_nor_later_columns():
    schema = with_contract("fare", available="after")
    assert validate(trips(tip=None, fare=None), schema, environment="serving").verdict is Verdict.PASS
    assert {check.subject for check in validate(trips(tip=None, fare=None), schema).failed} == {"tip", "fare"}
    assert validate(trips(tip=[True] * ROWS), SCHEMA, environment="serving").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("column", "values", "cause", "cast"),
    [
        ("fare", ["1.5", "n/a"] * 200, "Text such as 'n/a' made the whole column text.", "strict=False"),
        ("fare", ["1.5"] * ROWS, "Numbers were written as text.", "Float64"),
        ("trip_id", [1.0, math.nan] * 200, "Missing values turned whole numbers into floating ones", "fill_nan(None)"),
        ("origin", [1] * ROWS, "Column 'origin' is integer; the contract says string.", "cast(polars.String)"),
        ("tip", [1, 0] * 200, "Column 'tip' is integer; the contract says boolean.", "cast(polars.Boolean)"),
    ],
)
def test_a_wrong_kind_names_its_cause_and_the_cast(column, values, cause, cast):
    report = validate(trips(**{column: values}), SCHEMA)
    check = only(report, "schema.kind")
    assert cause in check.message
    assert cast in check.fix
    assert not [
        other
        for other in report.checks
        if other.subject == column and other.code not in ("schema.kind", "schema.label_classes")
    ]


def test_times_written_as_text_name_the_cast():
    schema = Schema("t", {"at": ColumnSchema(Kind.TIMESTAMP)})
    assert ".str.to_datetime()" in only(validate(table_of({"at": ["2013-01-01"]}), schema), "schema.kind").fix


def test_integers_are_numbers():
    assert validate(trips(fare=[int(x) for x in FARES]), SCHEMA).verdict is Verdict.PASS


def test_too_many_missing_values_fail_with_the_numbers():
    check = only(validate(trips(fare=[None] * 40 + FARES[40:]), SCHEMA), "schema.missing_rate")
    assert check.message == "Column 'fare': 10.00% missing (40 null, 0 NaN), at most 0.00% allowed."
    assert (check.observed, check.threshold) == (0.1, 0.0)
    assert "missing_at_most: 0.1" in check.fix


def test_nan_has_a_code_and_a_fix_of_its_own():
    check = only(validate(trips(fare=[math.nan] * 40 + FARES[40:]), SCHEMA), "schema.nan")
    assert "0/0" in check.fix


def test_a_column_without_values_is_told_apart_from_a_few_missing():
    check = only(validate(trips(fare=[None] * ROWS), SCHEMA, reference=CLEAN), "schema.all_missing")
    assert "all 400 rows are missing" in check.message
    typed = Statistics(ROWS, {**CLEAN.columns, "fare": ColumnStatistics(Kind.NUMBER, rows=ROWS, missing=ROWS)})
    assert only(validate(typed, SCHEMA), "schema.all_missing").subject == "fare"


def test_infinities_are_refused():
    check = only(validate(trips(fare=[math.inf, -math.inf, *FARES[2:]]), SCHEMA), "schema.infinite")
    assert check.observed == 2
    assert check.evidence == {"positive": 1, "negative": 1}


def test_strange_values_are_listed_with_their_counts():
    check = only(validate(trips(origin=["SFO"] * 30 + ["JFK"] * 370), SCHEMA), "schema.domain")
    assert "'SFO' (30)" in check.message
    assert check.observed == 0.075
    assert check.evidence["found"] == [{"value": "SFO", "rows": 30}]
    assert "seakeep schema update tips.schema.yaml DATA" in check.fix


def test_a_change_of_case_is_guessed():
    check = only(validate(trips(origin=["jfk ", "LGA"] * 200), SCHEMA), "schema.domain")
    assert "'jfk ' is 'JFK' in other case or with spaces." in check.message


def test_a_tolerated_share_of_other_values_passes():
    schema = with_contract("origin", others_at_most=0.1)
    report = validate(trips(origin=["SFO"] * 30 + ["JFK"] * 370), schema)
    assert report.verdict is Verdict.PASS


def test_true_is_not_the_integer_one():
    schema = Schema(
        "t", {"x": ColumnSchema(Kind.INTEGER, values=(1,)), "y": ColumnSchema(Kind.BOOLEAN, values=(True,))}
    )
    assert validate(table_of({"x": [1, 1], "y": [True, True]}), schema).verdict is Verdict.PASS
    assert [c.subject for c in validate(table_of({"x": [1, 1], "y": [True, False]}), schema).failed] == ["y"]


def test_a_domain_that_the_statistics_cannot_settle_is_inconclusive():
    many = column_of([f"v{i}" for i in range(5000)])
    assert not many.top.is_exact
    schema = Schema("t", {"x": ColumnSchema(Kind.STRING, values=tuple(many.top.values[:5]), others_at_most=0.5)})
    report = validate(Statistics(5000, {"x": many}), schema)
    assert only(report, "schema.domain").verdict is Verdict.INCONCLUSIVE


def test_values_beyond_the_bounds_are_measured():
    check = only(validate(trips(fare=[-1.0, 999.0, *FARES[2:]]), SCHEMA), "schema.bounds")
    assert "-1.0 is below the minimum 0.0 and 999.0 is above the maximum" in check.message
    assert "about 0.50% of values lie outside" in check.message
    assert "set minimum: -1.0" in check.fix


def test_times_beyond_their_bounds_are_written_as_people_do():
    schema = Schema("t", {"at": ColumnSchema(Kind.TIMESTAMP, minimum=1356998400000000)})
    statistics = Statistics(2, {"at": column_of([0, 1356998400000000], Kind.TIMESTAMP)})
    check = only(validate(statistics, schema), "schema.bounds")
    assert "1970-01-01T00:00:00Z is below the minimum 2013-01-01T00:00:00Z" in check.message


def test_values_that_occur_twice_are_named():
    check = only(validate(trips(trip_id=[7, 7, *range(100, ROWS + 98)]), SCHEMA), "schema.unique")
    assert "such as 7 (2 times)" in check.message


def test_a_large_key_without_duplicates_passes_and_says_how_sure_it_is():
    schema = Schema("t", {"x": ColumnSchema(Kind.INTEGER, unique=True)})
    report = validate(table_of({"x": list(range(5000))}), schema)
    assert report.verdict is Verdict.PASS
    assert "would have seen 6.5% of duplicates" in report.checks[-1].message


def test_a_label_of_one_class_is_refused():
    check = only(validate(trips(tip=[True] * ROWS), SCHEMA), "schema.label_classes")
    assert check.message == "The label 'tip' has 1 different values, True; learning needs at least 2."


@pytest.mark.parametrize(
    ("values", "kind"), [([[1], [2]], "list"), ([{"a": 1}, {"a": 2}], "struct"), ([b"a", b"b"], "binary")]
)
def test_a_label_that_is_no_scalar_is_refused_by_its_kind(values, kind):
    table = profile_frame(pl.DataFrame({"y": values}))
    check = only(validate(table, Schema("t", {"y": ColumnSchema(Kind(kind))}, label="y")), "schema.label_classes")
    assert check.verdict is Verdict.FAIL
    assert check.message == f"The label 'y' is of kind {kind}; a label is a boolean, an integer, a number or a string."
    assert "derive=" in check.fix


def test_a_label_without_values_is_refused():
    codes = {check.code for check in validate(trips(tip=[None] * ROWS), SCHEMA).failed}
    assert codes == {"schema.all_missing", "schema.label_classes"}


def test_a_column_that_stopped_varying_is_inconclusive():
    schema = with_contract("fare", maximum=None)
    check = only(validate(trips(fare=[5.0] * ROWS), schema, reference=CLEAN), "schema.constant")
    assert check.verdict is Verdict.INCONCLUSIVE
    assert "holds 5.0 alone now" in check.message


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (60, "minutes became seconds"),
        (1 / 60, "the reverse of: minutes became seconds"),
        (1.609344, "miles became kilometres"),
        (100, "a share became percent"),
        (7.7, "every value was multiplied by one factor"),
    ],
)
def test_a_changed_unit_is_named(factor, words):
    schema = with_contract("fare", maximum=None)
    check = only(validate(trips(fare=[x * factor for x in FARES]), schema, reference=CLEAN), "schema.unit_changed")
    assert words in check.message
    assert check.observed == pytest.approx(factor, rel=0.01)


def test_a_changed_unit_explains_a_changed_kind():
    whole = [x % 97 + 1 for x in range(ROWS)]
    schema = infer_schema(table_of({"miles": whole}))
    report = validate(table_of({"miles": [x * 1.609344 for x in whole]}), schema, reference=table_of({"miles": whole}))
    assert [check.code for check in report.failed] == ["schema.kind", "schema.unit_changed"]


def test_a_table_cut_by_a_column_of_few_values_passes():
    schema = infer_schema(CLEAN, key="trip_id")
    assert validate(trips(origin=["JFK"] * ROWS), schema, reference=CLEAN).verdict is Verdict.PASS


def test_degrees_are_told_by_their_offset():
    schema = with_contract("fare", maximum=None)
    fahrenheit = [x * 1.8 + 32 for x in FARES]
    check = only(validate(trips(fare=fahrenheit), schema, reference=CLEAN), "schema.unit_changed")
    assert "Celsius became Fahrenheit" in check.message
    assert "- 32) / 1.8" in check.fix
    back = validate(trips(fare=FARES), replace(schema), reference=trips(fare=fahrenheit))
    assert "Fahrenheit became Celsius" in only(back, "schema.unit_changed").message


def test_a_shifted_or_wider_distribution_is_no_changed_unit():
    schema = with_contract("fare", maximum=None, minimum=None)
    for moved in ([x + 40 for x in FARES], [x**1.5 for x in FARES], [x * 1.2 for x in FARES]):
        assert validate(trips(fare=moved), schema, reference=CLEAN).verdict is Verdict.PASS


def test_invalid_utf8_is_reported():
    broken = replace(CLEAN["origin"], invalid_utf8=3)
    report = validate(Statistics(ROWS, {**CLEAN.columns, "origin": broken}), SCHEMA)
    assert "iconv" in only(report, "schema.invalid_utf8").fix


def test_too_few_rows_fail():
    check = only(validate(CLEAN, replace(SCHEMA, rows_at_least=1000)), "schema.rows")
    assert check.message == "The table has 400 rows, fewer than the 1,000 that the contract asks for."


@pytest.mark.parametrize(
    "statistics", [Statistics(), Statistics(0, {n: ColumnStatistics(c.kind) for n, c in CLEAN.columns.items()})]
)
def test_an_empty_table_never_passes(statistics):
    assert validate(statistics, SCHEMA, reference=CLEAN).verdict is Verdict.FAIL
    allowed = validate(statistics, replace(SCHEMA, rows_at_least=0, columns={}), environment="serving")
    assert allowed.verdict is Verdict.INCONCLUSIVE


def test_an_empty_contract_refuses_every_column_in_training():
    assert {check.code for check in validate(CLEAN, Schema("t")).failed} == {"schema.unexpected_column"}


def test_drift_that_the_contract_limits_is_judged_with_a_reference():
    schema = with_contract("origin", drift={"l_infinity": 0.2})
    moved = trips(origin=["JFK"] * ROWS)
    report = validate(moved, schema, reference=CLEAN)
    assert {check.code for check in report.failed} == {"drift.l_infinity"}
    assert report.table("drift").records()[0]["column"] == "origin"
    assert validate(moved, schema).verdict is Verdict.PASS


def test_a_wrong_kind_is_reported_once_and_not_compared():
    schema = with_contract("fare", drift={"psi": 0.2})
    report = validate(trips(fare=["a"] * ROWS), schema, reference=CLEAN)
    assert [check.code for check in report.failed] == ["schema.kind"]


def test_an_unknown_environment_is_refused():
    with pytest.raises(UsageError, match="there is no environment 'servin'") as error:
        validate(CLEAN, SCHEMA, environment="servin")
    assert "Did you mean 'serving'?" in str(error.value)


COLUMN = st.sampled_from(
    [
        [1, 2, 3],
        [None, None, None],
        [1.5, math.nan, math.inf],
        ["a", "b", None],
        [True, False, True],
        [10**18, -(10**18), 0],
        ["", "é", "x" * 1000],
    ]
)
TABLES = st.dictionaries(st.sampled_from("abcd"), COLUMN, max_size=4)


@given(TABLES, TABLES, TABLES, st.sampled_from(["training", "serving"]))
def test_no_pair_of_table_and_contract_breaks_validation(first, second, third, environment):
    schema = infer_schema(table_of(first), label=next(iter(first), None))
    report = validate(table_of(second), schema, environment=environment, reference=table_of(third))
    assert report.checks
    assert all(check.code in MEANINGS for check in report.checks)
    assert all(bool(check.fix) == (check.verdict is not Verdict.PASS) for check in report.checks)


def test_bytes_need_not_be_text():
    statistics = profile_frame(pl.DataFrame({"image": [b"\xff\xfe", b"\x00"]}))
    schema = infer_schema(statistics)
    assert schema["image"].kind is Kind.BINARY
    assert not [check for check in validate(statistics, schema).checks if check.code == "schema.invalid_utf8"]


def test_a_table_instead_of_its_statistics_is_told_what_to_do():
    frame = pl.DataFrame({"fare": [1.0]})
    with pytest.raises(UsageError, match=r"seakeep\.validate\(seakeep\.profile\(dataset\), schema\)"):
        validate(frame, Schema("tips", {}))
