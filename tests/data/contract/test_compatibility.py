"""Which changes of a contract break those who kept the old one, and which do not."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seakeep
from seakeep.core import Kind, Schema, Verdict
from seakeep.core.schema import ColumnSchema, RowRule
from seakeep.data.contract.compatibility import _NARROWER, NEUTRAL, compare_contracts
from seakeep.data.contract.update import update_schema

COLUMN = ColumnSchema(
    Kind.NUMBER, missing_at_most=0.1, minimum=0, maximum=10, values=(1, 2), others_at_most=0.1, infinite=True
)
BEFORE = Schema("trips", {"fare": COLUMN, "zone": ColumnSchema(Kind.STRING, required=False, available="after", not_in=("serving",))},
                time="zone", rows_at_least=10)  # fmt: skip


def changed(**fields) -> Schema:
    return replace(BEFORE, columns={**BEFORE.columns, "fare": replace(COLUMN, **fields)})


def zone(**fields) -> Schema:
    return replace(BEFORE, columns={**BEFORE.columns, "zone": replace(BEFORE.columns["zone"], **fields)})


BREAKS = {
    "kind was number and is string": changed(kind=Kind.STRING),
    "missing_at_most was 0.1 and is 0.05": changed(missing_at_most=0.05),
    "minimum was 0 and is 1": changed(minimum=1),
    "maximum was 10 and is 9": changed(maximum=9),
    "values taken out: 2": changed(values=(1,)),
    "others_at_most was 0.1 and is 0": changed(others_at_most=0.0),
    "infinities are no longer allowed": changed(infinite=False),
    "a value may now occur once only": changed(unique=True),
    "it was optional and must now be there": zone(required=True),
    "it must now be sent with a request": zone(available="before"),
    "it is now expected in serving": zone(not_in=()),
    "at least 11 rows, before 10": replace(BEFORE, rows_at_least=11),
    "time was 'zone' and is 'fare'": replace(BEFORE, time="fare"),
    "a new column (string) that must be there": replace(
        BEFORE, columns={**BEFORE.columns, "tip": ColumnSchema(Kind.STRING)}
    ),
    "was taken out, so tables that have it are refused": replace(BEFORE, columns={"fare": COLUMN}, time=None),
}
KEEPS = {
    "nothing": BEFORE,
    "a note": changed(note="in dollars"),
    "a threshold of drift": changed(drift={"psi": 0.1}),
    "more may be missing": changed(missing_at_most=0.2),
    "wider bounds": changed(minimum=-1, maximum=None),
    "more values": changed(values=(1, 2, 3)),
    "any value": changed(values=None),
    "optional": changed(required=False),
    "fewer rows": replace(BEFORE, rows_at_least=1),
    "a key where there was none": replace(BEFORE, key="fare"),
    "a new column that may be absent": replace(
        BEFORE, columns={**BEFORE.columns, "tip": ColumnSchema(Kind.STRING, required=False)}
    ),
    "not before the prediction any more": changed(available="after"),
}


@pytest.mark.parametrize("why", BREAKS)
def test_what_asks_for_more_breaks_and_says_how(why):
    report = compare_contracts(BEFORE, BREAKS[why])
    assert report.verdict is Verdict.FAIL
    assert any(why in check.message for check in report.checks), report.checks
    assert all(check.code == "contract.compatible" and check.fix for check in report.checks)
    assert report.table("differences").rows


@pytest.mark.parametrize("what", KEEPS)
def test_what_asks_for_less_breaks_nobody(what):
    report = compare_contracts(BEFORE, KEEPS[what])
    assert report.verdict is Verdict.PASS
    assert len(report.checks) == 1
    assert report.checks[0].message.endswith("unchanged." if what == "nothing" else "kept the old contract.")


def test_an_accepted_break_passes_and_is_still_told():
    report = compare_contracts(BEFORE, changed(minimum=1), accepted=True)
    assert report.verdict is Verdict.PASS
    assert "minimum was 0 and is 1" in report.checks[0].message
    assert "accepted" in report.checks[0].message


def test_values_listed_where_any_was_allowed_break():
    before = replace(BEFORE, columns={"fare": replace(COLUMN, values=None)}, time=None)
    report = compare_contracts(before, replace(before, columns={"fare": COLUMN}))
    assert "values are listed" in report.checks[0].message


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20), st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_a_contract_that_was_loosened_to_a_table_never_breaks(first, second):
    one, other = (pl.DataFrame({"fare": values}, schema={"fare": pl.Float64}) for values in (first, second))
    before = seakeep.infer_schema(seakeep.profile(seakeep.read(one)))
    after = update_schema(before, seakeep.profile(seakeep.read(other)))
    assert compare_contracts(before, after).verdict is Verdict.PASS


def one(column: ColumnSchema, **said) -> Schema:
    return Schema("t", {"a": replace(column, **said)})


TEXT, LIST, STRUCT = (ColumnSchema(kind, missing_at_most=0.5) for kind in (Kind.STRING, Kind.LIST, Kind.STRUCT))
FLOAT = ColumnSchema(Kind.NUMBER)
SHORT = ColumnSchema(Kind.STRING, length_at_most=3)
DEEPER = [
    (one(TEXT), one(TEXT, present_at_least=3), "present_at_least was 0 and is 3"),
    (one(TEXT), one(TEXT, length_at_least=1), "length_at_least was not given and is 1"),
    (one(TEXT, length_at_most=9), one(TEXT, length_at_most=5), "length_at_most was 9 and is 5"),
    (one(TEXT), one(TEXT, distinct_at_least=2), "distinct_at_least was not given and is 2"),
    (one(TEXT, distinct_at_most=9), one(TEXT, distinct_at_most=5), "distinct_at_most was 9 and is 5"),
    (one(TEXT), one(TEXT, pattern="a+"), "pattern was not given and is 'a+'"),
    (one(TEXT, pattern="a"), one(TEXT, pattern="b"), "pattern was 'a' and is 'b'"),
    (one(TEXT), one(TEXT, semantics="url"), "its values must be URLs"),
    (one(FLOAT), one(FLOAT, nan="refused"), "NaN was missing and is refused"),
    (one(FLOAT, nan="allowed"), one(FLOAT), "NaN was allowed and is missing"),
    (one(TEXT), one(TEXT, in_=("serving",)), "it is now in serving only"),
    (one(TEXT, in_=("training",)), one(TEXT, in_=("serving",)), "it is now in serving only, before in training"),
    (one(TEXT, in_=("training",)), one(TEXT), "it is now expected in every environment"),
    (one(TEXT), one(TEXT, deprecated="old", required=False), "it is deprecated"),
    (one(TEXT, deprecated="old", required=False), one(TEXT), "it is no longer deprecated"),
    (one(LIST), one(LIST, items=SHORT), "what its items must be is stated"),
    (one(LIST, items=TEXT), one(LIST, items=SHORT), "Column 'a[]' asks for more than before: missing_at_most"),
    (one(STRUCT), one(STRUCT, fields={"b": SHORT}), "its fields are listed"),
    (one(STRUCT, fields={"b": TEXT}), one(STRUCT, fields={"b": SHORT}), "Column 'a.b' asks for more"),
    (one(STRUCT, fields={"b": TEXT}), one(STRUCT, fields={"b": TEXT, "c": TEXT}), "Column 'a.c' asks for more"),
]
TABLES_TOO = [
    ({}, {"rows_at_most": 5}, "rows_at_most was not given and is 5"),
    ({}, {"growth_at_least": 0.5}, "growth_at_least was not given and is 0.5"),
    ({"growth_at_most": 3.0}, {"growth_at_most": 2.0}, "growth_at_most was 3 and is 2"),
    ({"environments": ("batch",)}, {}, "environments taken out: batch"),
    ({}, {"default_in": ("training",)}, "default_in: it is now in training only"),
    ({}, {"rules": (RowRule("r", holds="a = a"),)}, "Rule r asks for more than before: a new rule"),
    ({"rules": (RowRule("r", holds="a = a"),)}, {"rules": (RowRule("r", holds="a > a"),)}, "it says something else"),
    (
        {"rules": (RowRule("r", holds="a = a", broken_at_most=0.5, not_in=("serving",)),)},
        {"rules": (RowRule("r", holds="a = a"),)},
        "broken_at_most was 0.5 and is 0; it is now expected in serving",
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        *DEEPER,
        *((replace(one(TEXT), **old), replace(one(TEXT), **new), why) for old, new, why in TABLES_TOO),
    ],
)
def test_what_a_contract_gained_breaks_where_it_asks_for_more(before, after, why):
    report = compare_contracts(before, after)
    assert report.verdict is Verdict.FAIL
    assert any(why in check.message for check in report.checks), report.checks
    assert report.table("differences").rows


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (one(TEXT, length_at_most=5), one(TEXT, length_at_most=9)),
        (one(TEXT, pattern="a"), one(TEXT)),
        (one(TEXT, semantics="url"), one(TEXT)),
        (one(FLOAT, nan="refused"), one(FLOAT)),
        (one(TEXT), one(TEXT, skew={"psi": 0.1}, semantics="natural_language")),
        (one(LIST, items=SHORT), one(LIST)),
        (one(STRUCT, fields={"b": SHORT}), one(STRUCT)),
        (replace(one(TEXT), rules=(RowRule("r", holds="a = a"),)), one(TEXT)),
        (replace(one(TEXT), rows_at_most=5), one(TEXT)),
    ],
)
def test_what_a_contract_gained_breaks_nobody_where_it_asks_for_less(before, after):
    assert compare_contracts(before, after).verdict is Verdict.PASS


def test_every_field_of_a_column_is_judged():
    assert {*_NARROWER, *NEUTRAL} == set(ColumnSchema.__slots__)
    assert not {*_NARROWER} & {*NEUTRAL}
