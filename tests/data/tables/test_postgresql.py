"""A query of a real PostgreSQL as a dataset: types, one snapshot, digests, secrets, a connection that is ended in the middle."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path

import polars as pl
import psycopg
import pytest
from tests.registry.servers import Postgres

from seakeep.core.errors import UsageError
from seakeep.data import collect, profile, read
from seakeep.data.errors import CannotQuery
from seakeep.data.reading import scratch
from seakeep.data.tables import queries

pytestmark = pytest.mark.platform
ROWS = 300_000


@pytest.fixture(scope="module")
def server():
    folder = Path(tempfile.mkdtemp(prefix="seakeep-servers-"))
    folder.chmod(0o755)  # the server's user goes through it
    started = Postgres(folder / "postgres")
    try:
        started.make()
        started.start()
        started.ask(
            f"create table flights as select i as id, i % 7 as day, 'UA' || i % 100 as carrier, i * 0.25::float8 as fare from generate_series(1, {ROWS}) i",
            "create type light as enum ('red', 'green')",
            """create table kinds (id int, n numeric(12,2), t timestamptz, p timestamp, d date, c time, l int[], w text[], j json, u uuid,
               b bytea, f float4, s smallint, ok boolean, e light, x text)""",
            """insert into kinds values (1, 12345.67, '2013-11-04 12:00+02', '2013-11-04 12:00', '2013-11-04', '12:30', '{1,null,3}', '{a,b}',
               '{"a": 1}', '00000000-0000-0000-0000-000000000005', '\\x00ff', 1.5, 7, true, 'red', 'é'),
               (2, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)""",
        )
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_types_come_as_they_are(server) -> None:
    frame = collect(read(server.address(), query="select * from kinds order by id"))
    row = frame.row(0, named=True)
    assert row == {
        "id": 1, "n": 12345.67, "t": datetime(2013, 11, 4, 10, tzinfo=UTC), "p": datetime(2013, 11, 4, 12), "d": date(2013, 11, 4),
        "c": clock(12, 30), "l": [1, None, 3], "w": ["a", "b"], "j": '{"a": 1}', "u": row["u"], "b": b"\x00\xff", "f": 1.5, "s": 7,
        "ok": True, "e": "red", "x": "é",
    }  # fmt: skip
    assert row["u"] in ("00000000-0000-0000-0000-000000000005", bytes(15) + b"\x05")
    assert frame.row(1)[1:] == (None,) * 15
    assert frame.schema["n"] == pl.Float64
    assert frame.schema["t"] == pl.Datetime("us", "UTC")


def test_a_query_is_a_dataset_with_a_digest_of_its_rows(server) -> None:
    query = "select id, carrier, fare from flights where day < 3 order by id"
    dataset = read(server.address(), query=query, key="id", label="fare", where=pl.col("fare") > 10)
    assert (
        dataset.digest
        == read(
            server.address(), query=f"{query}  -- as before", key="id", label="fare", where=pl.col("fare") > 10
        ).digest
    )
    assert (
        dataset.digest
        != read(
            server.address(),
            query=query.replace("order by id", "order by id desc"),
            key="id",
            label="fare",
            where=pl.col("fare") > 10,
        ).digest
    )
    expected = sum(1 for i in range(1, ROWS + 1) if i % 7 < 3 and i * 0.25 > 10)
    assert profile(dataset).rows == expected
    assert collect(dataset, columns=["carrier"]).height == expected
    assert dataset.source.files() == ()


def test_rows_that_change_meanwhile_are_of_one_snapshot(server) -> None:
    dataset = read(server.address(), query="select id, carrier from flights order by id")
    before = dataset.digest
    server.ask("update flights set carrier = 'XX' where id = 5")
    try:
        assert dataset.digest == before
        assert read(server.address(), query="select id, carrier from flights order by id").digest != before
    finally:
        server.ask("update flights set carrier = 'UA5' where id = 5")


def test_an_empty_answer_has_its_columns(server) -> None:
    dataset = read(server.address(), query="select * from kinds where false order by id")
    assert collect(dataset).shape == (0, 16)


def test_no_secret_is_in_anything_that_is_shown(server, monkeypatch) -> None:
    dataset = read(server.address(), query="select id from kinds order by id")
    assert "tiger" not in repr(dataset) + dataset.description + dataset.digest + repr(dataset.source)
    assert "ann:***@" in dataset.description
    monkeypatch.setenv("PGPASSWORD", "tiger")
    open_address = f"postgresql://ann@127.0.0.1:{server.port}/postgres"
    assert read(open_address, query="select id from kinds order by id").digest == dataset.digest
    monkeypatch.setenv("PGPASSWORD", "lion")
    with pytest.raises(CannotQuery, match="the database lets nobody in") as caught:
        read(open_address, query="select id from kinds order by id")
    assert "lion" not in str(caught.value)
    with pytest.raises(CannotQuery, match="lets nobody in") as caught:
        read(server.address(password="leopard"), query="select id from kinds order by id")
    assert "leopard" not in str(caught.value) + str(caught.value.values)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select zap from kinds order by id", r'refuses the query: .*column "zap" does not exist'),
        ("selec id order by", "refuses the query"),
        ("delete from kinds order by id", "refuses the query"),
        ("with gone as (delete from kinds returning id) select id from gone order by id", "read-only transaction"),
        ("select 1 / (id - 2) as a from kinds order by id", "division by zero"),
        ("select id, id from kinds order by 1", "two columns 'id'"),
        ("select interval '1 month' as step order by 1", "column 'step' of the answer is of type interval"),
    ],
)
def test_what_the_database_refuses_is_told_and_not_tried_again(server, query, words) -> None:
    began = time.monotonic()
    with pytest.raises(CannotQuery, match=words):
        read(server.address(), query=query)
    assert time.monotonic() - began < sum(queries.PAUSES_SECONDS)


def test_a_query_without_an_order_is_refused(server) -> None:
    with pytest.raises(UsageError, match="no ORDER BY"):
        read(server.address(), query="select id, row_number() over (order by id) from kinds")
    with pytest.raises(UsageError, match="no query was given"):
        read(server.address())


def ended(server, *, times: int) -> threading.Thread:
    """End the connections that read from `flights`, `times` times, as soon as one is there."""

    def end() -> None:
        until, left = time.monotonic() + 20, times
        with psycopg.connect(server.address(), autocommit=True) as connection:
            while left and time.monotonic() < until:
                found = connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()"
                ).fetchall()
                left -= bool(found)
                time.sleep(0.05)

    thread = threading.Thread(target=end, daemon=True)
    thread.start()
    return thread


SLOW = "select f.id, carrier, pg_sleep(case when f.id % 100000 = 99999 then 0.3 else 0 end)::text as pause from flights f order by f.id"


def test_a_connection_that_is_ended_in_the_middle_is_made_again(server, monkeypatch) -> None:
    monkeypatch.setattr(queries, "PAUSES_SECONDS", (0.1, 0.1, 0.1))
    thread = ended(server, times=2)
    frame = collect(read(server.address(), query=SLOW))
    thread.join()
    assert frame["id"].to_list() == list(range(1, ROWS + 1))


def test_one_that_is_ended_every_time_is_told_and_nothing_is_left(server, monkeypatch) -> None:
    monkeypatch.setattr(queries, "PAUSES_SECONDS", (0.1,))
    before = set(scratch.folder().rglob("*.parquet"))
    thread = ended(server, times=2)
    with pytest.raises(CannotQuery, match="did not give all rows in 2 tries") as caught:
        read(server.address(), query=SLOW)
    thread.join()
    assert "tiger" not in str(caught.value)
    assert set(scratch.folder().rglob("*.parquet")) == before


def test_a_server_that_is_not_there_is_tried_again_and_told(server, monkeypatch) -> None:
    monkeypatch.setattr(queries, "PAUSES_SECONDS", (0.05, 0.05))
    with pytest.raises(CannotQuery, match="in 3 tries"):
        read("postgresql://ann@127.0.0.1:1/postgres", query="select 1 as a order by a")
