"""Hashes of columns equal those of core, value by value."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.distinct import hash_bytes, hash_number, mix
from seakeep.data.errors import UnsupportedColumn
from seakeep.data.statistics import hashing
from seakeep.data.statistics.hashing import MISSING, hash_column, hash_doubles, hash_integers, hash_texts

unsigned = st.integers(0, 2**64 - 1)
signed = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 2**63 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 0])


@given(st.lists(unsigned))
def test_mix_equals_cores(values: list[int]) -> None:
    assert hashing.mix(np.array(values, np.uint64)).tolist() == [mix(value) for value in values]


@given(st.lists(st.floats(allow_nan=False)))
def test_doubles_hash_as_in_core(values: list[float]) -> None:
    assert hash_doubles(np.array(values, np.float64)).tolist() == [hash_number(value) for value in values]


@given(st.lists(signed))
def test_signed_integers_hash_as_in_core(values: list[int]) -> None:
    assert hash_integers(np.array(values, np.int64)).tolist() == [hash_number(value) for value in values]


@given(st.lists(unsigned | st.sampled_from([2**64 - 1, 2**63, 2**64 - 2048])))
def test_unsigned_integers_hash_as_in_core(values: list[int]) -> None:
    assert hash_integers(np.array(values, np.uint64)).tolist() == [hash_number(value) for value in values]


@given(st.lists(st.text(max_size=40)))
def test_texts_hash_as_in_core(values: list[str]) -> None:
    found = hash_texts(pl.Series("t", values, pl.String)).tolist()
    assert found == [hash_bytes(value.encode()) for value in values]


@given(st.lists(st.binary(max_size=40)))
def test_bytes_hash_as_in_core(values: list[bytes]) -> None:
    assert hash_texts(pl.Series("t", values, pl.Binary)).tolist() == [hash_bytes(value) for value in values]


def test_long_columns_are_hashed_in_parts_of_their_own() -> None:
    values = [f"N{i}" * (i % 5) for i in range(70_000)]
    found = hash_texts(pl.Series("t", values))
    assert len(found) == 70_000
    for i in (0, 1, 65_535, 65_536, 69_999):
        assert found[i] == hash_bytes(values[i].encode())


@pytest.mark.parametrize(
    "dtype", [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt64, pl.Int128, pl.Float32, pl.Float64]
)
def test_equal_numbers_hash_equally_whatever_the_width(dtype: type[pl.DataType]) -> None:
    found = hash_column(pl.Series("k", [1, None, 100], dtype)).tolist()
    assert found == [hash_number(1), MISSING, hash_number(100)]


def test_equal_texts_hash_equally_whatever_the_type() -> None:
    texts = pl.Series("k", ["UA", None, "B6"])
    for dtype in (pl.String, pl.Categorical, pl.Enum(["B6", "UA"])):
        assert hash_column(texts.cast(dtype)).tolist() == [hash_bytes(b"UA"), MISSING, hash_bytes(b"B6")]


def test_equal_moments_hash_equally_whatever_the_unit() -> None:
    moments = pl.Series("t", [datetime(2013, 1, 1, 5), None])
    expected = [hash_number(1_357_016_400_000_000), MISSING]
    for unit in ("ms", "us", "ns"):
        assert hash_column(moments.cast(pl.Datetime(unit))).tolist() == expected
    assert hash_column(moments.dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo")).tolist() == expected


def test_every_other_kind_has_a_hash() -> None:
    cases = {
        hash_number(True): pl.Series([True]),
        hash_number(15_706 * 86_400_000_000): pl.Series([date(2013, 1, 1)]),
        hash_number(61_000_000): pl.Series([time(0, 1, 1)]),
        hash_number(-5_000_000): pl.Series([timedelta(seconds=-5)]),
        hash_bytes(b"\xff"): pl.Series([b"\xff"]),
        hash_number(2**70): pl.Series([2**70], dtype=pl.Int128),
        hash_number(1.25): pl.Series(["1.25"]).cast(pl.Decimal(9, 2)),
        hash_number(1_357_016_400_000_000.0): pl.Series([datetime(2013, 1, 1, 5, tzinfo=UTC)]),
        MISSING: pl.Series([None]),
    }
    assert [hash_column(values).tolist() for values in cases.values()] == [[expected] for expected in cases]
    assert hash_column(pl.Series("empty", [], pl.String)).tolist() == []


@pytest.mark.parametrize("values", [pl.Series("k", [[1]]), pl.Series("k", [{"a": 1}])])
def test_nested_values_are_refused_by_name(values: pl.Series) -> None:
    with pytest.raises(UnsupportedColumn, match="column 'k'"):
        hash_column(values)
