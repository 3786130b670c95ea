"""One contract of two: what the widest lets through, what the strictest asks, and the facts that cannot be merged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import ColumnSchema, Kind, RowRule, Schema, Verdict
from seakeep.data.contract.compatibility import compare_contracts
from seakeep.data.contract.contradictions import contradictions
from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.infer import infer_schema
from seakeep.data.contract.merge import merge_schemas
from seakeep.data.contract.reading import read_schema
from seakeep.data.contract.writing import dump_schema
from seakeep.data.validation.validate import validate
from seakeep.testing import table_of

from .strategies import schemas

HOW = ["widest", "strictest"]
COLUMN = st.sampled_from(
    [
        [1, 2, 3] * 40,
        [-5, 1, 10**12] * 40,
        [None] * 120,
        [1.5, None, 2.0] * 40,
        ["a", "b", None] * 40,
        ["a", "c", "d"] * 40,
        [True, False, True] * 40,
    ]
)
TABLES = st.dictionaries(st.sampled_from("abcd"), COLUMN, max_size=4)


def unordered(schema: Schema) -> tuple[object, ...]:
    """A contract without the order of its lists."""
    columns = {
        name: replace(c, values=c.values and tuple(sorted(c.values, key=repr))) for name, c in schema.columns.items()
    }
    rules = tuple(sorted(schema.rules, key=lambda rule: rule.name))
    return replace(schema, columns=columns, environments=tuple(sorted(schema.environments)), rules=rules)


@given(schemas(), st.sampled_from(HOW))
def test_a_contract_merged_with_itself_is_itself(schema, how):
    merged, report = merge_schemas(schema, schema, how=how)
    assert merged == schema
    assert report.verdict is Verdict.PASS


@given(TABLES, TABLES, st.sampled_from(HOW))
def test_without_conflicts_the_order_of_the_two_makes_no_difference(first, second, how):
    a, b = infer_schema(table_of(first)), infer_schema(table_of(second))
    try:
        merged, report = merge_schemas(a, b, how=how)
    except BadContract:
        with pytest.raises(BadContract):
            merge_schemas(b, a, how=how)
        return
    turned, other = merge_schemas(b, a, how=how)
    assert report.verdict is other.verdict
    if report.verdict is Verdict.PASS:
        assert unordered(merged) == unordered(turned)
    assert not any(contradictions(merged))
    assert read_schema(dump_schema(merged), where="t", version=1) == merged


@given(TABLES, TABLES)
def test_a_table_that_keeps_either_contract_keeps_the_widest(first, second):
    a, b = infer_schema(table_of(first)), infer_schema(table_of(second))
    merged, report = merge_schemas(a, b)
    if report.verdict is Verdict.PASS:
        for table in filter(None, (first, second)):
            assert not validate(table_of(table), merged).failed
        for contract in (a, b):
            assert compare_contracts(contract, merged).verdict is Verdict.PASS


def columns(**given: object) -> Schema:
    return Schema("t", {"a": ColumnSchema(**{"kind": Kind.STRING, **given})})


@pytest.mark.parametrize(
    ("first", "second", "widest", "strictest"),
    [
        ({"missing_at_most": 0.1}, {"missing_at_most": 0.2}, {"missing_at_most": 0.2}, {"missing_at_most": 0.1}),
        ({"required": False}, {}, {"required": False}, {}),
        ({"unique": True}, {}, {}, {"unique": True}),
        ({"values": ("a", "b")}, {"values": ("b", "c")}, {"values": ("a", "b", "c")}, {"values": ("b",)}),
        ({"values": ("a",)}, {}, {}, {"values": ("a",)}),
        ({"length_at_most": 3}, {"length_at_most": 9}, {"length_at_most": 9}, {"length_at_most": 3}),
        ({"length_at_least": 3}, {}, {}, {"length_at_least": 3}),
        ({"pattern": "a+"}, {"pattern": "b+"}, {"pattern": "(?:a+)|(?:b+)"}, None),
        ({"drift": {"psi": 0.1}}, {"drift": {"psi": 0.2}}, {"drift": {"psi": 0.2}}, {"drift": {"psi": 0.1}}),
        ({"drift": {"psi": 0.1}}, {}, {}, {"drift": {"psi": 0.1}}),
        ({"available": "after"}, {}, {"available": "after"}, {"available": "after"}),
        ({"note": "x"}, {}, {"note": "x"}, {"note": "x"}),
        ({"sensitive": "hash"}, {"sensitive": "drop"}, {"sensitive": "drop"}, {"sensitive": "drop"}),
        (
            {"kind": Kind.NUMBER},
            {"kind": Kind.INTEGER, "sensitive": "hash"},
            {"kind": Kind.NUMBER, "sensitive": "drop"},
            {"kind": Kind.INTEGER, "sensitive": "hash"},
        ),
        (
            {"kind": Kind.NUMBER, "nan": "refused"},
            {"kind": Kind.NUMBER},
            {"kind": Kind.NUMBER},
            {"kind": Kind.NUMBER, "nan": "refused"},
        ),
        ({"kind": Kind.NUMBER}, {"kind": Kind.INTEGER}, {"kind": Kind.NUMBER}, {"kind": Kind.INTEGER}),
        ({"kind": Kind.NUMBER}, {}, None, None),
        ({"note": "x"}, {"note": "y"}, None, None),
        ({"deprecated": "x", "required": False}, {"required": False}, {"deprecated": "x", "required": False}, None),
    ],
)
def test_limits_have_a_wider_and_a_stricter_side(first, second, widest, strictest):
    for how, wanted in (("widest", widest), ("strictest", strictest)):
        merged, report = merge_schemas(columns(**first), columns(**second), how=how)
        if wanted is not None:
            assert merged == columns(**wanted)
            assert report.verdict is Verdict.PASS


def test_a_fact_stated_in_two_ways_is_a_conflict_and_the_first_is_taken():
    merged, report = merge_schemas(columns(note="x"), Schema("u", {"a": ColumnSchema(Kind.NUMBER)}))
    assert merged["a"].kind is Kind.STRING
    assert merged.name == "t"
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [check.evidence["field"] for check in report.checks] == ["name", "kind"]
    assert "Agree on one" in report.checks[0].fix


def test_the_strictest_that_no_table_could_keep_is_refused():
    low, high = (
        Schema("t", {"a": ColumnSchema(Kind.NUMBER, maximum=1.0)}),
        Schema("t", {"a": ColumnSchema(Kind.NUMBER, minimum=5.0)}),
    )
    with pytest.raises(BadContract, match=r"minimum 5\.0 is above maximum 1\.0"):
        merge_schemas(low, high, how="strictest")


def test_rules_and_nested_columns_merge_too():
    inner = ColumnSchema(Kind.STRING, length_at_most=3)
    numbers = {"a": ColumnSchema(Kind.NUMBER), "b": ColumnSchema(Kind.NUMBER)}
    first = Schema(
        "t",
        {"tags": ColumnSchema(Kind.LIST, items=inner), **numbers},
        rules=(RowRule("r", holds="a > b", broken_at_most=0.1), RowRule("own", holds="a > 0")),
    )
    second = Schema(
        "t",
        {"tags": ColumnSchema(Kind.LIST, items=replace(inner, length_at_most=5)), **numbers},
        rules=(RowRule("r", holds="a > b"),),
    )
    widest, _ = merge_schemas(first, second)
    assert widest["tags"].items.length_at_most == 5
    assert widest.rules == (RowRule("r", holds="a > b", broken_at_most=0.1),)
    strictest, _ = merge_schemas(first, second, how="strictest")
    assert strictest["tags"].items.length_at_most == 3
    assert strictest.rules == (RowRule("r", holds="a > b"), RowRule("own", holds="a > 0"))
