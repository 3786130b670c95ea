"""Scoring on an engine of other processes: the same file to the bit, the same errors."""

from __future__ import annotations

import polars as pl
import pytest

from seakeep import data
from seakeep.core import Task
from seakeep.core.errors import SchemaMismatch
from seakeep.data.engines import connected
from seakeep.serving import score
from seakeep.testing.example_models import example_frame, example_model


@pytest.fixture(scope="module")
def engine():
    with connected("local[1]") as found:
        yield found


@pytest.fixture
def table(tmp_path):
    frame = example_frame(5000).with_columns(flight=pl.int_range(10**9, 10**9 + 5000))
    for number, rows in enumerate((1700, 0, 3300)):
        frame[number * 850 : number * 850 + rows].write_parquet(tmp_path / f"{number}.parquet")
    return str(tmp_path / "[0-9].parquet")


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("keep", ["key", "all"])
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_the_file_is_the_same_to_the_bit(table, engine, tmp_path, task, keep, ending):
    dataset = data.read(table, key="flight" if task is Task.BINARY else None)
    done = []
    for name, where in (("here", None), ("there", engine)):
        path = tmp_path / f"{name}.{ending}"
        summary = score(
            example_model(task),
            dataset,
            path,
            keep=keep,
            chunk_rows=300,
            engine=where,
            progress=lambda *each: done.append(each),
        )
        assert summary.rows == 5000
    assert (tmp_path / f"here.{ending}").read_bytes() == (tmp_path / f"there.{ending}").read_bytes()
    half = len(done) // 2
    assert [each[:2] for each in done[:half]] == [each[:2] for each in done[half:]], "progress is told alike"


def test_errors_are_those_of_this_machine_and_leave_no_file(table, engine, tmp_path):
    filtered = data.read(table, derive={"night": pl.col("seats") > 4}, where=pl.col("carrier") == "nobody")
    assert score(example_model(), filtered, tmp_path / "none.parquet", engine=engine).rows == 0
    with pytest.raises(SchemaMismatch):
        score(example_model(), data.read(table, drop=["seats"]), tmp_path / "out.parquet", engine=engine)
    assert not (tmp_path / "out.parquet").exists()


def test_a_table_in_memory_is_sent(engine, tmp_path):
    dataset = data.read(example_frame(1000))
    for name, where in (("here", None), ("there", engine)):
        score(example_model(), dataset, tmp_path / f"{name}.parquet", engine=where)
    assert (tmp_path / "here.parquet").read_bytes() == (tmp_path / "there.parquet").read_bytes()
