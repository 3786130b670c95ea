"""A query of a SQLite database as a dataset: an order is asked for, types are one a column, every message names the database."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time

import polars as pl
import pytest

from seakeep.core.errors import UsageError
from seakeep.data import collect, read
from seakeep.data.errors import CannotQuery, CannotRead
from seakeep.data.tables import queries
from seakeep.data.tables.queries import is_ordered


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "a b.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (a integer, b real, c text, d blob)")
        connection.executemany("insert into t values (?, ?, ?, ?)", [(i, i / 4, f"é{i}", b"\x00") for i in range(5000)])
        connection.execute("insert into t values (null, null, null, null)")
        connection.commit()
    return path


def test_a_query_is_read_in_its_order_with_its_types(database) -> None:
    dataset = read(
        f"sqlite:///{database}",
        query="select * from t where a >= 10 or a is null order by a desc",
        key="a",
        columns=["b", "a"],
    )
    frame = collect(dataset)
    assert frame.schema == {"b": pl.Float64, "a": pl.Int64}
    assert frame["a"].to_list() == [*range(4999, 9, -1), None]
    assert collect(read(f"sqlite:///{database}", query="select d, c from t order by a limit 2 offset 1;")).rows() == [
        (b"\x00", "é0"),
        (b"\x00", "é1"),
    ]


def test_the_digest_is_that_of_the_rows_wherever_and_however_they_were_asked(database, tmp_path) -> None:
    first = read(f"sqlite:///{database}", query="select a, c from t order by a").digest
    (tmp_path / "other.db").write_bytes(database.read_bytes())
    assert read(f"sqlite:///{tmp_path / 'other.db'}", query="select t.a, t.c from t order by 1").digest == first
    assert read(f"sqlite:///{database}", query="select a, c from t order by a desc").digest != first


@pytest.mark.parametrize(
    ("query", "ordered"),
    [
        ("select 1 order by 1", True),
        ("select 1 ORDER\n  BY 1", True),
        ("select rank() over (order by a) from t", False),
        ("select * from (select 1 order by 1) t", False),
        ("select 'order by' from t", False),
        ("select 1 -- order by 1", False),
        ("select 1 /* order by 1 */", False),
        ("select $$ order by $$ from t", False),
        ('select "order by" from t', False),
        ("select ')' from t order by 1", True),
    ],
)
def test_an_order_is_told_from_words_that_look_like_one(query, ordered) -> None:
    assert is_ordered(query) is ordered


def test_what_is_wrong_is_told(database, tmp_path) -> None:
    address = f"sqlite:///{database}"
    with pytest.raises(UsageError) as caught:
        read(address, query="select a from t;")
    assert str(caught.value) == (
        f"the query has no ORDER BY at its end ({address})\n"
        "  A database may give rows in another order each time, and then the same data has another digest and another model.\n"
        "  query='select a from t order by …', by columns that tell rows apart"
    )
    with pytest.raises(UsageError, match="is a database, and no query was given"):
        read(address)
    with pytest.raises(UsageError, match="a database has no versions"):
        read(address, query="select 1 order by 1", version=3)
    with pytest.raises(CannotQuery, match="no such column: zap"):
        read(address, query="select zap from t order by 1")
    with pytest.raises(CannotQuery, match="two columns 'a'"):
        read(address, query="select a, a from t order by 1")
    with pytest.raises(CannotQuery, match=r"there is no database .*none\.db"):
        read(f"sqlite:///{tmp_path}/none.db", query="select 1 order by 1")
    (tmp_path / "text.db").write_text("no database\n" * 100)
    with pytest.raises(CannotRead, match=r"text\.db is not a whole SQLite file"):
        read(f"sqlite:///{tmp_path}/text.db", query="select 1 order by 1")
    with pytest.raises(UsageError, match="query is for a database"):
        read("flights.csv", query="select 1")
    with pytest.raises(UsageError, match="version is for a database"):
        read(pl.DataFrame({"a": [1]}), version=1)
    with pytest.raises(UsageError, match="are for CSV files, and this is a table of sqlite"):
        read(address, query="select 1 order by 1", separator=";")


def test_a_value_of_another_type_after_many_rows_is_told(database) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("create table m (a)")
        connection.executemany("insert into m values (?)", [(i,) for i in range(70_000)])
        connection.execute("insert into m values ('word')")
        connection.commit()
    with pytest.raises(CannotQuery, match="holds values of several types"):
        read(f"sqlite:///{database}", query="select a from m order by rowid")
    cast = read(f"sqlite:///{database}", query="select cast(a as text) as a from m order by rowid")
    assert collect(cast)["a"].to_list()[-2:] == ["69999", "word"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["x", 0.1 + 0.2], "real and text"),
        ([2**53 + 1, 0.5], "integer and real"),
        ([b"a", "x"], "blob and text"),
        (["x"] * 70_000 + [7], "integer and text"),
        (["x"] * 70_000 + [b"\xff"], "blob and text"),
    ],
)
def test_a_mixture_that_the_driver_would_alter_is_refused(tmp_path, values, told) -> None:
    with pytest.raises(CannotQuery, match=f"'v\"' holds {told}"):
        read(_of(tmp_path, values), query='select v as "v""" from t order by k;')


def test_whole_numbers_among_floats_are_floats(tmp_path) -> None:
    dataset = read(_of(tmp_path, [1, 2.5, None, -(2**53)]), query="select v from t order by k -- all")
    assert collect(dataset)["v"].to_list() == [1.0, 2.5, None, -(2.0**53)]


def _of(folder, values) -> str:
    with contextlib.closing(sqlite3.connect(folder / "m.db")) as connection:
        connection.execute("create table t (k integer, v)")
        connection.executemany("insert into t values (?, ?)", enumerate(values))
        connection.commit()
    return f"sqlite:///{folder / 'm.db'}"


def test_a_database_that_lacks_its_end_is_refused(database) -> None:
    content = database.read_bytes()
    query = "select a, b, c from t order by a"
    for kept in (1, 99, 100, 5000, len(content) - 4096, len(content) - 1):
        database.write_bytes(content[:kept])
        with pytest.raises(CannotRead, match=r"a b\.db"):
            read(f"sqlite:///{database}", query=query)
    database.write_bytes(content)
    assert read(f"sqlite:///{database}", query=query).digest


def test_a_locked_database_is_waited_for(database, monkeypatch) -> None:
    monkeypatch.setattr(queries, "PAUSES_SECONDS", (0.1,) * 30)
    locking = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
    locking.execute("begin exclusive")

    def release() -> None:
        time.sleep(0.3)
        locking.execute("rollback")
        locking.close()

    thread = threading.Thread(target=release)
    thread.start()
    assert collect(read(f"sqlite:///{database}", query="select a from t order by a")).height == 5001
    thread.join()
