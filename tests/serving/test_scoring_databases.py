"""Predictions in tables of SQLite and PostgreSQL: types, names, adding and replacing, refusals, and runs that are cut off."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from tests.registry.servers import Breaking, Postgres

from seakeep import data
from seakeep.core import Task
from seakeep.serving import score
from seakeep.serving.scoring import CannotScore
from seakeep.serving.scoring.outputs import Plan, databases, open_output
from seakeep.serving.scoring.outputs.refusals import CannotInsert
from seakeep.testing.example_models import example_frame, example_model

FRAME = pl.DataFrame({"row": [1, 2], "probability_true": pl.Series([0.1, 0.7], dtype=pl.Float32)})
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.platform)]


@pytest.fixture(scope="module")
def server():
    folder = Path(tempfile.mkdtemp(prefix="seakeep-servers-"))
    folder.chmod(0o755)  # the server's user goes through it
    started = Postgres(folder / "postgres")
    try:
        started.make()
        started.start()
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Sqlite:
    """What a test asks of a database."""

    def __init__(self, path):
        self.path, self.place = path, f"sqlite:///{path}"

    def ask(self, statement):
        with closing(sqlite3.connect(self.path)) as connection:
            found = connection.execute(statement).fetchall()
            connection.commit()
            return found

    def tables(self):
        return {name for (name,) in self.ask("select name from sqlite_master where type = 'table'")}


class Postgresql:
    def __init__(self, server, name):
        server.ask(f"create database {name} template template0")
        self.server, self.name, self.place = server, name, server.address(name)

    def ask(self, statement):
        import psycopg

        with psycopg.connect(self.place, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def tables(self):
        return {name for (name,) in self.ask("select tablename from pg_tables where schemaname = 'public'")}


@pytest.fixture(params=KINDS)
def database(request, tmp_path):
    if request.param == "sqlite":
        return Sqlite(tmp_path / "scored.db")
    Postgresql.count = getattr(Postgresql, "count", 0) + 1
    return Postgresql(request.getfixturevalue("server"), f"scored_{Postgresql.count}")


def planned(job="a" * 64, columns=FRAME.schema, **more):
    return Plan(job, columns, "release", **more)


def filled(place, plan, *units):
    output = open_output(place, plan)
    for number, frame in enumerate(units):
        output.write(number, frame, str(number).encode())
    output.publish(len(units))
    output.close()


def test_what_is_scored_is_read_again_to_the_bit(database, tmp_path):
    table = data.read(example_frame(3000).with_columns(flight=pl.int_range(3000)), key="flight")
    for out in (f"{database.place}?table=scored", tmp_path / "out.parquet"):
        score(example_model(Task.MULTICLASS), table, out, chunk_rows=700)
    found = data.collect(data.read(database.place, query="select * from scored order by flight"))
    expected = pl.read_parquet(tmp_path / "out.parquet")
    assert found.cast(dict(expected.schema)).equals(expected)
    assert database.tables() == {"scored", "seakeep_runs", "seakeep_units"}
    assert database.ask("select count(*) from seakeep_units") == [(0,)]


def test_rows_are_added_once_a_job_and_replaced_when_asked(database):
    place = f"{database.place}?table=scored"
    filled(place, planned("a" * 64), FRAME)
    filled(place, planned("b" * 64), FRAME, FRAME.clear(), FRAME)
    assert database.ask("select row from scored order by row") == [(1,), (1,), (1,), (2,), (2,), (2,)]
    with pytest.raises(CannotScore, match="in the table already") as error:
        open_output(place, planned("b" * 64))
    assert "tiger" not in str(error.value)
    filled(f"{database.place}?table=others", planned("b" * 64), FRAME)
    for _ in range(2):
        filled(place, planned("b" * 64, overwrite=True), FRAME)
        assert database.ask("select count(*) from scored") == [(2,)]


def test_a_run_goes_on_where_it_was_cut_off(database, monkeypatch):
    monkeypatch.setattr(databases, "PAUSES_SECONDS", (0.01,))
    place = f"{database.place}?table=scored"
    output = open_output(place, planned())
    output.write(0, FRAME, b"first")
    output.write(1, FRAME, b"wrong")
    with pytest.raises(CannotScore, match="under way already"):
        open_output(place, planned())
    output.close()
    again = open_output(place, planned())
    assert again.done() == {0: b"first", 1: b"wrong"}
    again.write(1, FRAME, b"second")
    assert "scored" not in database.tables(), "nothing is shown before all is there"
    again.publish(2)
    again.close()
    assert database.ask("select count(*) from scored") == [(4,)]


def test_a_run_that_was_cut_off_after_its_commit_ends_without_doubling_a_row(database, monkeypatch):
    place = f"{database.place}?table=scored"
    monkeypatch.setattr(databases.Table, "_forget", lambda _self: (_ for _ in ()).throw(KeyboardInterrupt))
    output = open_output(place, planned())
    output.write(0, FRAME, b"0")
    with pytest.raises(KeyboardInterrupt):
        output.publish(1)
    output.close()
    monkeypatch.undo()
    again = open_output(place, planned())
    assert again.done() == {0: b"0"}
    again.publish(1)
    again.close()
    assert database.ask("select count(*) from scored") == [(2,)]


def test_names_are_quoted(database):
    frame = pl.DataFrame({'a" ?{rows}; drop table x --': [1], "select": [2.5], "": [None]}).drop("")
    table = 'odd "table"; drop'
    filled(f"{database.place}?table=odd%20%22table%22%3B%20drop", planned(columns=frame.schema), frame)
    quoted = table.replace('"', '""')
    assert database.ask(f'select * from "{quoted}"') == [(1, 2.5)]


def test_types(database):
    frame = pl.DataFrame(
        {
            "u8": pl.Series([255, None], dtype=pl.UInt8),
            "u32": pl.Series([2**32 - 1, None], dtype=pl.UInt32),
            "i64": [-(2**63), None],
            "f32": pl.Series([0.1, float("-inf")], dtype=pl.Float32),
            "flag": [True, None],
            "word": pl.Series(["é", None], dtype=pl.Categorical),
            "raw": [b"\0a", None],
            "day": [dt.date(2013, 11, 4), None],
            "time": pl.Series([dt.datetime(2013, 11, 4, 12, 30, 0, 5), None], dtype=pl.Datetime("us")),
            "zoned": pl.Series([dt.datetime(2013, 11, 4, 12), None]).dt.replace_time_zone("America/New_York"),
        }
    )
    place = f"{database.place}?table=kinds"
    filled(place, planned(columns=frame.schema), frame)
    first, second = database.ask("select * from kinds")
    assert second == (None, None, None, float("-inf"), *[None] * 6)
    assert first[:3] == (255, 2**32 - 1, -(2**63))
    assert first[4:7] == (1, "é", b"\0a")
    if isinstance(database, Sqlite):
        assert first[3] == float(frame["f32"][0])
        assert first[7:] == ("2013-11-04", "2013-11-04 12:30:00.000005", "2013-11-04 17:00:00.000000+00:00")
    else:
        assert first[7:] == (dt.date(2013, 11, 4), dt.datetime(2013, 11, 4, 12, 30, 0, 5), frame["zoned"][0])
    filled(place, planned("b" * 64, columns=frame.schema), frame)
    assert database.ask("select count(*) from kinds") == [(4,)], "it fits what it has made itself"


def test_a_table_of_other_columns_is_refused_column_by_column(database):
    database.ask("create table scored (row text, more bigint not null, free bigint)")
    with pytest.raises(CannotScore, match="the table's columns are not those of the predictions") as error:
        open_output(f"{database.place}?table=scored", planned())
    assert "it has no 'probability_true'" in error.value.differences
    assert "'more' may not be missing there" in error.value.differences
    assert any(told.lower().startswith("'row' is text there and ") for told in error.value.differences)
    assert "tiger" not in str(error.value)
    assert database.tables() == {"scored"}, "nothing was begun"


def test_a_table_that_somebody_made_is_filled(database):
    database.ask("create table scored (probability_true double precision, free bigint default 5, row numeric)")
    filled(f"{database.place}?table=scored", planned(), FRAME)
    assert database.ask("select row, free from scored order by row") == [(1, 5), (2, 5)]


def test_what_is_no_table_is_refused(database):
    database.ask("create view scored as select 1 as row")
    with pytest.raises(CannotScore, match="the table is a view"):
        open_output(f"{database.place}?table=scored", planned())


def test_a_type_that_the_database_lacks_is_refused(database):
    with pytest.raises(CannotScore, match=r"column 'a' is List\(Int64\), which a table of \w+ has no type for"):
        open_output(f"{database.place}?table=scored", planned(columns=pl.Schema({"a": pl.List(pl.Int64)})))


def test_rows_that_are_gone_are_told(database):
    output = open_output(f"{database.place}?table=scored", planned())
    output.write(0, FRAME, b"")
    (rows,) = database.tables() - {"seakeep_runs", "seakeep_units"}
    database.ask(f"delete from {rows} where row = 1")
    with pytest.raises(CannotInsert, match="unit 0 was written and is not there any more"):
        output.publish(1)
    output.close()


@pytest.mark.parametrize(
    "address",
    ["sqlite:///x.db", "sqlite:///?table=t", "postgresql://ann:tiger@h/d", "postgresql://ann:tiger@h/d?table="],
)
def test_an_address_that_names_no_table_is_refused(address):
    with pytest.raises(CannotScore, match="names no table to write to") as error:
        open_output(address, planned())
    assert "tiger" not in str(error.value)


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "x.db").write_text("this is a letter, and no database, although it is long enough" * 10)
    with pytest.raises(CannotInsert, match="the rows were not taken: file is not a database"):
        open_output(f"sqlite:///{tmp_path / 'x.db'}?table=t", planned())


@pytest.mark.platform
def test_a_table_of_another_schema(server):
    database = Postgresql(server, "schemas")
    database.ask("create schema other")
    filled(f"{database.place}?table=other.scored", planned(), FRAME)
    assert database.ask("select count(*) from other.scored") == [(2,)]
    assert not database.tables()


@pytest.mark.platform
@pytest.mark.parametrize("forwarded", [False, True])
def test_a_lost_connection_is_made_again(server, forwarded):
    """At a commit, before or after the server has heard it."""
    database = Postgresql(server, f"lost_{forwarded}".lower())
    with Breaking(server.port, at=b"commit", forwarded=forwarded) as network:
        place = database.place.replace(str(server.port), str(network.port))
        output = open_output(f"{place}?table=scored", planned())
        for number in range(3):
            network.armed = True
            output.write(number, FRAME, b"")
            assert not network.armed
        network.armed = True
        output.publish(3)
        output.close()
    assert database.ask("select count(*) from scored") == [(6,)]


@pytest.mark.platform
def test_who_may_not_write_is_told_without_a_password(server):
    server.ask("create role bob login password 'lion'")
    address = server.address(user="bob", password="lion", options="?table=scored")
    with pytest.raises(CannotInsert, match="permission denied") as error:
        open_output(address, planned())
    with pytest.raises(CannotInsert, match="password authentication failed") as wrong:
        open_output(address.replace("lion", "tiger"), planned())
    assert not {"lion", "tiger"} & set(f"{error.value} {wrong.value}".split(":@ "))
    assert "lion" not in str(error.value)
    assert "tiger" not in str(wrong.value)


@pytest.mark.platform
def test_a_name_that_the_server_would_cut_is_refused(server):
    with pytest.raises(CannotScore, match="which has at most 63 bytes in a name"):
        open_output(server.address(options="?table=t"), planned(columns=pl.Schema({"é" * 32: pl.Int64()})))
