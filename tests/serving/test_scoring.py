"""Batch scoring: order, columns, progress, bounded memory, and files that are whole or absent."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest

from seakeep import data
from seakeep.core import Task
from seakeep.core.errors import SchemaMismatch
from seakeep.core.files import CannotWrite
from seakeep.serving import score
from seakeep.serving.runtimes.onnx import OnnxPredictor
from seakeep.serving.scoring import CannotScore
from seakeep.testing.example_models import example_frame, example_model


@pytest.fixture
def frame():
    frame = example_frame(5000)
    return frame.with_columns(flight=pl.int_range(10**9, 10**9 + frame.height))


def test_answers_come_in_the_tables_order_beside_its_key(tmp_path, frame):
    summary = score(
        example_model(), data.read(frame, key="flight"), tmp_path / "out.parquet", chunk_rows=700, threads=3
    )
    written = pl.read_parquet(summary.path)
    assert written.columns == ["flight", "prediction", "probability_false", "probability_true"]
    assert written["flight"].equals(frame["flight"])
    assert written["prediction"].dtype == pl.Boolean
    predictions = OnnxPredictor(example_model()).predict(frame)
    assert written["prediction"].cast(pl.Int64).to_list() == predictions.decisions.tolist()
    assert (summary.rows, summary.columns) == (5000, tuple(written.columns))
    assert summary.release == example_model().digest
    assert summary.rows_per_second > 0


def test_a_parquet_file_says_which_release_answered(tmp_path, frame):
    summary = score(example_model(), data.read(frame), tmp_path / "out.parquet")
    assert pl.read_parquet_metadata(summary.path)["seakeep.release"] == summary.release


def test_rows_are_numbered_where_there_is_no_key(tmp_path, frame):
    score(example_model(Task.REGRESSION), data.read(frame), tmp_path / "out.parquet", chunk_rows=999)
    written = pl.read_parquet(tmp_path / "out.parquet")
    assert written.columns == ["row", "prediction"]
    assert written["row"].to_list() == list(range(5000))
    assert written["prediction"].dtype == pl.Float32


def test_all_columns_may_be_kept(tmp_path, frame):
    score(example_model(Task.MULTICLASS), data.read(frame), tmp_path / "out.parquet", keep="all")
    written = pl.read_parquet(tmp_path / "out.parquet")
    assert written.select(frame.columns).equals(frame)
    assert set(written["prediction"]) <= {"early", "on time", "late"}


def test_the_same_table_gives_the_same_predictions_whatever_the_chunks_and_threads(tmp_path, frame):
    written = []
    for number, (chunk_rows, threads) in enumerate([(5000, 1), (64, 4), (1, 2)]):
        table = data.read(frame.head(600), key="flight")
        score(example_model(), table, tmp_path / f"{number}.parquet", chunk_rows=chunk_rows, threads=threads)
        written.append(pl.read_parquet(tmp_path / f"{number}.parquet"))
    assert written[0].equals(written[1])
    assert written[0].equals(written[2])


def test_a_saved_model_a_folder_and_a_csv_table_do_as_well(tmp_path, folders, frame):
    frame.write_csv(tmp_path / "in.csv")
    frame.write_parquet(tmp_path / "in.parquet")
    for kind in ("csv", "parquet"):
        score(folders["flights"], data.read(tmp_path / f"in.{kind}"), tmp_path / f"out-{kind}.csv")
    assert (tmp_path / "out-csv.csv").read_bytes() == (tmp_path / "out-parquet.csv").read_bytes()


def test_progress_is_told_after_each_chunk(tmp_path, frame):
    told = []
    score(
        example_model(), data.read(frame), tmp_path / "out.csv", chunk_rows=2000, progress=lambda *now: told.append(now)
    )
    assert [(done, total) for done, total, _ in told] == [(2000, 5000), (4000, 5000), (5000, 5000)]
    assert all(seconds >= 0 for *_, seconds in told)


def test_an_empty_table_gives_an_empty_file_with_all_columns(tmp_path, frame):
    frame.head(0).write_parquet(tmp_path / "in.parquet")
    summary = score(example_model(), data.read(frame.head(0)), tmp_path / "out.parquet")
    assert summary.rows == 0
    assert pl.read_parquet(tmp_path / "out.parquet").columns == list(summary.columns)


@pytest.mark.parametrize("name", ["out", "out.xlsx", "out.parquet.gz"])
def test_an_unknown_ending_is_refused(tmp_path, frame, name):
    with pytest.raises(
        CannotScore, match=r"expected .parquet, .csv, .arrow or .jsonl\n.*\n  Name it out(\.parquet)?\.parquet"
    ):
        score(example_model(), data.read(frame), tmp_path / name)


def test_an_existing_file_is_kept_unless_it_may_be_overwritten(tmp_path, frame):
    out = tmp_path / "out.csv"
    out.write_text("precious")
    with pytest.raises(CannotScore, match=r"exists already\n.*\n.*overwrite=True"):
        score(example_model(), data.read(frame), out)
    assert out.read_text() == "precious"
    score(example_model(), data.read(frame), out, overwrite=True)
    assert out.read_text().startswith("row,prediction")


@pytest.mark.parametrize(("keep", "key"), [("all", None), ("key", "prediction")])
def test_a_column_that_has_the_name_of_a_predicted_one_is_refused(tmp_path, frame, keep, key):
    table = data.read(frame.with_columns(prediction=pl.int_range(5000)), key=key)
    with pytest.raises(CannotScore, match="has a column 'prediction' already"):
        score(example_model(), table, tmp_path / "out.csv", keep=keep)
    assert not list(tmp_path.iterdir())


def test_a_table_without_the_models_columns_is_refused_before_anything_is_written(tmp_path, frame):
    with pytest.raises(SchemaMismatch, match=r"column 'carrier'.*is missing"):
        score(example_model(), data.read(frame.drop("carrier")), tmp_path / "out.csv")
    with pytest.raises(SchemaMismatch, match="column 'seats' is String, expected integer"):
        score(example_model(), data.read(frame.cast({"seats": pl.String})), tmp_path / "out.csv")
    assert not list(tmp_path.iterdir())


def test_an_error_half_way_comes_out_as_it_is_and_leaves_no_file(tmp_path, frame):
    broken = frame.with_columns(
        carrier=pl.when(pl.col("flight") == 10**9 + 4500).then(pl.lit("\ufdd0missing\ufdd0")).otherwise("carrier")
    )
    with pytest.raises(SchemaMismatch, match="reserved for missing values"):
        score(example_model(), data.read(broken), tmp_path / "out.parquet", chunk_rows=500)
    assert not list(tmp_path.iterdir())


def test_an_interrupt_leaves_no_file(tmp_path, frame):
    def interrupt(done, total, seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(example_model(), data.read(frame), tmp_path / "out.parquet", chunk_rows=500, progress=interrupt)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_full_disk_is_told_and_leaves_no_file(tmp_path, frame, ending, monkeypatch):
    from seakeep.core import files

    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "flush", full)
    with pytest.raises(CannotWrite, match=r"The disk is full"):
        score(example_model(), data.read(frame), tmp_path / f"out.{ending}")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_while_writing_is_told(tmp_path):
    code = """
