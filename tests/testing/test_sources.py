"""The built-in sources pass the suite that others must pass, and the suite finds what is wrong."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import sqlite3
from dataclasses import dataclass

import polars as pl
import pytest
from deltalake import write_deltalake
from pyiceberg.catalog.sql import SqlCatalog

from seakeep.data.content import digest_of_frames
from seakeep.data.reading.read import read
from seakeep.data.sources.memory import MemorySource, open_table
from seakeep.data.tfrecord import write_tfrecord
from seakeep.prediction_log import Header, PredictionLog, Record, Spool
from seakeep.testing import check_source

KINDS = {"number": "number", "count": "integer", "flag": "boolean", "moment": "timestamp"}


@pytest.fixture
def place(tmp_path):
    """A new folder at every call."""
    numbers = itertools.count()

    def new():
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return folder

    return new


def test_tables_in_memory_conform():
    check_source(open_table)
    check_source(lambda table: open_table(table.lazy()))


@pytest.mark.parametrize("files", [1, 3])
def test_parquet_files_conform(place, files):
    def make(table):
        folder = place()
        for number in range(files):
            rows = -(-table.height // files)
            table.slice(number * rows, rows).write_parquet(folder / f"{number}.parquet", row_group_size=5)
        return read(str(folder / "*.parquet")).source

    check_source(make)


def test_csv_files_conform(place):
    def make(table):
        folder = place()
        table.write_csv(folder / "a.csv", datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
        return read(folder / "a.csv").source

    check_source(make)


TYPES = {
    "number": pl.Float64,
    "count": pl.Int64,
    "word": pl.String,
    "flag": pl.Boolean,
    "moment": pl.Datetime("us", "UTC"),
}
SINGLE = {"number": pl.Float32} | {name: dtype for name, dtype in TYPES.items() if name != "number"}


def stream(table, path):
    table.write_ipc_stream(path)


def deflated(table, path):
    import fastavro

    fields = {"number": "double", "count": "long", "word": "string", "words": "string", "flag": "boolean"}
    moment = {"name": "moment", "type": {"type": "long", "logicalType": "timestamp-micros"}}
    told = [{"name": name, "type": ["null", fields[name]]} for name in table.columns if name != "moment"]
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": [*told, moment]})
    with path.open("wb") as file:
        fastavro.writer(
            file,
            schema,
            table.iter_rows(named=True),
            codec="deflate",
            sync_marker=b"0123456789abcdef",
            sync_interval=500,
        )


def json_lines(table, path):
    with gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb") as file:
        file.write(table.write_ndjson().encode() if table.height else b"")


@pytest.mark.parametrize(
    ("name", "write", "types"),
    [
        ("a.arrow", pl.DataFrame.write_ipc, {}),
        ("a.feather", lambda table, path: table.write_ipc(path, compression="zstd"), {}),
        ("a.ipc", stream, {}),
        ("a.avro", deflated, {}),
        ("a.jsonl", json_lines, TYPES),
        ("a.ndjson.gz", json_lines, TYPES),
        ("a.tfrecord", write_tfrecord, SINGLE),
        ("a.tfrecords.gz", write_tfrecord, SINGLE),
    ],
)
def test_files_of_other_formats_conform(place, name, write, types):
    def given(table):
        renamed = {
            "words" if key == "word" and "words" in table.columns else key: dtype for key, dtype in types.items()
        }
        return {key: dtype for key, dtype in renamed.items() if key in table.columns}

    def make(table):
        path = place() / name
        write(table, path)
        return read(path, types=given(table)).source

    check_source(make, open_files=lambda files: read(list(files), types=types).source)


def test_torn_parquet_and_csv_files_are_refused(place):
    def make(table):
        path = place() / "a.parquet"
        table.write_parquet(path)
        return read(path).source

    check_source(make, open_files=lambda files: read(list(files)).source)


def test_a_query_conforms(place):
    def make(table):
        path = place() / "a.db"
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(f"create table t ({', '.join(table.columns)})")
            rows = table.with_columns(pl.col("moment").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).rows()
            connection.executemany(f"insert into t values ({', '.join('?' * table.width)})", rows)
            connection.commit()
        source = read(f"sqlite:///{path}", query=f"select {', '.join(table.columns)} from t order by moment").source
        typed = [
            piece.with_columns(
                pl.col("moment").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC"),
                *flags(table),
            )
            for piece in source.pieces()
        ]
        return open_table(pl.concat(typed))

    check_source(make)


def flags(table):
    """SQLite has no booleans, and an empty answer no types."""
    casts = {"number": pl.Float64, "count": pl.Int64, "word": pl.String, "words": pl.String}
    return [pl.col(name).cast(dtype) for name, dtype in casts.items() if name in table.columns] + [
        pl.col("flag").cast(pl.Int64).cast(pl.Boolean)
    ]


def test_a_delta_table_conforms(place):
    def make(table):
        folder = place() / "t"
        write_deltalake(folder, table)
        return read(folder).source

    check_source(make)


def test_an_iceberg_table_conforms(place):
    def make(table):
        folder = place()
        with contextlib.closing(
            SqlCatalog("c", uri=f"sqlite:///{folder}/c.db", warehouse=f"file://{folder}")
        ) as catalog:
            catalog.create_namespace("n")
            made = catalog.create_table("n.t", schema=table.to_arrow().schema)
            made.append(table.to_arrow())
            return read(made.location().removeprefix("file://")).source

    check_source(make)


@pytest.mark.parametrize("converted", [False, True])
def test_a_prediction_log_conforms(place, converted):
    def make(table):
        log = PredictionLog.of(place(), "m")
        spool = Spool(log.layout.spool, boot="boot")
        inputs = tuple((name, KINDS.get(name, "string")) for name in table.columns)
        spool.describe(Header("m", "a" * 64, 1, "regression", inputs, ()))
        before = (*[None] * (table.width - 1), 0)  # a log that never had a row knows no columns
        for number, row in enumerate([before, *table.with_columns(pl.col("moment").dt.epoch("us")).rows()]):
            given = {"columns": [[value] for value in row], "scores": [0.5], "decisions": []}
            spool.append(Record(row[-1], f"q{number:02}", "a" * 64, "champion", 0, 1.0, 1, **given))
        assert spool.flush()
        assert spool.close()
        if converted:
            log.convert()
        return log.as_dataset(since="2013-01-01").source

    check_source(make)


@dataclass(frozen=True, slots=True)
class Broken(MemorySource):
    """A table in memory with one thing wrong."""

    @classmethod
    def make(cls, table):
        return cls(table.lazy(), table.height)


class Named(Broken):
    description = "two\nlines"


class Shuffled(Broken):
    def pieces(self):
        return [self.table.reverse()]


class Doubled(Broken):
    def pieces(self):
        return [self.table, self.table]


class Unsteady(Broken):
    def pieces(self):
        first = object.__getattribute__(self, "__dict__").setdefault("looks", itertools.count())
        return [self.table if next(first) < 2 else self.table.with_columns(number=0.0)]


class Lost(Broken):
    def files(self):
        return ["somewhere/else.parquet"]


class Placed(Broken):
    def digest(self):
        return f"{id(self):064x}"


class Unordered(Broken):
    def digest(self):
        return digest_of_frames([self.table.collect().select(pl.all().cast(pl.String).sort())])


class Pieceless(Broken):
    def pieces(self):
        return [self.table] if self.rows else []


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (Named, "description is a line of text"),
        (Shuffled, "values of 'number' are those of the table"),
        (Doubled, "every row is there, once"),
        (Unsteady, "a piece is the same again"),
        (Lost, "absolute paths"),
        (Placed, "equal digest wherever it is"),
        (Unordered, "another order makes another digest"),
        (Pieceless, "a table without rows has a piece"),
    ],
)
def test_what_is_wrong_is_found_by_its_law(kind, law):
    with pytest.raises(AssertionError, match=law):
        check_source(kind.make)
