"""Labels from a query: typed, read-only, and with the error in words."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from seakeep.core.errors import UsageError
from seakeep.prediction_log import LabelSummary, PredictionLog
from seakeep.prediction_log.sql import BadQuery, read_sql

from .examples import asked, written


@pytest.fixture
def database(tmp_path) -> str:
    path = tmp_path / "operations ü.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE arrivals (flight, late, mixed)")
        rows = [("q1.0", 1, 5), ("q2.0", 0, "five"), (None, 1, None)]
        connection.executemany("INSERT INTO arrivals VALUES (?, ?, ?)", rows)
        connection.commit()
    return f"sqlite:///{path}"


def test_a_query_gives_typed_rows(database):
    table = read_sql("SELECT * FROM arrivals", database)
    assert table.to_dict(as_series=False) == {
        "flight": ["q1.0", "q2.0", None],
        "late": [1, 0, 1],
        "mixed": ["5", "five", None],
    }


def test_an_open_connection_is_used_and_left_open():
    with closing(sqlite3.connect(":memory:")) as connection:
        assert read_sql("SELECT 1 AS a, 'x' AS b", connection).row(0) == (1, "x")
        assert connection.execute("SELECT 2").fetchone() == (2,)


def test_a_query_without_rows_is_an_empty_table(database):
    table = read_sql("SELECT flight, late FROM arrivals WHERE late > 5", database)
    assert (table.columns, table.height) == (["flight", "late"], 0)


def test_labels_come_from_a_query(database, tmp_path):
    log = PredictionLog.of(tmp_path, "late")
    written(log, [asked(1), asked(2)])
    table = read_sql("SELECT flight, late FROM arrivals", database)
    assert log.add_labels(table, label="late", id="flight") == LabelSummary(added=2, empty=1)
    assert log.scan().collect()["@label"].to_list() == [True, False]


def test_a_query_can_change_nothing(database):
    with pytest.raises(BadQuery, match="attempt to write a readonly database"):
        read_sql("DELETE FROM arrivals", database)


def test_a_query_that_fails_says_why_and_where(database):
    with pytest.raises(BadQuery, match="the query failed: no such table: departures") as caught:
        read_sql("SELECT * FROM departures", database)
    assert "SELECT * FROM departures" in caught.value.where


def test_a_statement_without_rows_is_no_table():
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(BadQuery, match="the query gives no table"):
        read_sql("CREATE TABLE a (b)", connection)


def test_two_columns_of_one_name_are_refused(database):
    with pytest.raises(BadQuery, match="two of its columns are called 'late'"):
        read_sql("SELECT late, late FROM arrivals", database)


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "x.db").write_text("this is no database at all, but a text of some length")
    with pytest.raises(BadQuery, match="file is not a database"):
        read_sql("SELECT 1 FROM a", f"sqlite:///{tmp_path / 'x.db'}")


def test_a_database_that_is_not_there_is_told_and_not_made(tmp_path):
    with pytest.raises(BadQuery, match="there is no database"):
        read_sql("SELECT 1", f"sqlite:///{tmp_path / 'none.db'}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("address", ["labels.db", "mysql://ann:tiger@host/db", 5])
def test_another_address_is_refused_with_what_to_type(address):
    with pytest.raises(UsageError, match="expected sqlite:///PATH, postgresql://… or an open connection"):
        read_sql("SELECT 1", address)
