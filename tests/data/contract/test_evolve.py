"""Changing a contract: updates accept exactly what was found, renames keep places and roles, differences are told."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import ColumnSchema, Kind, RowRule, Schema, Verdict
from seakeep.core.errors import UsageError
from seakeep.data.contract.evolve import CannotRename, diff_schemas, rename_column
from seakeep.data.contract.infer import infer_schema
from seakeep.data.contract.update import update_schema
from seakeep.data.validation.anomalies import MEANINGS
from seakeep.data.validation.validate import validate
from seakeep.testing import table_of

COLUMN = st.sampled_from(
    [
        [1, 2, 3] * 40,
        [-5, 1, 10**12] * 40,
        [None] * 120,
        [1.5, math.nan, math.inf] * 40,
        ["a", "b", None] * 40,
        ["a", "c", "d"] * 40,
        [True, False, True] * 40,
        [float(x) for x in range(120)],
    ]
)
TABLES = st.dictionaries(st.sampled_from("abcd"), COLUMN, max_size=4)


@given(TABLES, TABLES)
def test_a_table_keeps_the_contract_updated_with_it(first, second):
    schema = infer_schema(table_of(first), key=next(iter(first), None))
    statistics = table_of(second)
    updated = update_schema(schema, statistics)
    assert {check.code for check in validate(statistics, updated).failed} <= ({"schema.rows"} if not second else set())
    assert update_schema(updated, statistics) == updated
    assert list(updated.columns)[: len(schema.columns)] == list(schema.columns)


@given(TABLES)
def test_a_table_that_keeps_its_contract_changes_nothing(columns):
    statistics = table_of(columns)
    schema = infer_schema(statistics)
    assert update_schema(schema, statistics) == schema


def test_what_people_wrote_stays():
    written = ColumnSchema(Kind.NUMBER, maximum=10.0, drift={"psi": 0.1}, note="in dollars", available="after")
    updated = update_schema(Schema("t", {"fare": written}), table_of({"fare": [1.0, 50.0]}))
    assert updated["fare"] == ColumnSchema(
        Kind.NUMBER, maximum=50.0, drift={"psi": 0.1}, note="in dollars", available="after"
    )


def test_new_values_join_the_list_and_an_open_list_is_given_up():
    schema = Schema("t", {"x": ColumnSchema(Kind.STRING, values=("b", "a"))})
    assert update_schema(schema, table_of({"x": ["d", "c", "a"]}))["x"].values == ("b", "a", "c", "d")
    assert update_schema(schema, table_of({"x": [f"v{i}" for i in range(300)]}))["x"].values is None


def test_columns_come_and_go():
    schema = Schema("t", {"old": ColumnSchema(Kind.STRING)})
    updated = update_schema(schema, table_of({"new": [1, 2]}))
    assert not updated["old"].required
    assert updated["new"].kind is Kind.INTEGER
    served = update_schema(schema, table_of({"new": [1, 2]}), environment="serving")
    assert "new" not in served.columns


def test_a_rename_keeps_the_place_and_the_roles():
    schema = Schema("t", {"a": ColumnSchema(Kind.STRING), "b": ColumnSchema(Kind.NUMBER)}, label="a")
    renamed = rename_column(schema, "a", "z")
    assert list(renamed.columns) == ["z", "b"]
    assert renamed.label == "z"
    assert rename_column(renamed, "z", "a") == schema


def test_a_rename_of_no_column_names_the_nearest():
    with pytest.raises(UsageError, match="there is no column 'fair'") as error:
        rename_column(Schema("t", {"fare": ColumnSchema(Kind.NUMBER)}), "fair", "x")
    assert "Did you mean 'fare'?" in str(error.value)


def test_a_rename_onto_another_column_is_refused():
    schema = Schema("t", {"a": ColumnSchema(Kind.STRING), "b": ColumnSchema(Kind.NUMBER)})
    with pytest.raises(CannotRename, match="another column is") as error:
        rename_column(schema, "a", "b")
    assert "Take 'b' out" in str(error.value)
    assert rename_column(schema, "a", "a") == schema


@given(TABLES, TABLES)
def test_contracts_differ_exactly_where_the_report_says_so(first, second):
    a, b = infer_schema(table_of(first)), infer_schema(table_of(second))
    assert diff_schemas(a, a).verdict is Verdict.PASS
    report = diff_schemas(a, b)
    assert (report.verdict is Verdict.PASS) == (a == b)
    assert all(check.code in MEANINGS for check in report.checks)


def test_differences_are_told_field_by_field():
    a = Schema("t", {"x": ColumnSchema(Kind.STRING, values=("a", "b")), "gone": ColumnSchema(Kind.NUMBER)}, label="x")
    b = Schema(
        "t", {"x": ColumnSchema(Kind.STRING, values=("a", "c"), drift={"psi": 0.1}), "new": ColumnSchema(Kind.LIST)}
    )
    rows = diff_schemas(a, b).table("differences").rows
    assert rows == (
        ("table", "label", "x", None),
        ("x", "values", "b", "c"),
        ("x", "drift", "", "psi: 0.1"),
        ("gone", "column", "number", None),
        ("new", "column", None, "list"),
    )


def test_what_lies_inside_of_columns_and_rules_is_told_too():
    def contract(most: int, rule: str) -> Schema:
        tags = ColumnSchema(Kind.LIST, items=ColumnSchema(Kind.STRING, length_at_most=most))
        return Schema(
            "t", {"tags": tags}, rules=(RowRule("r", holds=rule),), rows_at_most=most, environments=("batch",)
        )

    report = diff_schemas(contract(3, "a"), contract(4, "b"))
    assert report.table("differences").rows == (
        ("table", "rows_at_most", 3, 4),
        ("tags[]", "length_at_most", 3, 4),
        ("rule r", "rule", "holds: a", "holds: b"),
    )
    assert [check.code for check in report.checks] == [
        "contract.table_changed",
        "contract.column_changed",
        "contract.table_changed",
    ]


def test_a_rename_reaches_rules_and_leaves_texts_and_functions_alone():
    rules = (
        RowRule("r", holds="max > 3 and max(max, 1) > 2 or name = 'max'"),
        RowRule("s", refers=("max",), to="x", by=("max",)),
    )
    schema = Schema("t", {"max": ColumnSchema(Kind.NUMBER), "name": ColumnSchema(Kind.STRING)}, rules=rules)
    renamed = rename_column(schema, "max", "the most")
    assert renamed.rules[0].holds == "`the most` > 3 and max(`the most`, 1) > 2 or name = 'max'"
    assert (renamed.rules[1].refers, renamed.rules[1].by) == (("the most",), ("max",))
    assert rename_column(renamed, "the most", "max") == schema
