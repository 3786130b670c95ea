"""What a worker answers where something is wrong: the driver raises it as it was, with a place."""

from __future__ import annotations

import polars as pl
import pytest

from seakeep.core.errors import RequestError, UsageError
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
