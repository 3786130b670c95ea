"""profile: the laws of adding, and equality whatever the files, pieces and threads."""

from __future__ import annotations

import random
from functools import reduce
from itertools import pairwise
from operator import add
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing.parametric import dataframes

from seakeep.core.counters import TopValues
from seakeep.core.kinds import Kind
from seakeep.core.statistics import Statistics
from seakeep.data import collect, profile, profile_frame, read
from seakeep.data.errors import CannotRead
from seakeep.data.sources import memory, parquet

KINDS = [pl.Int8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Date, pl.Datetime("us"),
         pl.Duration("ms"), pl.Time, pl.Binary, pl.Null, pl.Categorical, pl.List(pl.Int8), pl.Decimal(9, 2)]  # fmt: skip
frames = dataframes(max_cols=4, max_size=25, allowed_dtypes=KINDS, allow_null=True)


@given(frames, st.data())
def test_statistics_of_parts_add_to_those_of_the_whole(frame: pl.DataFrame, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, frame.height), max_size=4)))
    edges = [0, *cuts, frame.height]
    parts = [profile_frame(frame[start:stop]) for start, stop in pairwise(edges)]
    whole = profile_frame(frame)
    assert reduce(add, parts) == whole
    shuffled = data.draw(st.permutations(parts))
    assert reduce(add, shuffled) == whole
    assert reduce(add, parts).digest == whole.digest
    middle = len(parts) // 2
    assert reduce(add, parts[:middle], Statistics()) + reduce(add, parts[middle:], Statistics()) == whole


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    """40,000 rows in which most columns have far more than 2,048 different values."""
    generator = np.random.default_rng(7)
    rows = 40_000
    return pl.DataFrame(
        {
            "normal": generator.normal(size=rows),
            "single": generator.normal(size=rows).astype(np.float32),
            "price": generator.lognormal(3, 1, rows).round(2),
            "id": generator.integers(-(2**63), 2**63 - 1, rows),
            "zipf": generator.zipf(1.2, rows) % 100_000,
            "text": [f"N{i}" for i in generator.zipf(1.2, rows) % 100_000],
            "when": pl.Series(generator.integers(0, 2**50, rows)).cast(pl.Datetime("us")),
            "late": generator.random(rows) < 0.2,
        }
    ).with_columns(pl.when(pl.int_range(rows) % 7 == 0).then(None).otherwise(pl.col("price")).alias("price"))


def test_many_values_add_to_the_bit_but_for_top_counts_within_their_error(many: pl.DataFrame) -> None:
    whole = profile_frame(many)
    for size in (1_000, 7_777, 39_999):
        parts = [profile_frame(many[start : start + size]) for start in range(0, many.height, size)]
        random.Random(size).shuffle(parts)
        added = reduce(add, parts)
        for name, column in whole.columns.items():
            other = added[name]
            for fact in (
                "rows",
                "missing",
                "zeros",
                "minimum",
                "maximum",
                "total",
                "squares",
                "histogram",
                "sketch",
                "lengths",
            ):
                assert getattr(other, fact) == getattr(column, fact), (name, fact)
            check_top(other.top, many[name])
            assert other.top.error <= many.height / 2049


def check_top(top: TopValues, values: pl.Series) -> None:
    present = values.dt.epoch("us") if values.dtype.is_temporal() else values
    true, listed = dict(present.drop_nulls().value_counts().rows()), top.as_dict()
    for value, count in listed.items():
        assert count <= true[value] <= count + top.error
    assert max((count for value, count in true.items() if value not in listed), default=0) <= top.error


def test_one_file_seven_files_and_memory_have_equal_statistics(
    many: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = many.select("late", pl.col("zipf") % 1000, pl.col("text").str.slice(0, 3), pl.col("when").dt.year())
    few.write_parquet(tmp_path / "one.parquet")
    (tmp_path / "seven").mkdir()
    for number in range(7):
        few[number * 6_000 : (number + 1) * 6_000].write_parquet(
            tmp_path / "seven" / f"{number}.parquet", row_group_size=999
        )
    expected = profile_frame(few)
    monkeypatch.setattr(memory, "PIECE_ROWS", 9_000)
    monkeypatch.setattr(parquet, "PIECE_ROWS", 5_000)
    for data in (tmp_path / "one.parquet", tmp_path / "seven", few, few.lazy()):
        found = profile(read(data))
        assert found == expected
        assert found.digest == expected.digest


def test_wide_tables_are_read_some_columns_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({f"c{i}": [i, None, -i] for i in range(10)})
    module = __import__("sys").modules["seakeep.data.statistics.profile"]
    monkeypatch.setattr(module, "COLUMNS", 3)
    monkeypatch.setattr(module, "ROWS", 2)
    found = profile(read(frame))
    assert found == profile_frame(frame)
    assert list(found.columns) == frame.columns


def test_a_table_without_rows_has_columns_and_one_without_columns_has_none() -> None:
    empty = profile(read(pl.DataFrame(schema={"a": pl.Int8, "t": pl.String})))
    assert (empty.rows, [column.kind for column in empty.columns.values()]) == (0, [Kind.INTEGER, Kind.STRING])
    assert profile(read(pl.DataFrame())) == Statistics()


def test_steps_are_applied_before_counting() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3, 4]})
    found = profile(read(frame, derive={"b": pl.col("a") * 2}, where=pl.col("b") > 2, drop=["a"]))
    assert found == profile_frame(pl.DataFrame({"b": [4, 6, 8]}))


def test_a_file_torn_inside_is_named(tmp_path: Path) -> None:
    for number in range(3):
        pl.DataFrame({"a": np.random.default_rng(number).random(50_000)}).write_parquet(tmp_path / f"{number}.parquet")
    torn = tmp_path / "1.parquet"
    content = bytearray(torn.read_bytes())
    content[100:-5000] = bytes(len(content) - 5100)
    torn.write_bytes(content)
    dataset = read(tmp_path)
    for use in (profile, collect):
        with pytest.raises(CannotRead, match=r"1\.parquet is not a whole parquet file"):
            use(dataset)
