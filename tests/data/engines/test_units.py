"""Units: the same rows as `batches` gives, wherever pieces begin and end."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from seakeep.data import batches, read
from seakeep.data.engines._describing import as_text
from seakeep.data.engines._job import Job, Unit
from seakeep.data.engines._units import known_counts, packed, units_of, unpacked
from seakeep.data.engines._working import frame_of


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 7))
def test_every_row_is_in_one_unit_in_order(counts, rows):
    units = list(units_of(counts, rows))
    told = [(piece, row) for unit in units for piece, start, many in unit.ranges for row in range(start, start + many)]
    assert told == [(piece, row) for piece, count in enumerate(counts) for row in range(count)]
    assert [unit.number for unit in units] == list(range(len(units)))
    assert [unit.begin for unit in units] == [number * rows for number in range(len(units))]
    assert all(unit.rows == rows for unit in units[:-1])
    assert sum(unit.rows for unit in units) == sum(counts)


def test_units_are_the_batches(tmp_path):
    for number, rows in enumerate((5, 0, 13, 1)):
        pl.DataFrame({"a": range(number * 100, number * 100 + rows)}).write_parquet(tmp_path / f"{number}.parquet")
    dataset = read(tmp_path)
    counts = known_counts(dataset)
    assert counts == (5, 0, 13, 1)
    job = Job("", as_text(dataset), "x")
    frames = [frame_of(job, unit) for unit in units_of(counts, 4)]
    assert [frame["a"].to_list() for frame in frames] == [frame["a"].to_list() for frame in batches(dataset, rows=4)]


def test_rows_of_text_and_of_filtered_tables_must_be_counted(tmp_path):
    pl.DataFrame({"a": range(9)}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"a": range(9)}).write_csv(tmp_path / "a.csv")
    assert known_counts(read(tmp_path / "a.csv")) is None
    assert known_counts(read(tmp_path / "a.parquet", where=pl.col("a") > 3)) is None
    assert known_counts(read(tmp_path / "a.parquet", derive={"b": pl.col("a")}, drop=["a"])) == (9,)


def test_frames_are_packed_and_unpacked():
    frame = pl.DataFrame({"a": [1, None], "b": [["x"], []]})
    assert unpacked(packed(frame)).equals(frame)
    assert frame_of(Job("", "", "x"), Unit(0, 0, 2, content=packed(frame))).equals(frame)
