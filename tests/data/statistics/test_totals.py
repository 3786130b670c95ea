"""total: what `+` one by one gives, to the bit; where values are cut, within an error no larger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import reduce
from operator import add

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.core import counters, histogram
from seakeep.core.statistics import ColumnMismatch, Statistics
from seakeep.data import profile_frame
from seakeep.data.statistics import totals
from seakeep.data.statistics.asked import Asked
from seakeep.data.statistics.deep import deep_statistics
from seakeep.data.statistics.totals import both, total

SCHEMA = {
    "number": (pl.Float64, st.none() | st.floats() | st.sampled_from([0.0, 1.0])),
    "integer": (pl.Int64, st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 2)),
    "unsigned": (pl.UInt64, st.none() | st.integers(0, 2**64 - 1)),
    "wide": (pl.Int128, st.none() | st.integers(-(2**100), 2**100)),
    "decimal": (pl.Decimal(9, 2), st.none() | st.integers(-99, 99).map(lambda units: Decimal(units).scaleb(-2))),
    "text": (pl.String, st.none() | st.sampled_from(["a", "b", "\ufffd", ""])),
    "truth": (pl.Boolean, st.none() | st.booleans()),
    "bytes": (pl.Binary, st.none() | st.binary(max_size=2)),
    "day": (pl.Date, st.none() | st.dates()),
    "list": (pl.List(pl.String), st.none() | st.lists(st.none() | st.sampled_from(["a", "b"]), max_size=3)),
    "struct": (pl.Struct({"a": pl.Int8}), st.none() | st.fixed_dictionaries({"a": st.none() | st.integers(0, 9)})),
    "null": (pl.Null, st.none()),
}


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    rows = draw(st.integers(0, 4))
    names = draw(st.lists(st.sampled_from(sorted(SCHEMA)), unique=True, min_size=1))
    return pl.DataFrame(
        {
            name: pl.Series(draw(st.lists(SCHEMA[name][1], min_size=rows, max_size=rows)), dtype=SCHEMA[name][0])
            for name in names
        }
    )


@settings(max_examples=60)
@given(st.lists(frames(), max_size=6))
def test_total_is_adding_one_by_one(tables: list[pl.DataFrame]) -> None:
    parts = [profile_frame(table) for table in tables]
    assert total(parts) == reduce(add, parts, Statistics())
    assert total(iter(parts)) == total(parts)


@settings(max_examples=30)
@given(st.lists(frames(), max_size=4))
def test_slices_and_weights_are_totalled_too(tables: list[pl.DataFrame]) -> None:
    own = [table.with_columns(by=pl.lit("x"), w=pl.lit(0.5)) for table in tables]
    for asked in (Asked(slices=(("by",),)), Asked(weight="w"), Asked(slices=(("by",),), weight="w")):
        parts = [deep_statistics(table, asked) for table in own]
        assert total(parts) == reduce(add, parts, Statistics())


def test_blocks_of_parts_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [profile_frame(pl.DataFrame({"x": [i, i + 1]})) for i in range(9)]
    monkeypatch.setattr(totals, "TOGETHER", 4)
    assert total(parts) == reduce(add, parts)


def windows(draw: st.DrawFn, values: st.SearchStrategy[object], dtype: pl.DataType) -> list[pl.DataFrame]:
    """Tables of one column, in which some values come up to 400 times, so that counts need more than a byte."""
    counted = st.dictionaries(values, st.integers(1, 3) | st.integers(250, 400), max_size=5)
    found = draw(st.lists(counted, min_size=2, max_size=5))
    return [pl.DataFrame({"x": pl.Series([v for v, n in own.items() for _ in range(n)], dtype=dtype)}) for own in found]


@settings(max_examples=60)
@given(st.data())
def test_counts_of_any_size_and_numbers_of_any_scale_are_totalled(data: st.DataObject) -> None:
    near, far = st.integers(-20, 20), st.integers(-(2**62), 2**62)
    scaled = st.builds(lambda number, power: number * 2.0**power, near, st.sampled_from([-1074, -40, 0, 9, 1000]))
    values, dtype = data.draw(
        st.sampled_from(
            [
                (near | far, pl.Int64()),
                (scaled | st.floats(), pl.Float64()),
                (st.text(max_size=2), pl.String()),
                (st.integers(-999, 999).map(lambda units: Decimal(units).scaleb(-2)), pl.Decimal(9, 2)),
            ]
        )
    )
    parts = [profile_frame(table) for table in data.draw(st.composite(windows)(values, dtype))]
    assert total(parts) == reduce(add, parts)


@settings(max_examples=40)
@given(st.lists(frames(), min_size=3, max_size=6), st.sampled_from([2, 3, 8]))
def test_two_columns_are_added_as_one_by_one_wherever_values_are_cut(tables: list[pl.DataFrame], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counters, "LIMIT", limit)
        for module in (histogram, totals):
            patch.setattr(module, "LIMIT", limit)
        for name in SCHEMA:
            parts = [found for table in tables if (found := profile_frame(table).columns.get(name)) is not None]
            folded = [reduce(lambda one, other: one.added(other, name="x"), parts[i:]) for i in range(len(parts))]
            for one in folded:
                for other in parts:
                    assert both(one, other, name="x") == one.added(other, name="x")


def test_tables_whose_columns_stand_in_another_order_are_totalled_by_name() -> None:
    tables = [{"x": [1], "y": ["a"]}, {"y": ["b"], "x": [2]}, {"x": [3], "z": [None]}]
    parts = [profile_frame(pl.DataFrame(table)) for table in tables]
    assert total(parts) == reduce(add, parts)
    assert list(total(parts).columns) == ["x", "y", "z"]


def test_integers_beside_numbers_and_missing_ones() -> None:
    tables = [{"x": [1, 2**60 + 1]}, {"x": [0.5]}, {"x": [None]}, {"y": [1]}, {"x": [2**53 + 1]}]
    parts = [profile_frame(pl.DataFrame(table)) for table in tables]
    assert total(parts) == reduce(add, parts)


def test_kinds_that_do_not_add_are_told() -> None:
    parts = [profile_frame(pl.DataFrame({"x": x})) for x in ([1], ["a"])]
    with pytest.raises(ColumnMismatch, match="column 'x' is"):
        total(parts)


def test_many_values_are_cut_once() -> None:
    random = np.random.default_rng(0)
    parts, exact = [], pl.DataFrame()
    for _ in range(8):
        table = pl.DataFrame(
            {
                "x": np.round(random.lognormal(sigma=2, size=2_500), 3),
                "i": random.integers(0, 9_000, 2_500),
                "t": [f"t{i}" for i in random.zipf(1.2, 2_500)],
                "d": [date(1990, 1, 1)] * 2_500,
            }
        )
        parts.append(profile_frame(table))
        exact = pl.concat([exact, table])
    found, one_by_one, whole = total(parts), reduce(add, parts), profile_frame(exact)
    for name in exact.columns:
        own, other = found[name], one_by_one[name]
        assert own.histogram == other.histogram == whole[name].histogram
        assert own.sketch == other.sketch == whole[name].sketch
        assert (own.total, own.squares, own.lengths) == (other.total, other.squares, other.lengths)
        assert own.top.error <= other.top.error
        true = dict(exact[name].value_counts().iter_rows())
        for value, count in own.top.as_dict().items():
            if name != "d":
                assert count <= true[value] <= count + own.top.error
