"""Validation beyond kinds, values and bounds: each rule finds its fault, passes without it, and says where statistics cannot tell."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seakeep
from seakeep.core import ColumnSchema, ColumnStatistics, Kind, Report, Schema, Statistics, Verdict
from seakeep.core.errors import UsageError
from seakeep.data.contract.infer import infer_schema
from seakeep.data.contract.update import NothingToAccept, acceptable, update_schema
from seakeep.data.validation.anomalies import MEANINGS
from seakeep.data.validation.validate import validate


def stats(**columns: object) -> Statistics:
    return seakeep.profile(seakeep.read(pl.DataFrame(columns, strict=False)))


def contract(kind: Kind, **said: object) -> Schema:
    return Schema("t", {"x": ColumnSchema(kind, **said)})


def broken(report: Report) -> list[tuple[str, str, Verdict]]:
    assert all(check.code in MEANINGS for check in report.checks)
    assert all(bool(check.fix) == (check.verdict is not Verdict.PASS) for check in report.checks)
    return [(check.code, check.subject, check.verdict) for check in report.checks if check.verdict is not Verdict.PASS]


MANY = [f"v{i}" for i in range(9000)]
CASES = [
    # kind, contract, values that keep it, values that break it, code
    (Kind.NUMBER, {"present_at_least": 3, "missing_at_most": 1.0}, [1.0, 2.0, 3.0], [1.0, None, 2.0], "schema.present"),
    (Kind.NUMBER, {"nan": "refused", "missing_at_most": 0.5}, [1.0, None], [1.0, float("nan")], "schema.nan_refused"),
    (Kind.STRING, {"length_at_most": 2}, ["a", "éé"], ["a", "ééé"], "schema.length"),
    (Kind.STRING, {"length_at_least": 1}, ["a", "bb"], ["a", ""], "schema.length"),
    (Kind.BINARY, {"length_at_most": 1}, [b"a", b""], [b"aa", b""], "schema.length"),
    (Kind.LIST, {"length_at_least": 2, "length_at_most": 2}, [[1, 2]], [[1, 2], [1]], "schema.length"),
    (Kind.STRING, {"distinct_at_least": 2}, ["a", "b"], ["a", "a"], "schema.distinct"),
    (Kind.INTEGER, {"distinct_at_most": 2}, [1, 2, 1], [1, 2, 3], "schema.distinct"),
    (Kind.STRING, {"distinct_at_most": 5000}, MANY[:4000], MANY, "schema.distinct"),
    (Kind.STRING, {"pattern": "[A-Z]{2}"}, ["AB", None, "CD"], ["AB", "AB1", None], "schema.pattern"),
    (Kind.STRING, {"semantics": "url"}, ["https://a.b/c?d"], ["https://a.b", "no url"], "schema.semantics"),
]


@pytest.mark.parametrize(("kind", "said", "good", "bad", "code"), CASES)
def test_each_rule_finds_its_fault_and_an_update_accepts_it(kind, said, good, bad, code):
    schema = contract(kind, **{"missing_at_most": 1.0, **said})
    assert broken(validate(stats(x=good), schema)) == []
    report = validate(stats(x=bad), schema)
    assert broken(report) == [(code, "x", Verdict.FAIL)]
    assert acceptable(report) == (f"{code}:x",)
    updated = update_schema(schema, stats(x=bad), accept=acceptable(report))
    assert broken(validate(stats(x=bad), updated)) == []
    assert update_schema(schema, stats(x=bad)) == updated
    assert update_schema(schema, stats(x=good)) == schema


def test_nan_is_missing_or_a_value_as_the_contract_says():
    table = stats(x=[1.0, float("nan"), None, 2.0])
    for nan, most, passes in (
        ("missing", 0.5, True),
        ("missing", 0.4, False),
        ("allowed", 0.25, True),
        ("allowed", 0.2, False),
    ):
        found = broken(validate(table, contract(Kind.NUMBER, nan=nan, missing_at_most=most)))
        assert found == ([] if passes else [("schema.missing_rate", "x", Verdict.FAIL)])
    most = contract(Kind.NUMBER, nan="allowed", present_at_least=3, missing_at_most=1.0)
    assert broken(validate(table, most)) == []


def test_a_share_of_others_may_not_match():
    table = stats(x=["AB"] * 99 + ["?"])
    assert broken(validate(table, contract(Kind.STRING, pattern="[A-Z]+", others_at_most=0.01))) == []
    assert broken(validate(table, contract(Kind.STRING, pattern="[A-Z]+", others_at_most=0.001)))


def test_a_pattern_among_more_values_than_statistics_list_is_inconclusive():
    schema = contract(Kind.STRING, pattern=r"v\d+")
    assert broken(validate(stats(x=MANY), schema)) == [("schema.pattern", "x", Verdict.INCONCLUSIVE)]
    assert "--rows" in validate(stats(x=MANY), schema).checks[-1].fix


def test_a_count_within_the_sketchs_error_is_inconclusive():
    schema = contract(Kind.STRING, distinct_at_most=9000)
    assert broken(validate(stats(x=MANY), schema)) in ([], [("schema.distinct", "x", Verdict.INCONCLUSIVE)])
    found = stats(x=MANY)["x"].distinct
    near = contract(Kind.STRING, distinct_at_most=found)
    assert broken(validate(stats(x=MANY), near)) == [("schema.distinct", "x", Verdict.INCONCLUSIVE)]


def test_statistics_without_lengths_or_items_leave_no_pass_behind():
    found = Statistics(2, {"x": ColumnStatistics(Kind.LIST, rows=2)})
    schema = contract(Kind.LIST, length_at_most=3, items=ColumnSchema(Kind.INTEGER))
    codes = [("schema.length", "x", Verdict.INCONCLUSIVE), ("schema.nested", "x", Verdict.INCONCLUSIVE)]
    assert broken(validate(found, schema)) == codes


PLACES = [{"city": "Nuuk", "zip": 3900}, {"city": "Oslo", "zip": 150}]


def test_what_lies_inside_of_columns_is_judged_by_its_path():
    table = stats(tags=[["a", "b"], ["c", None]], place=PLACES)
    schema = infer_schema(table, name="t")
    assert schema["tags"].items.kind is Kind.STRING
    assert list(schema["place"].fields) == ["city", "zip"]
    assert broken(validate(table, schema)) == []
    narrow = replace(
        schema,
        columns={
            "tags": replace(schema["tags"], items=ColumnSchema(Kind.STRING, values=("a", "b"))),
            "place": replace(
                schema["place"],
                fields={"city": ColumnSchema(Kind.STRING, length_at_most=3), "land": ColumnSchema(Kind.STRING)},
            ),
        },
    )
    assert broken(validate(table, narrow)) == [
        ("schema.missing_rate", "tags[]", Verdict.FAIL),
        ("schema.domain", "tags[]", Verdict.FAIL),
        ("schema.length", "place.city", Verdict.FAIL),
        ("schema.missing_column", "place.land", Verdict.FAIL),
        ("schema.unexpected_column", "place.zip", Verdict.FAIL),
    ]
    one = update_schema(narrow, table, accept=["schema.length:place.city"])
    assert one["place"].fields["city"].length_at_most == 4
    assert one["tags"] == narrow["tags"]
    assert broken(validate(table, update_schema(narrow, table))) == []


def test_deprecated_columns_are_not_judged():
    schema = contract(Kind.NUMBER, deprecated="use y", required=False)
    report = validate(stats(x=["text"]), schema)
    assert broken(report) == []
    assert "use y" in report.checks[-1].message
    assert update_schema(schema, stats(x=["text"])) == schema


def test_rows_and_growth_have_limits():
    schema = Schema("t", {"x": ColumnSchema(Kind.INTEGER)}, rows_at_most=3, growth_at_least=0.5, growth_at_most=2.0)
    two, four = stats(x=[1, 2]), stats(x=[1, 2, 3, 4])
    assert broken(validate(two, schema, previous=four)) == []
    assert broken(validate(four, schema, previous=two)) == [("schema.rows_at_most", "table", Verdict.FAIL)]
    assert update_schema(schema, four).rows_at_most == 4
    loose = replace(schema, rows_at_most=None)
    assert broken(validate(stats(x=[1]), loose, previous=four)) == [("schema.growth", "table", Verdict.FAIL)]
    assert broken(validate(stats(x=[1] * 9), loose, previous=four)) == [("schema.growth", "table", Verdict.FAIL)]
    assert broken(validate(two, loose, previous=Statistics())) == [("schema.growth", "table", Verdict.INCONCLUSIVE)]


def test_drift_compares_with_the_span_before_where_there_is_no_reference():
    schema = contract(Kind.STRING, drift={"l_infinity": 0.1})
    calm, moved = stats(x=["a", "b"] * 500), stats(x=["a"] * 1000)
    assert broken(validate(moved, schema, previous=calm)) == [("drift.l_infinity", "x", Verdict.FAIL)]
    assert broken(validate(moved, schema, previous=calm, reference=moved)) == []


def test_skew_compares_serving_with_training():
    schema = contract(Kind.STRING, skew={"l_infinity": 0.1})
    calm, moved = stats(x=["a", "b"] * 500), stats(x=["a"] * 1000)
    report = validate(calm, schema, serving=moved)
    assert broken(report) == [("skew.l_infinity", "x", Verdict.FAIL)]
    assert "of serving to training" in report.failed[0].message
    assert "skew: {l_infinity" in report.failed[0].fix
    assert report.table("skew").rows
    assert broken(validate(calm, schema, serving=calm)) == []
    assert broken(validate(calm, schema, serving=Statistics())) == [("skew.rows", "serving", Verdict.INCONCLUSIVE)]
    assert broken(validate(calm, schema, serving=stats(x=[None, None]))) == [
        ("skew.l_infinity", "x", Verdict.INCONCLUSIVE)
    ]


def test_drift_reaches_items_and_fields():
    schema = Schema("t", {"x": ColumnSchema(Kind.LIST, items=ColumnSchema(Kind.STRING, drift={"l_infinity": 0.1}))})
    calm, moved = stats(x=[["a", "b"]] * 500), stats(x=[["a"]] * 1000)
    assert broken(validate(moved, schema, reference=calm)) == [("drift.l_infinity", "x[]", Verdict.FAIL)]


def test_environments_may_have_names_of_their_own():
    schema = Schema(
        "t",
        {
            "x": ColumnSchema(Kind.INTEGER),
            "y": ColumnSchema(Kind.INTEGER, in_=("batch",)),
            "z": ColumnSchema(Kind.INTEGER, not_in=("training",)),
        },
        environments=("batch",),
        default_in=("training",),
    )
    assert [list(schema.expected(each)) for each in ("training", "serving", "batch")] == [["x"], [], ["y"]]
    assert broken(validate(stats(x=[1]), schema)) == []
    assert broken(validate(stats(x=[1]), schema, environment="batch")) == [("schema.missing_column", "y", Verdict.FAIL)]
    with pytest.raises(UsageError, match="there is no environment 'batsh'") as error:
        validate(stats(x=[1]), schema, environment="batsh")
    assert "Did you mean 'batch'?" in str(error.value)
    updated = update_schema(schema, stats(x=[1], y=[1]))
    assert updated["y"].in_ == ("batch", "training")
    assert broken(validate(stats(x=[1], y=[1]), updated)) == []


def test_only_what_is_named_is_accepted():
    schema = Schema("t", {"x": ColumnSchema(Kind.STRING, values=("a",)), "y": ColumnSchema(Kind.INTEGER, maximum=1)})
    table = stats(x=["b"], y=[7])
    assert update_schema(schema, table, accept=["schema.bounds"])["x"] == schema["x"]
    assert update_schema(schema, table, accept=["schema.domain:x"])["y"] == schema["y"]
    assert update_schema(schema, table, accept=[]) == schema
    with pytest.raises(NothingToAccept, match="the table breaks no such rule") as error:
        update_schema(schema, table, accept=["schema.domain:z"])
    assert "Did you mean 'schema.domain:x'?" in str(error.value)
    assert "schema.bounds:y" in str(error.value)


INNER = st.sampled_from([["a", None], [], None, ["bb"] * 3])
TABLES = st.fixed_dictionaries(
    {
        "tags": st.lists(INNER, min_size=1, max_size=30),
        "place": st.lists(st.sampled_from([*PLACES, None, {"city": None, "zip": 1}]), min_size=1, max_size=30),
        "url": st.lists(st.sampled_from([None, "https://a/b", "http://c", "x y z w v u"]), min_size=1, max_size=30),
        "raw": st.lists(st.sampled_from([b"", b"abc", None]), min_size=1, max_size=30),
    }
)
TYPES = {
    "tags": pl.List(pl.String),
    "place": pl.Struct({"city": pl.String, "zip": pl.Int64}),
    "url": pl.String,
    "raw": pl.Binary,
}


def nested_stats(table: dict[str, list[object]]) -> Statistics:
    rows = min(map(len, table.values()))
    frame = pl.DataFrame({name: values[:rows] for name, values in table.items()}, schema=TYPES)
    return seakeep.profile(seakeep.read(frame))


@given(TABLES)
def test_a_nested_table_keeps_the_contract_inferred_from_it(table):
    found = nested_stats(table)
    assert validate(found, infer_schema(found)).verdict is Verdict.PASS


@given(TABLES, TABLES)
def test_a_nested_table_keeps_the_contract_updated_with_it(first, second):
    schema, found = infer_schema(nested_stats(first)), nested_stats(second)
    updated = update_schema(schema, found)
    assert not validate(found, updated).failed
    assert update_schema(updated, found) == updated


def test_lengths_and_meanings_are_inferred_with_care():
    rows = 1200
    table = stats(
        code=[f"c{i % 500:03d}" for i in range(rows)],
        free=["x" * (i % 7 + 1) + str(i) for i in range(rows)],
        embedding=[[0.1, 0.2, 0.3]] * rows,
        basket=[[1] * (i % 3 + 1) for i in range(rows)],
        page=[f"https://example.org/{i}" for i in range(rows)],
        words=[f"it rained for {i} days on end" for i in range(rows)],
    )
    schema = infer_schema(table)
    said = {name: (c.length_at_least, c.length_at_most, c.semantics) for name, c in schema.columns.items()}
    assert said == {
        "code": (4, 4, ""),
        "free": (None, None, ""),
        "embedding": (3, 3, ""),
        "basket": (None, 5, ""),
        "page": (None, None, "url"),
        "words": (None, None, "natural_language"),
    }
    assert validate(table, schema).verdict is Verdict.PASS


def test_weights_play_no_part_in_what_is_inferred():
    table = seakeep.read(pl.DataFrame({"x": [1.0, None, 3.0] * 50, "w": [0.5, 100.0, 2.0] * 50}))
    plain, weighted = (infer_schema(seakeep.profile(table, weight=weight)) for weight in (None, "w"))
    assert plain["x"] == weighted["x"]


def test_skew_is_not_asked_of_columns_that_serving_has_not():
    column = ColumnSchema(Kind.STRING, skew={"l_infinity": 0.1})
    schema = Schema("t", {"x": replace(column, available="after"), "y": column}, label="y")
    calm, moved = stats(x=["a", "b"] * 500, y=["a", "b"] * 500), stats(x=["a"] * 1000, y=["a"] * 1000)
    assert broken(validate(calm, schema, serving=moved)) == []


@pytest.mark.parametrize(
    ("kind", "values"), [(Kind.BINARY, [b"a", b"b"]), (Kind.LIST, [[1], [2]]), (Kind.STRUCT, [{"a": 1}, {"a": 2}])]
)
def test_what_is_not_counted_by_value_is_neither_unique_nor_repeated(kind, values):
    report = validate(stats(x=values), contract(kind, unique=True, distinct_at_least=2))
    assert broken(report) == [
        ("schema.distinct", "x", Verdict.INCONCLUSIVE),
        ("schema.unique", "x", Verdict.INCONCLUSIVE),
    ]
    assert f"statistics do not count how many different values a {kind.value} column has" in report.checks[-1].message
