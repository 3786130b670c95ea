"""What `seakeep.read` reads, `score` scores: answers that are equal to the bit, whatever kind of table the rows come from."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import fastavro
import polars as pl
import pytest
from deltalake import write_deltalake

from seakeep import data
from seakeep.data.tfrecord import write_tfrecord
from seakeep.serving import score
from seakeep.testing.example_models import example_frame, example_model

ROWS = 900
QUERY = "select * from flights order by flight"
TIME = {"scheduled": pl.from_epoch(pl.col("scheduled"), time_unit="us")}
"""For formats that have no times."""


@pytest.fixture(scope="module")
def frame():
    return example_frame(ROWS).with_columns(flight=pl.int_range(10**9, 10**9 + ROWS))


@pytest.fixture(scope="module")
def expected(frame, tmp_path_factory):
    out = tmp_path_factory.mktemp("expected") / "out.parquet"
    score(example_model(), data.read(frame, key="flight"), out)
    return pl.read_parquet(out)


def whole(frame):
    """The rows with times as whole numbers."""
    return frame.with_columns(pl.col("scheduled").to_physical())


def parquet(frame, folder):
    frame.write_parquet(folder / "t.parquet", row_group_size=100)
    return data.read(folder / "t.parquet", key="flight")


def csv(frame, folder):
    frame.write_csv(folder / "t.csv")
    return data.read(folder / "t.csv", key="flight", types={"scheduled": pl.Datetime("us")})


def jsonl(frame, folder):
    frame.write_ndjson(folder / "t.jsonl")
    return data.read(folder / "t.jsonl", key="flight", types={"scheduled": pl.Datetime("us")})


def arrow(frame, folder):
    frame.write_ipc(folder / "t.arrow")
    return data.read(folder / "t.arrow", key="flight")


def avro(frame, folder):
    numbers = {"distance": "double", "seats": "long", "night": "boolean", "carrier": "string", "flight": "long"}
    types = numbers | {"scheduled": {"type": "long", "logicalType": "local-timestamp-micros"}}
    fields = [{"name": name, "type": ["null", types[name]]} for name in frame.columns]
    schema = fastavro.parse_schema({"type": "record", "name": "flight", "fields": fields})
    with (folder / "t.avro").open("wb") as file:
        fastavro.writer(file, schema, frame.to_dicts())
    return data.read(folder / "t.avro", key="flight")


def tfrecord(frame, folder):
    write_tfrecord(data.read(whole(frame).with_columns(pl.col("night").cast(pl.Int64))), folder / "t.tfrecord")
    derived = TIME | {"night": pl.col("night").cast(pl.Boolean)}
    return data.read(folder / "t.tfrecord", key="flight", derive=derived)


def sqlite(frame, folder):
    plain = whole(frame).with_columns(pl.col("night").cast(pl.Int64))
    with closing(sqlite3.connect(folder / "t.db")) as connection, connection:
        connection.execute(f"create table flights ({', '.join(plain.columns)})")
        connection.executemany(f"insert into flights values ({', '.join('?' * plain.width)})", plain.rows())
    derived = TIME | {"night": pl.col("night").cast(pl.Boolean)}
    return data.read(f"sqlite:///{folder / 't.db'}", query=QUERY, key="flight", derive=derived)


def delta(frame, folder):
    write_deltalake(str(folder / "t"), frame.to_arrow())
    return data.read(f"delta://{folder / 't'}", key="flight")


def iceberg(frame, folder):
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("c", uri=f"sqlite:///{folder}/c.db", warehouse=f"file://{folder}")
    catalog.create_namespace("n")
    table = catalog.create_table("n.t", schema=frame.to_arrow().schema)
    table.append(frame.to_arrow())
    catalog.close()
    return data.read(f"iceberg://{folder}/n/t", key="flight")


def compressed(frame, folder):
    import gzip

    (folder / "t.csv.gz").write_bytes(gzip.compress(frame.write_csv().encode()))
    return data.read(folder / "t.csv.gz", key="flight", types={"scheduled": pl.Datetime("us")})


def spans(frame, folder):
    for day, begin in enumerate(range(0, ROWS, 300)):
        (folder / f"day={day}").mkdir()
        frame[begin : begin + 300].write_parquet(folder / f"day={day}" / "t.parquet")
    return data.read(sorted(folder.glob("day=*/t.parquet")), key="flight")


def pandas(frame, _folder):
    return data.read(frame.to_pandas(), key="flight")


KINDS = [parquet, csv, jsonl, arrow, avro, tfrecord, sqlite, delta, iceberg, compressed, spans, pandas]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_table_is_scored_alike(kind, frame, expected, tmp_path):
    if kind is tfrecord:  # its floats have 32 bits
        frame = frame.with_columns(pl.col("distance").cast(pl.Float32).cast(pl.Float64))
        score(example_model(), data.read(frame, key="flight"), tmp_path / "narrow.parquet")
        expected = pl.read_parquet(tmp_path / "narrow.parquet")
    score(example_model(), kind(frame, tmp_path), tmp_path / "out.parquet", chunk_rows=250)
    assert pl.read_parquet(tmp_path / "out.parquet").equals(expected)
