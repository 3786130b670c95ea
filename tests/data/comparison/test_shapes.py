from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seakeep
from seakeep.data.comparison.shapes import shapes

numbers = st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=1, max_size=60)
texts = st.lists(st.sampled_from([*"abcdefghijklmnopqr"]) | st.none(), min_size=1, max_size=60)
moments = st.lists(st.datetimes() | st.none(), min_size=1, max_size=30)


def column(values):
    frame = pl.DataFrame({"x": values}, strict=False)
    return seakeep.profile(seakeep.read(frame))["x"]


@settings(max_examples=60)
@given(st.sampled_from([numbers, texts, moments]).flatmap(lambda values: st.tuples(values, values)))
def test_shares_of_both_sides_sum_to_one(both):
    before, after = (column(values) for values in both)
    rows = shapes([("x", before, after)]).rows
    if rows:
        for side in (2, 3):
            assert sum(float(row[side]) for row in rows) == pytest.approx(1.0)
            assert all(0 <= float(row[side]) <= 1 for row in rows)
        assert len({row[1] for row in rows}) == len(rows) <= 13


def test_a_column_without_values_has_no_shape():
    assert shapes([("x", column([None, None]), column([1.0, 2.0]))]).rows == ()


def test_numbers_are_cut_at_the_references_deciles():
    before, after = column([float(i) for i in range(100)]), column([float(i + 50) for i in range(100)])
    rows = shapes([("x", before, after)]).rows
    assert len(rows) == 10
    assert all(float(row[2]) == pytest.approx(0.1, abs=0.02) for row in rows)
    assert float(rows[-1][3]) == pytest.approx(0.6, abs=0.02)


def test_a_drift_report_has_the_shapes_of_what_moved_alone():
    before = pl.DataFrame(
        {"moved": [float(i % 50) for i in range(2000)], "still": [float(i % 50) for i in range(2000)]}
    )
    after = before.with_columns(moved=pl.col("moved") + 40)
    report = seakeep.drift(*(seakeep.profile(seakeep.read(frame)) for frame in (before, after)))
    assert {row[0] for row in report.table("shapes").rows} == {"moved"}
