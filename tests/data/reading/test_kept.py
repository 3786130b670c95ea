"""Values that inference has read are kept for the first reading: the same values, never those of a file that is another now."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from seakeep.core.errors import DataError
from seakeep.data import collect, read
from seakeep.data.reading import kept, records


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_frames", type(kept._frames)())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    frame = pl.DataFrame({"a": range(500), "b": [None] * 250 + [0.5] * 250, "c": ["x y", None, "é", '"', "1"] * 100})
    frame = frame.with_columns(d=pl.Series(["1"] * 250 + ["word"] * 250))
    frame.write_csv(tmp_path / "a.csv")
    return tmp_path / "a.csv"


def test_kept_values_are_those_that_are_read(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "TARGET", 1_000)
    dataset = read(table)
    assert (
        1 < len(kept._frames) < len(dataset.source.pieces())
    )  # a span of whole numbers before the first word is read again
    found = collect(dataset)
    kept._frames.clear()
    assert_frame_equal(found, collect(dataset))
    assert found["b"].null_count() == 250


def test_a_file_that_was_written_anew_is_read_anew(table: Path) -> None:
    dataset = read(table)
    table.write_text(table.read_text().replace("499,", "777,"))
    assert collect(dataset)["a"][-1] == 777
    table.unlink()
    with pytest.raises(DataError, match=r"a\.csv"):
        collect(dataset)


def test_a_file_of_the_same_size_and_time_in_its_place_is_read_anew(table: Path, tmp_path: Path) -> None:
    dataset, facts = read(table), table.stat()
    other = tmp_path / "other.csv"
    other.write_text(table.read_text().replace("499,", "777,"))
    os.utime(other, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    other.rename(table)
    assert collect(dataset)["a"][-1] == 777


def test_large_files_and_given_types_are_not_kept(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(table, types={"a": pl.String()})
    read(table, infer_rows=10)
    monkeypatch.setattr(kept, "SMALL", 10)
    read(table)
    assert not kept._frames


def test_what_is_kept_is_bounded_and_the_oldest_goes_first(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(table)
    monkeypatch.setattr(kept, "MOST", next(iter(kept._frames.values()))[1].estimated_size() + 1)
    other = tmp_path / "b.csv"
    other.write_text(table.read_text())
    read(other)
    assert [path for path, _ in kept._frames] == [other]
    monkeypatch.setattr(kept, "MOST", 10)
    read(table)
    assert [path for path, _ in kept._frames] == [other]


def test_columns_and_filters_apply_to_kept_values(table: Path) -> None:
    found = collect(read(table, where=pl.col("a") > 250, columns=["c"]))
    assert found.columns == ["c"]
    assert found.height == 249
