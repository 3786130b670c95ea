"""Which changes of a contract break those who kept the old one, and which do not."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seakeep
from seakeep.core import Kind, Schema, Verdict
from seakeep.core.schema import ColumnSchema
from seakeep.data.contract.compatibility import compare_contracts
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
