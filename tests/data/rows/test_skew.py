"""Training against serving, row by row: what differs, what has no partner, and what cannot be compared."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.core.errors import UsageError
from seakeep.core.report import Verdict
from seakeep.data import read, skew
from seakeep.data.rows import pairs
from seakeep.data.rows.errors import BadKey


def checks(training, serving, **options):
    report = skew(read(training), read(serving), **{"key": "id", **options})
    return {(check.code, check.subject): check for check in report.checks}


def differ(training, serving, **options) -> int:
    found = checks(
        pl.DataFrame({"id": range(len(training)), "x": training}),
        pl.DataFrame({"id": range(len(serving)), "x": serving}),
        **options,
    )
    return found["skew.values", "x"].evidence["differ"]


@pytest.mark.parametrize(
    ("training", "serving", "count"),
    [
        ([1.0, 2.0], [1.0 + 1e-9, 2.1], 1),
        ([1e12, 0.0], [1e12 + 1, 1e-9], 0),
        ([math.nan, None, 1.0], [None, math.nan, None], 1),
        ([math.inf, math.inf, -math.inf], [math.inf, -math.inf, 1.0], 2),
        ([1, 2], [1.0, 2.5], 1),
        ([(1 << 53) + 1], [1 << 53], 1),
        (["a", None, "b"], ["a", "x", "B"], 2),
        (pl.Series(["a", "b"], dtype=pl.Categorical), ["a", "c"], 1),
        ([True, None], [True, False], 1),
        ([datetime(2013, 1, 1, 5)], [datetime(2013, 1, 1, 5, tzinfo=UTC)], 0),
        ([[1, 2], None], [[1, 3], None], 1),
        ([None, None], ["a", None], 1),
    ],
)
def test_values_differ_where_they_do(training, serving, count):
    assert differ(training, serving) == count


def test_examples_hold_both_values_of_the_smallest_keys():
    training = pl.DataFrame({"id": [3, 1, 2], "x": [1, 1, 1]})
    serving = pl.DataFrame({"id": [1, 2, 3], "x": [2, 1, 4]})
    check = checks(training, serving, examples=1)["skew.values", "x"]
    assert check.verdict is Verdict.FAIL
    assert check.message == "Column 'x': 2 of 3 rows differ between training and serving, none may."
    assert check.evidence["examples"] == [{"id": 1, "in training": 1, "in serving": 2}]
    assert checks(training, serving, differ_at_most=0.7)["skew.values", "x"].verdict is Verdict.PASS


def test_rows_without_a_partner_and_without_a_key_are_told():
    training = pl.DataFrame({"id": ["a", "b", None], "x": [1, 2, 3]})
    serving = pl.DataFrame({"id": ["b", "c", "d"], "x": [2, 3, 4]})
    found = checks(training, serving)
    assert found["skew.only_training", "table"].evidence == {"rows": 1, "examples": [{"id": "a"}]}
    assert found["skew.only_serving", "table"].evidence == {"rows": 2, "examples": [{"id": "c"}, {"id": "d"}]}
    assert found["skew.keyless", "id"].observed == 1


def test_a_key_that_stands_twice_fails_and_is_compared_with_nothing():
    training = pl.DataFrame({"id": [1, 1, 2], "x": [1, 2, 3]})
    found = checks(training, pl.DataFrame({"id": [1, 2], "x": [9, 3]}))
    assert found["skew.key", "id"].verdict is Verdict.FAIL
    assert found["skew.key", "id"].evidence == {"keys": 1, "examples": [{"id": "1"}]}
    assert found["skew.values", "x"].evidence["differ"] == 0


def test_tables_that_share_no_key_are_inconclusive():
    report = skew(read(pl.DataFrame({"id": [1], "x": [1]})), read(pl.DataFrame({"id": [2], "x": [1]})), key="id")
    assert report.verdict is Verdict.INCONCLUSIVE


def test_a_column_of_two_kinds_fails():
    found = checks(pl.DataFrame({"id": [1], "x": [1]}), pl.DataFrame({"id": [1], "x": ["1"]}))
    assert found["skew.kind", "x"].verdict is Verdict.FAIL


def test_the_key_may_have_several_parts_and_come_from_the_dataset():
    training = pl.DataFrame({"a": [1, 1], "b": ["x", "y"], "v": [1, 2]})
    report = skew(read(training), read(training.with_columns(v=pl.lit(1))), key=["a", "b"])
    assert [check.observed for check in report.checks if check.code == "skew.values"] == [0.5]
    assert skew(read(training, key="b"), read(training)).checks[0].observed == 2


def test_what_cannot_be_joined_is_refused():
    table = pl.DataFrame({"id": [1], "x": [1]})
    with pytest.raises(BadKey, match="no column is named"):
        skew(read(table), read(table))
    with pytest.raises(BadKey, match="there is no column 'idd'") as caught:
        skew(read(table), read(table), key="idd")
    assert caught.value.nearest == "id"
    with pytest.raises(BadKey, match="is integer in training and string in serving"):
        skew(read(table), read(pl.DataFrame({"id": ["1"]})), key="id")
    with pytest.raises(UsageError, match="no column 'y'"):
        skew(read(table), read(table), key="id", columns=["y"])
    with pytest.raises(UsageError, match="tolerance must be"):
        skew(read(table), read(table), key="id", tolerance=-1)
    with pytest.raises(UsageError, match="differ_at_most must"):
        skew(read(table), read(table), key="id", differ_at_most=2)


KEYS = st.lists(st.tuples(st.integers(0, 12) | st.none(), st.integers(0, 2)), max_size=20)


@settings(max_examples=30)
@given(KEYS, KEYS, st.integers(1, 60))
def test_parts_on_the_disk_give_the_same_answer_as_one(first, second, cells):
    def table(rows):
        return read(pl.DataFrame(rows, schema={"id": pl.Int64, "x": pl.Int64}, orient="row"))

    whole = skew(table(first), table(second), key="id")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "CELLS", cells)
        assert skew(table(first), table(second), key="id") == whole