import resource, signal, sys
from seakeep import data
from seakeep.serving import score
from seakeep.testing.example_models import example_frame, example_model

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    score(example_model(), data.read(example_frame(100_000)), sys.argv[1])
except Exception as error:
    print(type(error).__name__, error)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "out.csv")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout.startswith("CannotWrite cannot write"), (ended.stdout, ended.stderr)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_memory_does_not_grow_with_the_table(tmp_path):
    """Peak memory of a process that scores 2 million rows is at most 80 MiB above that of one that scores 200,000."""
    parts = [example_frame(200_000, seed=seed) for seed in range(2)]
    for number in range(10):
        parts[number % 2].write_parquet(tmp_path / f"part-{number}.parquet")
    code = (
        "import resource, sys; from seakeep import data; from seakeep.serving import score;"
        "from seakeep.testing.example_models import example_model;"
        "score(example_model(), data.read(sys.argv[1]), sys.argv[2], overwrite=True);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    def peak(pattern):
        command = [sys.executable, "-c", code, str(tmp_path / pattern), str(tmp_path / "out.parquet")]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    few, many = peak("part-0.parquet"), peak("part-*.parquet")
    assert many - few < 80 * 1024, (few, many)


@pytest.mark.parametrize("link", [False, True])
def test_a_table_is_never_written_over_by_its_own_predictions(tmp_path, frame, link):
    table = tmp_path / "flights.csv"
    frame.write_csv(table)
    out, before = table, table.read_bytes()
    if link:
        out = tmp_path / "link.csv"
        out.symlink_to(table)
    with pytest.raises(CannotScore, match=r"is a file of the table that is to be scored.*\n.*\n.*-scored\.csv"):
        score(example_model(), data.read(table), out, overwrite=True)
    assert table.read_bytes() == before
