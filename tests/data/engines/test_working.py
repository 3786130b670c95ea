"""What a worker answers where something is wrong: the driver raises it as it was, with a place."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from seakeep.core.errors import RequestError, UsageError
from seakeep.core.files import CannotWrite
from seakeep.data import read
from seakeep.data.engines import (
    BadEngine,
    CannotPublish,
    EngineBroke,
    NotVisible,
    WorkersDiffer,
    connected,
    each,
    map_batches,
)
from seakeep.data.engines._describing import as_text
from seakeep.data.engines._job import Answer, Job, Unit, name_of, named, versions
from seakeep.data.engines._working import perform
from seakeep.testing.engines import broken, rows_told, turned


@pytest.fixture
def table(tmp_path):
    pl.DataFrame({"a": range(20)}).write_parquet(tmp_path / "a.parquet")
    return tmp_path / "a.parquet"


def job(table, **changes) -> Job:
    told = {"function": name_of(rows_told), "table": as_text(read(table)), "identity": "x", "versions": versions()}
    return Job(**{**told, **changes})


def test_a_unit_is_answered(table):
    answer = perform(job(table), Unit(1, 5, 5, ((0, 5, 5),)))
    assert answer.opened().endswith(b"5:5")


def test_workers_of_another_version_refuse(table):
    answer = perform(job(table, versions={**versions(), "polars": "1.0"}), Unit(0, 0, 1, ((0, 0, 1),)))
    with pytest.raises(WorkersDiffer, match="the workers have other versions: polars") as caught:
        answer.opened()
    assert "pip install polars==1.0" in str(caught.value)


def test_a_table_that_has_other_rows_than_were_counted_is_refused(table):
    answer = perform(job(table), Unit(0, 0, 30, ((0, 0, 30),)))
    with pytest.raises(NotVisible, match="20 rows were read where 30 were counted before"):
        answer.opened()


def test_a_file_that_a_worker_does_not_see_is_named(table):
    told = job(table)
    table.unlink()
    with pytest.raises(NotVisible, match="is not there for a worker") as caught:
        perform(told, Unit(0, 0, 1, ((0, 0, 1),))).opened()
    assert str(table) in str(caught.value)
    assert "shared file system" in str(caught.value)


def test_errors_keep_their_class_and_parts():
    first = UsageError.unknown_name("column", "fara", ["fare"], where="trips")
    with pytest.raises(UsageError) as caught:
        Answer.refused(first, place="here").opened()
    assert str(caught.value) == str(first)
    with pytest.raises(RequestError, match="bad"):
        Answer.refused(RequestError("bad", status=404), place="here").opened()


def test_another_exception_is_told_with_its_place(table):
    answer = perform(job(table, function=name_of(broken)), Unit(4, 0, 2, ((0, 0, 2),)))
    with pytest.raises(EngineBroke, match=r"a worker raised KeyError: '2 rows of unit 4' \(.*, unit 4\)"):
        answer.opened()


def test_a_file_that_was_written_anew_meanwhile_is_named(table):
    with connected("local[1]") as engine, contextlib.closing(each(engine, read(table), rows_told, rows=2)) as answers:
        next(answers)
        pl.DataFrame({"a": range(5)}).write_parquet(table)
        with pytest.raises(NotVisible, match=r"is another file than|rows were read where") as caught:
            list(answers)
        assert "Run it again when nothing writes to the table." in str(caught.value)


def test_a_place_that_cannot_be_written_to_and_no_rows_are_refused(table):
    with connected("local") as engine:
        with pytest.raises(CannotWrite):
            map_batches(engine, read(table), turned, Path("/proc/nowhere/out"))
        with pytest.raises(UsageError, match="rows must be at least 1, it is 0"):
            list(each(engine, read(table), rows_told, rows=0))


def test_a_worker_ends_with_the_process_that_asks_it(table):
    asking = f"""
import time
from seakeep.data import read
from seakeep.data.engines import connect, each
from seakeep.testing.engines import worker_of
engine = connect("local[1]")
print(next(each(engine, read({str(table)!r}), worker_of)).decode(), flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", asking], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 20
    while _works(worker):
        assert time.monotonic() < deadline, "the worker outlives the process that asked it"
        time.sleep(0.05)


def _works(pid: int) -> bool:
    """Whether a process is there, and not only its number, which waits for whoever inherits it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_functions_go_by_name():
    assert named(name_of(rows_told)) is rows_told
    for bad in (lambda: 1, test_functions_go_by_name.__get__(1)):
        with pytest.raises(BadEngine, match="cannot be sent to workers"):
            name_of(bad)


def test_a_folder_that_is_there_is_not_written_to(table, tmp_path):
    (tmp_path / "out").mkdir()
    with connected("local") as engine, pytest.raises(CannotPublish, match="exists already"):
        map_batches(engine, read(table), turned, tmp_path / "out")


def test_columns_that_are_not_there_are_refused_before_work_begins(table):
    with connected("local") as engine, pytest.raises(UsageError, match="there is no column 'b'"):
        list(each(engine, read(table), rows_told, columns=["b"]))


def test_an_unknown_column_among_some_is_refused_with_processes(table):
    with connected("local[1]") as engine:
        found = list(each(engine, read(table), rows_told, rows=8, columns=["a"]))
        assert [each.rpartition(b" ")[2] for each in found] == [b"0:8", b"8:8", b"16:4"]


def panicking(frame, call):
    raise pl.exceptions.PanicException("called `Option::unwrap()` on a `None` value")


def test_a_panic_of_polars_is_an_answer(table):
    answer = perform(job(table, function=name_of(panicking)), Unit(0, 0, 1, ((0, 0, 1),)))
    with pytest.raises(EngineBroke, match="PanicException"):
        answer.opened()
