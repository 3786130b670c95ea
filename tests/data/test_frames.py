"""Rows of a dataset: all, in batches, by column."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.errors import UsageError
from seakeep.data import batches, collect, read
from seakeep.data.errors import CannotRead
from seakeep.data.frames import flow
from seakeep.data.sources import memory

FRAME = pl.DataFrame({"a": range(10), "b": [str(i) for i in range(10)]})


@given(st.integers(0, 30), st.integers(1, 35), st.integers(1, 12))
def test_batches_have_the_rows_in_order_and_the_asked_size(height: int, rows: int, piece: int) -> None:
    frame = pl.DataFrame({"a": pl.Series(range(height), dtype=pl.Int64)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "PIECE_ROWS", piece)
        found = list(batches(read(frame), rows=rows))
    assert [batch.height for batch in found[:-1]] == [rows] * (len(found) - 1)
    assert all(0 < batch.height <= rows for batch in found)
    assert [value for batch in found for value in batch["a"]] == list(range(height))


def test_columns_are_chosen_in_the_asked_order() -> None:
    dataset = read(FRAME)
    assert collect(dataset, columns=["b", "a"]).equals(FRAME.select("b", "a"))
    assert next(batches(dataset, rows=3, columns=["b"])).equals(FRAME[:3].select("b"))


def test_an_unknown_column_names_the_nearest() -> None:
    frame = pl.DataFrame({"distance": [1]})
    for use in (collect, lambda dataset, columns: list(batches(dataset, columns=columns))):
        with pytest.raises(
            UsageError, match=r"there is no column 'distanse' \(a table in memory .*\n  Did you mean 'distance'"
        ):
            use(read(frame), columns=["distanse"])


def test_an_empty_table_has_no_batches_and_an_empty_frame() -> None:
    dataset = read(FRAME[:0])
    assert list(batches(dataset)) == []
    assert collect(dataset).equals(FRAME[:0])


def test_batches_need_a_row_at_least() -> None:
    with pytest.raises(UsageError, match="rows must be at least 1, it is 0"):
        batches(read(FRAME), rows=0)


def test_a_piece_flows_in_its_order_and_a_torn_file_is_named(tmp_path) -> None:
    table = pl.DataFrame({"a": range(5000)})
    table.write_csv(tmp_path / "t.csv")
    dataset = read(tmp_path / "t.csv", derive={"b": pl.col("a") * 2}, where=pl.col("a") % 3 == 0)
    found = [frame for number, piece in enumerate(dataset.pieces()) for frame in flow(dataset, number, piece, rows=100)]
    assert len(found) > 10
    assert pl.concat(found).equals(collect(dataset))
    table.write_parquet(tmp_path / "t.parquet")
    torn = read(tmp_path / "t.parquet")
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    content[8:200] = bytes(192)
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(CannotRead, match=r"t\.parquet"):
        list(flow(torn, 0, torn.pieces()[0]))
