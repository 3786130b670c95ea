"""Groups of a column: by value or by the training table's quantiles; missing is a group; memory is bounded."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.data import profile_frame
from seakeep.evaluation import groups
from seakeep.evaluation.groups import ByRange, ByValue, grouping


def grouped(series: pl.Series, training: pl.Series | None = None) -> list[str]:
    reference = None if training is None else profile_frame(training.alias("x").to_frame())["x"]
    how = grouping("x", series.dtype, reference)
    codes = how.codes(series)
    assert codes.dtype == np.int32
    names = how.names()
    return [names[code] for code in codes]


def test_text_is_grouped_by_value_and_missing_is_a_group():
    assert grouped(pl.Series(["UA", None, "B6", "UA", ""])) == ["x=UA", "x missing", "x=B6", "x=UA", "x="]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pl.Series([True, None, False]), ["x=true", "x missing", "x=false"]),
        (pl.Series([3, None, -1]), ["x=3", "x missing", "x=-1"]),
        (pl.Series([3.0, None, float("nan"), 0.5]), ["x=3", "x missing", "x missing", "x=0.5"]),
        (pl.Series([date(2013, 1, 1), None]), ["x=2013-01-01", "x missing"]),
        (pl.Series(["a", None], dtype=pl.Categorical), ["x=a", "x missing"]),
        (pl.Series([None, None]), ["x missing", "x missing"]),
        (pl.Series([[1, 2], None]), ["x=[1, 2]", "x missing"]),
        (pl.Series([], dtype=pl.String), []),
    ],
)
def test_every_type_of_few_values_is_grouped_by_value(series, expected):
    assert grouped(series, series if len(series) and series.dtype != pl.List else None) == expected


def test_a_whole_number_has_one_name_in_any_batch():
    how = ByValue("x")
    codes = [how.codes(pl.Series(values)).tolist() for values in ([1.0, 2.0], [1.0, 2.5])]
    assert codes[0][0] == codes[1][0]
    assert how.names()[2:] == ("x=1", "x=2", "x=2.5")


def test_many_numbers_are_grouped_by_the_training_tables_quantiles():
    training = pl.Series(np.arange(1000.0))
    found = grouped(pl.Series([-5.0, 199.0, 200.0, 5000.0, None, float("nan"), float("inf"), -float("inf")]), training)
    assert found == ["x≤199", "x≤199", "x in (199, 399]", "x>799", "x missing", "x missing", "x>799", "x≤199"]


def test_times_are_grouped_by_days_of_the_training_table_in_any_unit_and_zone():
    start = datetime(2013, 1, 1, 5, tzinfo=UTC)
    training = pl.Series([start + timedelta(hours=7 * step) for step in range(1000)])
    values = pl.Series([start, start + timedelta(days=500), None], dtype=pl.Datetime("us", "UTC"))
    expected = grouped(values, training)
    assert expected[0].startswith("x≤2013-0")
    assert expected[1].startswith("x>2013-")
    assert expected[2] == "x missing"
    for dtype in (pl.Datetime("ms", "UTC"), pl.Datetime("ns", "UTC"), pl.Datetime("us", "America/New_York")):
        assert grouped(values.cast(dtype), training) == expected
    assert grouped(values.dt.date(), training) == expected


def test_durations_and_times_of_day_are_numbers():
    spans = pl.Series([timedelta(seconds=step) for step in range(100)])
    assert grouped(spans[:1], spans)[0].startswith("x≤")
    clock = pl.Series([time(0, minute) for minute in range(60)])
    assert grouped(clock[-1:], clock)[0].startswith("x>")


def test_a_time_beyond_the_calendar_has_a_name_too():
    assert ByRange("x", (9e18,), is_time=True).names() == ("x missing", "x≤9e+18µs", "x>9e+18µs")


def test_numbers_that_were_text_in_training_are_grouped_by_value():
    assert grouped(pl.Series([1, 2]), pl.Series([str(n) for n in range(100)])) == ["x=1", "x=2"]


def test_a_key_keeps_a_bounded_number_of_values_and_the_rest_is_other(monkeypatch):
    monkeypatch.setattr(groups, "VALUES_KEPT", 3)
    how = ByValue("key")
    first = how.codes(pl.Series(["a", "b", None]))
    second = how.codes(pl.Series(["c", "d", "a", "e"]))
    names = how.names()
    assert [names[code] for code in (*first, *second)] == [
        "key=a", "key=b", "key missing", "key=c", "key other", "key=a", "key other",
    ]  # fmt: skip


@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(-5, 5).map(float)), min_size=1))
def test_every_number_is_in_exactly_the_range_that_names_it(values):
    how = ByRange("x", (-1.0, 0.0, 2.5))
    for value, code in zip(values, how.codes(pl.Series(values, dtype=pl.Float64)), strict=True):
        if value is None or value != value:
            assert code == 0
        else:
            assert [value <= -1, -1 < value <= 0, 0 < value <= 2.5, value > 2.5].index(True) == code - 1


@given(st.lists(st.one_of(st.none(), st.text(max_size=2), st.just("UA"))), st.integers(1, 5))
def test_batches_of_any_size_group_as_one(values, cut):
    series = pl.Series(values, dtype=pl.String)
    how = ByValue("x")
    parts = [how.codes(series[start : start + cut]) for start in range(0, len(values), cut)]
    names = how.names()
    assert [names[code] for part in parts for code in part] == grouped(series)
