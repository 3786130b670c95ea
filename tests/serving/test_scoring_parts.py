"""A folder of parts: what stands there, whose run may go on, and what is refused before anything is written."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

import polars as pl
import pytest

from seakeep import data
from seakeep.core import locks
from seakeep.core.errors import UsageError
from seakeep.core.files import CannotWrite
from seakeep.serving import score
from seakeep.serving.scoring import CannotScore
from seakeep.testing.example_models import example_frame, example_model

READERS = {"parquet": pl.read_parquet, "csv": pl.read_csv, "arrow": pl.read_ipc, "jsonl": pl.read_ndjson}


@pytest.fixture
def table(tmp_path):
    """A table of 1,000 rows in two files; `table()` reads it as it stands."""
    (tmp_path / "in").mkdir()
    frame = example_frame(1000).with_columns(flight=pl.int_range(1000))
    for number in range(2):
        frame[number * 500 : number * 500 + 500].write_parquet(tmp_path / f"in/{number}.parquet")
    return lambda: data.read(str(tmp_path / "in"), key="flight")


class Stop(Exception):
    """Ends a run in the middle."""


def stopped(table, out, **how):
    """A run that ends after two parts of 100 rows."""

    def progress(done, total, seconds):
        path = Path(out)
        if len(list((path.parent / f".{path.name}.scoring/notes").iterdir())) == 2:
            raise Stop

    with pytest.raises(Stop):
        score(example_model(), table(), out, part_rows=100, chunk_rows=50, progress=progress, **how)


@pytest.mark.parametrize("kind", READERS)
def test_parts_are_the_rows_of_one_file_in_order(tmp_path, table, kind):
    one = score(example_model(), table(), tmp_path / f"one.{kind}")
    summary = score(example_model(), table(), tmp_path / "parts", parts=kind, part_rows=300)
    files = sorted(path.name for path in summary.path.glob("part-*"))
    assert files == [f"part-{number:06d}.{kind}" for number in range(4)]
    read = READERS[kind]
    parts = [read(summary.path / name) for name in files]
    assert [part.height for part in parts] == [300, 300, 300, 100]
    assert pl.concat(parts).equals(read(one.path))
    assert (summary.rows, summary.parts, summary.resumed_parts) == (1000, 4, 0)
    assert data.collect(data.read(str(summary.path))).height == 1000, "our own reader takes the folder"


def test_the_list_of_parts_says_whose_they_are(tmp_path, table):
    summary = score(example_model(), table(), f"{tmp_path}/out/", part_rows=600)
    told = json.loads((summary.path / "_SUCCESS").read_text())
    assert told["job"] == summary.job
    assert told["facts"]["release"] == summary.release
    assert [(part["name"], part["rows"]) for part in told["parts"]] == [
        ("part-000000.parquet", 600),
        ("part-000001.parquet", 400),
    ]
    assert [part["bytes"] for part in told["parts"]] == [
        (summary.path / part["name"]).stat().st_size for part in told["parts"]
    ]


def test_a_run_that_was_ended_goes_on_and_says_how_much_was_there(tmp_path, table):
    out, found = tmp_path / "out", []
    stopped(table, f"{out}/")
    assert not out.exists()
    summary = score(example_model(), table(), f"{out}/", part_rows=100, resumed=lambda *told: found.append(told))
    assert found == [(2, 200)]
    assert (summary.rows, summary.parts, summary.resumed_parts, summary.resumed_rows) == (1000, 10, 2, 200)
    assert pl.read_parquet(f"{out}/*.parquet")["flight"].to_list() == list(range(1000))


def test_a_table_of_text_goes_on_too(tmp_path, table):
    data.collect(table()).write_csv(tmp_path / "in.csv")
    stopped(lambda: data.read(str(tmp_path / "in.csv"), key="flight"), f"{tmp_path}/out/")
    summary = score(
        example_model(), data.read(str(tmp_path / "in.csv"), key="flight"), f"{tmp_path}/out/", part_rows=100
    )
    assert summary.resumed_parts == 2
    assert pl.read_parquet(f"{tmp_path}/out/*.parquet")["flight"].to_list() == list(range(1000))


def test_rows_of_an_earlier_run_are_not_told_as_progress(tmp_path, table):
    stopped(table, f"{tmp_path}/out/")
    told = []
    score(example_model(), table(), f"{tmp_path}/out/", part_rows=100, progress=lambda *now: told.append(now))
    assert [(done, total) for done, total, _ in told] == [(100 * n, 800) for n in range(1, 9)]


OTHERS = {
    "release": lambda how: how | {"model": example_model(seed=8)},
    "rows a part": lambda how: how | {"part_rows": 200},
    "columns": lambda how: how | {"keep": "all"},
    "broken rows": lambda how: how | {"broken": "mark"},
    "format": lambda how: how | {"parts": "csv"},
}


@pytest.mark.parametrize("what", OTHERS)
def test_parts_of_another_run_are_not_mixed_with(tmp_path, table, what):
    stopped(table, f"{tmp_path}/out/")
    how = OTHERS[what]({"model": example_model(), "part_rows": 100})
    with pytest.raises(CannotScore, match=rf"which wrote 2 parts: {what} was .*, is .*\n.*\n.*--overwrite"):
        score(how.pop("model"), table(), f"{tmp_path}/out/", **how)


def test_a_changed_table_is_another_run_and_may_begin_anew(tmp_path, table):
    stopped(table, f"{tmp_path}/out/")
    data.collect(table())[:500].with_columns(distance=pl.lit(5.0)).write_parquet(tmp_path / "in/0.parquet")
    with pytest.raises(CannotScore, match="table was"):
        score(example_model(), table(), f"{tmp_path}/out/", part_rows=100)
    summary = score(example_model(), table(), f"{tmp_path}/out/", part_rows=100, overwrite=True)
    assert (summary.rows, summary.resumed_parts) == (1000, 0)


def test_a_table_that_is_written_to_while_it_is_scored_is_told(tmp_path, table):
    def progress(done, total, seconds):
        os.utime(tmp_path / "in/0.parquet", ns=(1, 1))

    for out in (f"{tmp_path}/out/", tmp_path / "out.csv"):
        with pytest.raises(CannotScore, match=r"0.parquet was written to while it was scored"):
            score(example_model(), table(), out, progress=progress)
        os.utime(tmp_path / "in/0.parquet", ns=(7, 7))
        assert not Path(out).exists()


def test_two_runs_at_once_are_one_too_many(tmp_path, table):
    with locks.alone(tmp_path / ".out.scoring/lock") as held:
        assert held
        with pytest.raises(CannotScore, match=rf"another run writes .*out now, process {os.getpid()}\n.*\n.*kill"):
            score(example_model(), table(), f"{tmp_path}/out/")


def test_a_finished_folder_stands_until_it_may_be_replaced(tmp_path, table):
    first = score(example_model(), table(), f"{tmp_path}/out/", part_rows=300)
    with pytest.raises(CannotScore, match=r"out exists already\n.*\n.*--overwrite"):
        score(example_model(), table(), f"{tmp_path}/out/", part_rows=300)
    score(example_model(), table(), f"{tmp_path}/out", part_rows=900, overwrite=True)
    assert len(list(first.path.glob("part-*"))) == 2
    (first.path / "mine.txt").write_text("precious")
    with pytest.raises(
        CannotScore, match=r"holds 'mine.txt', which no run put there, and is not written over\n.*\n.*ls "
    ):
        score(example_model(), table(), f"{tmp_path}/out/", overwrite=True)
    assert (first.path / "mine.txt").read_text() == "precious"
    (tmp_path / "other").mkdir()
    (tmp_path / "other/part-000000.parquet").write_text("precious")
    with pytest.raises(CannotScore, match="holds what no run has made"):
        score(example_model(), table(), f"{tmp_path}/other", overwrite=True)


def test_no_folder_is_written_over_or_into_the_table(tmp_path, table):
    with pytest.raises(CannotScore, match=r"in holds files of the table that is to be scored.*\n.*\n.*in-scored/"):
        score(example_model(), table(), f"{tmp_path}/in/", overwrite=True)
    with pytest.raises(CannotScore, match=r"in/out lies within .*in, whose files are scored.*\n.*\n.*-o out/"):
        score(example_model(), table(), f"{tmp_path}/in/out/")


def test_an_unknown_format_of_parts_is_refused(tmp_path, table):
    with pytest.raises(
        CannotScore, match=r"parts cannot be 'orc', expected parquet, csv, arrow or jsonl\n.*--parts parquet"
    ):
        score(example_model(), table(), f"{tmp_path}/out/", parts="orc")
    with pytest.raises(UsageError, match="part_rows must be at least 1, it is 0"):
        score(example_model(), table(), f"{tmp_path}/out/", part_rows=0)


def test_a_part_that_somebody_takes_away_is_written_again(tmp_path, table):
    stopped(table, f"{tmp_path}/out/")
    (tmp_path / ".out.scoring/parts/part-000001.parquet").unlink()
    assert score(example_model(), table(), f"{tmp_path}/out/", part_rows=100).resumed_parts == 1

    def take(done, total, seconds):
        (tmp_path / ".second.scoring/parts/part-000000.parquet").unlink(missing_ok=True)

    with pytest.raises(
        CannotScore, match=r"part-000000.parquet was written and is not there any more.*\n.*\n.*same command"
    ):
        score(example_model(), table(), f"{tmp_path}/second/", part_rows=100, progress=take)


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_are_one_part(tmp_path, table, rows):
    frame = example_frame(rows)
    summary = score(
        example_model(), data.read(frame), f"{tmp_path}/out/", quarantine=f"{tmp_path}/bad/", statistics=True
    )
    assert (summary.rows + summary.quarantined, summary.parts) == (rows, 1)
    assert summary.statistics.rows == summary.rows
    assert pl.read_parquet(summary.path / "part-000000.parquet").columns == list(summary.columns)


def test_a_place_that_cannot_be_written_is_told(tmp_path, table):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite):
        score(example_model(), table(), f"{tmp_path}/file/out/")


@pytest.mark.slow
def test_statistics_are_those_of_the_whole_table_whoever_answered(tmp_path, table):
    whole = score(example_model(), table(), tmp_path / "one.csv", statistics=True, chunk_rows=77)
    stopped(table, f"{tmp_path}/out/", statistics=True)
    parts = score(example_model(), table(), f"{tmp_path}/out/", part_rows=100, statistics=True)
    there = score(example_model(), table(), tmp_path / "there.csv", statistics=True, engine="local[1]")
    assert whole.statistics.digest == parts.statistics.digest == there.statistics.digest
    assert whole.statistics.rows == 1000
    own = data.profile(data.read(data.collect(table()).select("distance", "carrier")))
    assert whole.statistics.select(("distance", "carrier")).digest == own.digest
    assert whole.statistics["@prediction"].rows == 1000


def test_names_and_numbers_that_cannot_be_are_told(tmp_path, table):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9/")
    with pytest.raises(CannotScore, match=r"is no text in UTF-8.*\n.*\n.*-o scored/"):
        score(example_model(), table(), odd)
    with pytest.raises(UsageError, match="chunk_rows must be at least 1, it is 0"):
        score(example_model(), table(), tmp_path / "out.csv", chunk_rows=0)


def test_a_link_to_a_folder_stays_one_and_torn_facts_are_of_another_run(tmp_path, table):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    score(example_model(), table(), f"{tmp_path}/link/")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/part-000000.parquet").is_file()
    (tmp_path / ".torn.scoring").mkdir()
    (tmp_path / ".torn.scoring/job.json").write_text("{")
    with pytest.raises(CannotScore, match="was begun by another run, which wrote 0 parts"):
        score(example_model(), table(), f"{tmp_path}/torn/")


def test_a_folder_of_broken_rows_beside_one_file_is_begun_anew(tmp_path, table, monkeypatch):
    def stop(done, total, seconds):
        if (tmp_path / ".bad.scoring/notes/000000").exists():
            raise Stop

    monkeypatch.setattr(importlib.import_module("seakeep.serving.scoring.score"), "PART_ROWS", 100)
    how = {"quarantine": f"{tmp_path}/bad/", "chunk_rows": 50}
    with pytest.raises(Stop):
        score(example_model(), table(), tmp_path / "out.csv", progress=stop, **how)
    summary = score(example_model(), table(), tmp_path / "out.csv", **how)
    assert (summary.rows + summary.quarantined, summary.resumed_parts) == (1000, 0)
    assert pl.read_parquet(f"{tmp_path}/bad/*.parquet").height == summary.quarantined
