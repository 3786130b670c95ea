"""A dataset as text: every source and step comes back the same, and what only this process has is not described."""

from __future__ import annotations

import enum
import gzip
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from seakeep.data import read, split
from seakeep.data.engines._describing import NotDescribable, _described, _made, as_text, from_text
from seakeep.testing.sources import ordinary


@pytest.fixture
def table(tmp_path):
    ordinary().with_columns(day=pl.col("moment").dt.date()).write_parquet(tmp_path / "a.parquet")
    return tmp_path / "a.parquet"


def same(dataset) -> bool:
    found = from_text(as_text(dataset))
    rows = [pl.concat([piece.collect() for piece in each.pieces()]) for each in (found, dataset)]
    return rows[0].equals(rows[1]) and found.digest == dataset.digest


def test_parquet_with_steps_comes_back(table):
    derive = {"twice": pl.col("number") * 2, "later": pl.col("moment") + timedelta(hours=1)}
    assert same(
        read(table, key="count", derive=derive, where=pl.col("flag") | pl.col("number").is_null(), drop=["day"])
    )


def test_both_parts_of_every_split_come_back(table):
    dataset = read(table, time="moment", key="word")
    for part in (*split(dataset, at="2013-11-05"), *split(dataset, share=0.5)):
        assert same(part)


def test_csv_comes_back_with_the_types_that_were_inferred(tmp_path):
    ordinary(50).write_csv(tmp_path / "a.csv")
    assert same(read(tmp_path / "a.csv", null_values=["", "N/A"], types={"count": pl.Float64()}))


def test_every_type_comes_back(tmp_path):
    frame = pl.DataFrame(
        {"e": ["a"], "d": [1], "l": [[1]], "s": [{"x": 1}], "t": [timedelta(1)], "z": [datetime(2020, 1, 1)]},
        schema_overrides={"e": pl.Enum(["a", "b"]), "d": pl.Decimal(20, 3), "l": pl.Array(pl.Int8, 1), "z": pl.Datetime("ns", "UTC")},
    )  # fmt: skip
    frame.write_parquet(tmp_path / "a.parquet")
    assert same(read(tmp_path / "a.parquet"))


def test_values_come_back():
    class Colour(enum.Enum):
        RED = 1

    kept = (None, True, 1.5, float("inf"), "a", (1, (2,)), {"a": (1,), 2: "b"}, b"\0\xff", date(2020, 1, 2), timedelta(seconds=1.5),
            datetime(2020, 1, 1, 2), pl.Datetime("us", "UTC"), pl.Schema({"a": pl.Int8()}))  # fmt: skip
    for value in kept:
        assert _made(_described(value)) == value
    with pytest.raises(NotDescribable):
        _described(object())
    assert "Colour" in str(_described(Colour.RED))


def test_what_only_this_process_has_is_not_described(tmp_path):
    with pytest.raises(NotDescribable):
        as_text(read(ordinary()))
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with pytest.raises(NotDescribable):
        as_text(read(packed))
