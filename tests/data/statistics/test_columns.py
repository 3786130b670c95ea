"""Statistics of one column: every kind, by independent oracles."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.counters import TopValues
from seakeep.core.distinct import DistinctSketch, hash_bytes, hash_number
from seakeep.core.exact import ExactSum
from seakeep.core.histogram import Histogram
from seakeep.core.kinds import Kind
from seakeep.core.statistics import ColumnStatistics
from seakeep.data.errors import UnsupportedColumn
from seakeep.data.statistics.columns import column_statistics

DAY = 86_400_000_000


def check_numbers(found: ColumnStatistics, values: list[float | None]) -> None:
    """Every fact by its definition."""
    present = [value for value in values if value is not None]
    finite = [value + 0 for value in present if math.isfinite(value)]
    assert (found.rows, found.missing) == (len(values), len(values) - len(present))
    assert found.nan == sum(map(math.isnan, present))
    assert found.positive_infinity == present.count(math.inf)
    assert found.negative_infinity == present.count(-math.inf)
    assert found.zeros == finite.count(0)
    assert (found.minimum, found.maximum) == (min(finite, default=None), max(finite, default=None))
    assert found.total.fraction() == sum(map(Fraction, finite), Fraction())
    assert found.squares.fraction() == sum((Fraction(value) ** 2 for value in finite), Fraction())
    assert found.histogram == Histogram.of(Counter(map(float, finite)))
    assert found.top == TopValues.of(Counter(finite))
    assert found.distinct == len(set(finite))
    assert found.sketch is None


@given(st.lists(st.none() | st.floats() | st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf])))
def test_doubles(values: list[float | None]) -> None:
    found = column_statistics(pl.Series("x", values, pl.Float64, strict=False))
    assert found.kind is Kind.NUMBER
    check_numbers(found, values)
    kept = [value for value in (found.minimum, found.maximum, *found.top.values) if value == 0]
    assert not any(math.copysign(1.0, value) < 0 for value in kept)


@given(st.lists(st.none() | st.floats(width=32)))
def test_floats_are_taken_exactly(values: list[float | None]) -> None:
    check_numbers(column_statistics(pl.Series("x", values, pl.Float32)), values)


INTEGERS = {
    pl.Int8: (-(2**7), 2**7 - 1), pl.Int16: (-(2**15), 2**15 - 1), pl.Int32: (-(2**31), 2**31 - 1),
    pl.Int64: (-(2**63), 2**63 - 1), pl.UInt8: (0, 2**8 - 1), pl.UInt16: (0, 2**16 - 1), pl.UInt32: (0, 2**32 - 1),
    pl.UInt64: (0, 2**64 - 1), pl.Int128: (-(2**127), 2**127 - 1),
}  # fmt: skip


@given(st.sampled_from(list(INTEGERS)), st.data())
def test_integers_of_every_width(dtype: type[pl.DataType], data: st.DataObject) -> None:
    low, high = INTEGERS[dtype]
    values = data.draw(st.lists(st.none() | st.integers(low, high) | st.integers(max(low, -3), 3)))
    found = column_statistics(pl.Series("x", values, dtype))
    assert found.kind is Kind.INTEGER
    check_numbers(found, values)
    assert all(type(value) is int for value in (*found.top.values, found.minimum or 0))


def test_the_extremes_of_every_width_survive() -> None:
    for dtype, (low, high) in INTEGERS.items():
        check_numbers(column_statistics(pl.Series("x", [low, high, high, None, 0], dtype)), [low, high, high, None, 0])


def test_many_wide_integers_are_sketched() -> None:
    values = [2**100 + i for i in range(3000)]
    found = column_statistics(pl.Series("x", values, pl.Int128))
    assert found.sketch == DistinctSketch.of(map(hash_number, values))
    assert found.top == TopValues.of(Counter(values))


@pytest.mark.parametrize("dtype", [pl.Float64, pl.Float32, pl.Int64, pl.UInt64, pl.String])
def test_many_values_equal_the_definitions(dtype: type[pl.DataType]) -> None:
    generator = np.random.default_rng(5)
    offset = 0 if dtype == pl.Float32 else 2**54
    values = pl.Series("x", generator.zipf(1.3, 30_000) % 10**7 + offset).cast(dtype)
    found, listed = column_statistics(values), values.to_list()
    assert found.top == TopValues.of(Counter(listed))
    hashed = [hash_bytes(v.encode()) if isinstance(v, str) else hash_number(v) for v in set(listed)]
    assert found.sketch == DistinctSketch.of(hashed)
    if dtype != pl.String:
        assert found.histogram == Histogram.of(Counter(map(float, listed)))
        assert found.total.fraction() == sum(map(Fraction, listed))


def test_moments_agree_with_scipy() -> None:
    values = np.random.default_rng(6).gamma(2.0, size=50_000)
    found = column_statistics(pl.Series("x", values))
    described = scipy.stats.describe(values)
    assert found.mean == pytest.approx(described.mean, rel=1e-13)
    assert found.variance == pytest.approx(described.variance, rel=1e-12)
    for share in (0.01, 0.25, 0.5, 0.75, 0.99):
        true = scipy.stats.percentileofscore(values, found.quantile(share), kind="weak") / 100
        assert abs(true - share) <= found.histogram.rank_error + 1e-9
    assert abs(found.distinct - 50_000) < 0.065 * 50_000


def test_booleans_count_what_is_true() -> None:
    found = column_statistics(pl.Series("x", [True, None, False, True]))
    assert found == ColumnStatistics(
        Kind.BOOLEAN, rows=4, missing=1, total=ExactSum.of(2), top=TopValues((True, False), (2, 1))
    )
    assert column_statistics(pl.Series("x", [None], dtype=pl.Boolean)).top == TopValues()


@given(st.lists(st.none() | st.text(max_size=8)))
def test_texts(values: list[str | None]) -> None:
    present = [value for value in values if value is not None]
    expected = Counter(present)
    for dtype in (pl.String, pl.Categorical):
        found = column_statistics(pl.Series("x", values, pl.String).cast(dtype))
        assert (found.kind, found.rows, found.missing) == (Kind.STRING, len(values), len(values) - len(present))
        assert found.top == TopValues.of(expected)
        assert found.lengths.count == len(present)
        assert found.lengths.total == sum(map(len, present))
        assert found.lengths.minimum == min(map(len, present), default=None)
        assert found.lengths.maximum == max(map(len, present), default=None)
        assert found.lengths.histogram == Histogram.of(Counter(float(len(value)) for value in present))
        assert found.invalid_utf8 == sum("\ufffd" in value for value in present)


def test_enums_are_texts() -> None:
    found = column_statistics(pl.Series("x", ["b", "a", "b"], pl.Enum(["z", "a", "b"])))
    assert found.top == TopValues(("b", "a"), (2, 1))


def test_bytes_that_are_not_utf8_are_counted() -> None:
    found = column_statistics(pl.Series("x", [b"\xff\xfe", None, b"abc", b"", "é".encode(), "é".encode("latin-1")]))
    assert (found.kind, found.missing, found.invalid_utf8) == (Kind.BINARY, 1, 2)
    assert (found.lengths.count, found.lengths.total, found.lengths.minimum, found.lengths.maximum) == (5, 8, 0, 3)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_moments_are_microseconds_in_utc(unit: str, zone: str | None) -> None:
    moments = pl.Series("x", [datetime(1969, 12, 31, 23, 59, 59), None, datetime(2013, 1, 1), datetime(2013, 1, 1)])
    column = moments.cast(pl.Datetime(unit))
    if zone:
        column = column.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    found = column_statistics(column)
    assert found.kind is Kind.TIMESTAMP
    check_numbers(found, [-1_000_000, None, 15_706 * DAY, 15_706 * DAY])


def test_dates_times_and_durations_are_microseconds() -> None:
    check_numbers(column_statistics(pl.Series("x", [date(1970, 1, 2), date(1969, 12, 31)])), [DAY, -DAY])
    durations = column_statistics(pl.Series("x", [timedelta(microseconds=-7), None]))
    assert durations.kind is Kind.DURATION
    check_numbers(durations, [-7, None])
    times = column_statistics(pl.Series("x", [time(0, 0, 1), time(23, 59, 59, 999_999)]))
    assert times.kind is Kind.DURATION
    check_numbers(times, [1_000_000, DAY - 1])
    nanoseconds = pl.Series("x", [-1, 999, 1000], pl.Int64).cast(pl.Duration("ns"))
    check_numbers(column_statistics(nanoseconds), [-1, 0, 1])


def test_moments_beyond_64_bits_do_not_wrap_round() -> None:
    moments = pl.Series("x", [-(2**63), 2**63 - 1], pl.Int64).cast(pl.Datetime("ms"))
    found = column_statistics(moments)
    assert (found.minimum, found.maximum) == (-(2**63) * 1000, (2**63 - 1) * 1000)


@pytest.mark.parametrize(
    "column",
    [pl.Series("x", [[1, 2], None, [], [3]]), pl.Series("x", [["a", None], None, [], [""]])],
)
def test_lists_have_lengths(column: pl.Series) -> None:
    found = column_statistics(column)
    assert (found.kind, found.rows, found.missing) == (Kind.LIST, 4, 1)
    assert (found.lengths.count, found.lengths.total, found.lengths.maximum) == (3, 3, 2)
    assert found.top == TopValues()


def test_arrays_are_lists_and_structs_are_counted() -> None:
    arrays = column_statistics(pl.Series("x", [[1, 2], None], pl.Array(pl.Int8, 2)))
    assert (arrays.kind, arrays.missing, arrays.lengths.total) == (Kind.LIST, 1, 2)
    structs = column_statistics(pl.Series("x", [{"a": 1}, None, {"a": None}]))
    assert (structs.kind, structs.rows, structs.missing, list(structs.fields)) == (Kind.STRUCT, 3, 1, ["a"])


def test_a_column_of_nulls_has_no_kind() -> None:
    assert column_statistics(pl.Series("x", [None, None])) == ColumnStatistics(Kind.NULL, rows=2, missing=2)


@pytest.mark.parametrize(
    "dtype",
    [*INTEGERS, pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Datetime("ns"), pl.Time,
     pl.Duration, pl.List(pl.String), pl.Array(pl.Int8, 3), pl.Struct({"a": pl.Int8}), pl.Null, pl.Decimal(9, 2),
     pl.Categorical],
)  # fmt: skip
def test_no_rows_and_only_nulls_have_statistics_of_every_type(dtype: pl.DataType) -> None:
    empty, nulls = column_statistics(pl.Series("x", [], dtype)), column_statistics(pl.Series("x", [None] * 3, dtype))
    assert (empty.rows, empty.missing, nulls.rows, nulls.missing) == (0, 0, 3, 3)
    for found in (empty, nulls):
        assert (found.minimum, found.maximum, found.mean, found.std, found.distinct) == (None, None, None, None, 0)
        assert found.quantile(0.5) is None
        assert found.added(nulls, name="x").rows == found.rows + 3


def test_objects_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedColumn) as caught:
        column_statistics(pl.Series("thing", [object()], dtype=pl.Object))
    assert str(caught.value) == (
        "column 'thing' is of type Object, which no kind stands for\n"
        "  It holds Python objects; these cannot be compared, hashed or saved.\n"
        "  Turn it into text or numbers first, or leave it out: seakeep.read(…, drop=['thing'])."
    )


def test_moments_with_a_zone_are_those_of_python() -> None:
    moment = datetime(2026, 6, 1, 12, tzinfo=UTC)
    found = column_statistics(pl.Series("x", [moment]))
    assert found.minimum == int(moment.timestamp() * 1_000_000)
