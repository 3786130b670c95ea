"""Digests of content: equal for equal rows whatever the chunks, different for any difference."""

from __future__ import annotations

import os
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing.parametric import dataframes

from seakeep.data.content import digest_of_file, digest_of_files, digest_of_frames
from seakeep.data.errors import CannotRead, UnsupportedColumn

NESTED = [pl.Int8, pl.UInt64, pl.Float32, pl.Boolean, pl.String, pl.Binary, pl.Datetime("us"), pl.Null, pl.Categorical,
          pl.Decimal(9, 2), pl.List(pl.List(pl.String)), pl.Array(pl.Int8, 2), pl.Struct({"a": pl.Int8, "b": pl.String}),
          pl.Int128, pl.Time]  # fmt: skip


@given(
    dataframes(max_cols=3, max_size=12, allowed_dtypes=NESTED, allow_null=True),
    st.lists(st.integers(0, 12), max_size=3),
)
def test_chunks_do_not_count(frame: pl.DataFrame, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, frame.height) for cut in cuts), frame.height]
    parts = [frame[start:stop] for start, stop in pairwise(edges)]
    assert digest_of_frames(parts) == digest_of_frames([frame]) == digest_of_frames([frame.rechunk()])


DIFFERENT = [
    pl.DataFrame({"a": [1, 2]}),
    pl.DataFrame({"a": [2, 1]}),
    pl.DataFrame({"a": [1, 2, 2]}),
    pl.DataFrame({"a": [1, None, 2]}),
    pl.DataFrame({"a": [None, 1, 2]}),
    pl.DataFrame({"b": [1, 2]}),
    pl.DataFrame({"a": [1, 2], "b": [1, 2]}),
    pl.DataFrame({"b": [1, 2], "a": [1, 2]}),
    pl.DataFrame({"a": [1, 2]}, schema={"a": pl.Int32}),
    pl.DataFrame({"a": [1.0, 2.0]}),
    pl.DataFrame({"a": ["1", "2"]}),
    pl.DataFrame({"a": ["12", ""]}),
    pl.DataFrame({"a": ["", "12"]}),
    pl.DataFrame({"a": [b"12", b""]}),
    pl.DataFrame({"a": [[1], [2]]}),
    pl.DataFrame({"a": [[1, 2], []]}),
    pl.DataFrame({"a": [[1, 2], None]}),
    pl.DataFrame({"a": [[], [1, 2]]}),
    pl.DataFrame({"a": [True, False]}),
    pl.DataFrame({"a": [datetime(2013, 1, 1)]}),
    pl.DataFrame({"a": [datetime(2013, 1, 1)]}).with_columns(pl.col("a").dt.replace_time_zone("UTC")),
    pl.DataFrame({"a": [{"x": 1}]}),
    pl.DataFrame({"a": [{"y": 1}]}),
    pl.DataFrame({"a": [{"x": None}]}),
    pl.DataFrame({"a": []}, schema={"a": pl.Int64}),
    pl.DataFrame(),
]


def test_every_difference_counts() -> None:
    assert len({digest_of_frames([frame]) for frame in DIFFERENT}) == len(DIFFERENT)


def test_equal_doubles_have_equal_digests() -> None:
    first, second = pl.DataFrame({"a": [0.0, float("nan")]}), pl.DataFrame({"a": [-0.0, -float("nan")]})
    assert digest_of_frames([first]) == digest_of_frames([second])


def test_the_digest_of_a_table_never_changes() -> None:
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "é"], "c": [0.5, 1.5]})
    assert digest_of_frames([frame]) == "82a3c832f0839eeda423930b55ad563c648044e99a46b678d0c31af06baf1185"


def test_objects_have_no_digest() -> None:
    with pytest.raises(UnsupportedColumn, match="column 'o'"):
        digest_of_frames([pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)})])


def test_files_are_hashed_by_bytes_and_order_and_again_when_changed(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    assert digest_of_files([first, second]) != digest_of_files([second, first])
    before = digest_of_file(first)
    assert before == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    first.write_bytes(b"2")
    os.utime(first, ns=(1, 1))
    assert digest_of_file(first) == digest_of_file(second) != before


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match="there is no file or folder"):
        digest_of_file(tmp_path / "x")
    with pytest.raises(CannotRead, match="cannot be opened: Is a directory"):
        digest_of_file(tmp_path)
