"""The null contract: each kind's missing value goes in, and comes out of a graph, as it is stated."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.kinds import Kind
from seakeep.core.model import Input
from seakeep.features import GraphBuilder, Session, feeds, tensor
from seakeep.features.nulls import DTYPES, MISSING_TEXT, MISSING_TIME, BadValue, missing

ROWS = st.integers(0, 20)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TIME = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999))
VALUES = {
    Kind.NUMBER: st.floats() | st.none(),
    Kind.INTEGER: st.integers(-(2**53), 2**53) | st.none(),
    Kind.BOOLEAN: st.booleans() | st.none(),
    Kind.STRING: TEXT | st.sampled_from(["", "None", "nan", "null"]) | st.none(),
    Kind.TIMESTAMP: TIME | st.none(),
}
TYPES = {
    Kind.NUMBER: pl.Float64,
    Kind.INTEGER: pl.Int64,
    Kind.BOOLEAN: pl.Boolean,
    Kind.STRING: pl.String,
    Kind.TIMESTAMP: pl.Datetime("us"),
}


def one(series: pl.Series, kind: Kind) -> np.ndarray:
    return feeds(series.alias("x").to_frame(), [Input("x", kind)])["x"]


def through_a_graph(array: np.ndarray) -> np.ndarray:
    builder = GraphBuilder()
    builder.output("y", builder.node("Identity", [builder.input("x", array.dtype)]), array.dtype, ["rows"])
    return Session(builder.build("identity").SerializeToString()).run(["y"], {"x": array})[0]


def back(array: np.ndarray, kind: Kind) -> list[object]:
    """What the tensor says, as Python values."""
    if kind is Kind.STRING:
        return [None if value == MISSING_TEXT else value for value in array.tolist()]
    if kind is Kind.TIMESTAMP:
        epoch = datetime(1970, 1, 1)
        return [None if v == MISSING_TIME else epoch + timedelta(microseconds=v) for v in array.tolist()]
    return [None if np.isnan(value) else value for value in array.tolist()]


@pytest.mark.parametrize("kind", list(VALUES))
@given(data=st.data())
def test_values_come_back_from_a_graph_as_they_went_in(kind, data):
    values = data.draw(st.lists(VALUES[kind], max_size=12))
    array = one(pl.Series(values, dtype=TYPES[kind]), kind)
    assert array.dtype == DTYPES[kind]
    assert array.shape == (len(values),)
    expected = [None if isinstance(value, float) and np.isnan(value) else value for value in values]
    assert back(through_a_graph(array), kind) == expected


@pytest.mark.parametrize("kind", list(VALUES))
@given(data=st.data())
def test_python_values_and_a_frame_give_the_same_tensor(kind, data):
    values = data.draw(st.lists(VALUES[kind], max_size=12))
    array = one(pl.Series(values, dtype=TYPES[kind]), kind)
    np.testing.assert_array_equal(tensor(values, Input("x", kind)), array)


@pytest.mark.parametrize("kind", list(VALUES))
def test_a_column_of_nulls_fits_any_kind(kind):
    np.testing.assert_array_equal(one(pl.Series([None, None]), kind), missing(2, kind))
    np.testing.assert_array_equal(one(pl.Series([None, None], dtype=TYPES[kind]), kind), missing(2, kind))


@pytest.mark.parametrize("kind", list(VALUES))
def test_no_rows_give_an_empty_tensor(kind):
    assert one(pl.Series([], dtype=TYPES[kind]), kind).shape == (0,)
    assert tensor([], Input("x", kind)).dtype == DTYPES[kind]


@pytest.mark.parametrize(
    ("series", "kind", "expected"),
    [
        (pl.Series([1, None], dtype=pl.UInt8), Kind.INTEGER, [1.0, np.nan]),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), Kind.INTEGER, [2.0**64]),
        (pl.Series([2**53 + 1], dtype=pl.Int64), Kind.NUMBER, [2.0**53]),
        (pl.Series([1.0, None, 3.0], dtype=pl.Float32), Kind.INTEGER, [1.0, np.nan, 3.0]),
        (pl.Series([Decimal("1.10"), None]), Kind.NUMBER, [1.1, np.nan]),
        (pl.Series(["a", None, "a"], dtype=pl.Categorical), Kind.STRING, ["a", MISSING_TEXT, "a"]),
        (pl.Series(["b", None], dtype=pl.Enum(["a", "b"])), Kind.STRING, ["b", MISSING_TEXT]),
        (
            pl.Series([date(1970, 1, 2), None, date(1, 1, 1)]),
            Kind.TIMESTAMP,
            [86400000000, MISSING_TIME, -62135596800000000],
        ),
        (pl.Series([-1, None, 1500], dtype=pl.Datetime("ns")), Kind.TIMESTAMP, [-1, MISSING_TIME, 1]),
        (pl.Series([-1, None], dtype=pl.Datetime("ms")), Kind.TIMESTAMP, [-1000, MISSING_TIME]),
    ],
)
def test_types_of_a_kind_become_its_one_representation(series, kind, expected):
    np.testing.assert_array_equal(one(series, kind), np.array(expected, DTYPES[kind]))


def test_times_with_a_zone_become_utc():
    times = pl.Series([datetime(2013, 7, 1, 12)]).dt.replace_time_zone("America/New_York")
    assert one(times, Kind.TIMESTAMP).tolist() == [int(datetime(2013, 7, 1, 16, tzinfo=UTC).timestamp()) * 10**6]
    zoned = datetime(2013, 7, 1, 12, tzinfo=timezone(-timedelta(hours=4)))
    np.testing.assert_array_equal(tensor([zoned], Input("x", Kind.TIMESTAMP)), one(times, Kind.TIMESTAMP))


@pytest.mark.parametrize("dtype", [pl.Datetime("ms"), pl.Date])
def test_times_too_far_for_microseconds_stay_far_instead_of_wrapping_round(dtype):
    raw = pl.Series([2**31 - 1, -(2**31)], dtype=pl.Int32).cast(pl.Int64) * (1 if dtype == pl.Date else 10**8)
    far = raw.cast(pl.Int32).cast(pl.Date) if dtype == pl.Date else raw.cast(dtype)
    after, before = one(far, Kind.TIMESTAMP).tolist()
    assert after > 253_402_300_799_999_999
    assert MISSING_TIME < before < -62_135_596_800_000_000


def test_numbers_without_nulls_are_not_copied():
    series = pl.Series("x", np.arange(5.0))
    assert np.shares_memory(one(series, Kind.NUMBER), series.to_numpy())


@pytest.mark.parametrize(
    ("series", "kind", "message"),
    [
        (pl.Series([MISSING_TEXT]), Kind.STRING, r"'x' holds '\\ufdd0missing\\ufdd0', which is reserved for missing"),
        (pl.Series([MISSING_TIME]).cast(pl.Datetime("us")), Kind.TIMESTAMP, "which is reserved for missing"),
        (pl.Series(["a"]), Kind.NUMBER, r"column 'x' is String, expected number"),
        (pl.Series([1]), Kind.STRING, r"column 'x' is Int64, expected string"),
        (pl.Series([1]), Kind.TIMESTAMP, r"column 'x' is Int64, expected timestamp"),
        (pl.Series([1]), Kind.BOOLEAN, r"column 'x' is Int64, expected boolean"),
        (pl.Series([True]), Kind.INTEGER, r"column 'x' is Boolean, expected integer"),
        (pl.Series([b"a"]), Kind.STRING, r"column 'x' is Binary, expected string"),
        (pl.Series([[1]]), Kind.NUMBER, r"column 'x' is List"),
        (pl.Series([1.0, 1.5]), Kind.INTEGER, r"column 'x' holds 1.5, expected whole numbers"),
        (pl.Series([float("inf")]), Kind.INTEGER, r"column 'x' holds inf, expected whole numbers"),
    ],
)
def test_what_the_contract_cannot_hold_is_refused_by_name(series, kind, message):
    with pytest.raises(BadValue, match=message) as caught:
        one(series, kind)
    assert caught.value.cause
    assert caught.value.fix


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("1", Kind.NUMBER, r"column 'x' is '1' \(str\), expected number"),
        (True, Kind.NUMBER, r"column 'x' is True \(bool\), expected number"),
        (1, Kind.BOOLEAN, r"column 'x' is 1 \(int\), expected boolean"),
        (1.5, Kind.INTEGER, "holds 1.5, expected whole numbers"),
        (1, Kind.STRING, r"column 'x' is 1 \(int\), expected string"),
        (b"a", Kind.STRING, r"column 'x' is b'a' \(bytes\), expected string"),
        ("a\ud800", Kind.STRING, r"'a\\ud800', which is not valid Unicode"),
        (MISSING_TEXT, Kind.STRING, "reserved"),
        (MISSING_TIME, Kind.TIMESTAMP, "reserved"),
        (2**63, Kind.TIMESTAMP, r"holds 9223372036854775808, expected microseconds"),
        (1.5, Kind.TIMESTAMP, r"column 'x' is 1.5 \(float\), expected timestamp"),
        (True, Kind.TIMESTAMP, r"column 'x' is True \(bool\), expected timestamp"),
    ],
)
def test_a_python_value_of_another_type_is_refused_by_name(value, kind, message):
    with pytest.raises(BadValue, match=message):
        tensor([value], Input("x", kind))


def test_integers_too_large_for_a_double_become_infinite():
    assert tensor([10**400, -(10**400)], Input("x", Kind.NUMBER)).tolist() == [np.inf, -np.inf]


def test_an_absent_column_is_told_with_the_nearest_name():
    with pytest.raises(BadValue, match=r"column 'distance', which the features read, is missing[\s\S]*'distanse'"):
        feeds(pl.DataFrame({"distanse": [1.0]}), [Input("distance", Kind.NUMBER)])
