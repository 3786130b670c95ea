"""The built-in sources pass the suite that others must pass, and the suite finds what is wrong."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import polars as pl
import pytest

from seakeep.data.content import digest_of_frames
from seakeep.data.reading.read import read
from seakeep.data.sources.memory import MemorySource, open_table
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
