"""Tables at an address: read as those on the disk, spoken of by their addresses, and known by their content."""

from __future__ import annotations

import polars as pl
import pytest

import seakeep
from seakeep.data.errors import CannotRead
from seakeep.data.reading import scratch
from seakeep.data.reading.buckets import Bucket, CannotReach
from seakeep.pipeline.sights import current, look_at_table
from seakeep.testing import check_source

TABLE = pl.DataFrame({"fare": [1.5, 2.0, None], "zone": ["a", "b", "a"]})


@pytest.fixture
def bucket(tmp_path):
    """A folder that is spoken to as a bucket is."""
    folder = tmp_path / "bucket"
    folder.mkdir()
    TABLE.write_parquet(folder / "2013-01.parquet")
    TABLE.reverse().write_parquet(folder / "2013-02.parquet")
    TABLE.write_csv(folder / "fares.csv")
    (folder / "_SUCCESS").write_text("")
    return f"file://{folder}"


def test_a_table_at_an_address_is_that_on_the_disk(bucket):
    there, here = (seakeep.read(f"{place}/2013-01.parquet") for place in (bucket, bucket.removeprefix("file://")))
    assert there.pieces()[0].collect().equals(TABLE)
    assert there.digest == here.digest
    assert there.source.files() == (f"{bucket}/2013-01.parquet",)
    assert seakeep.profile(there).rows == 3


@pytest.mark.parametrize(("called", "rows"), [("/2013-*.parquet", 6), ("/fares.csv", 3)])
def test_patterns_and_text_are_read(bucket, called, rows):
    dataset = seakeep.read(bucket + called)
    assert sum(piece.collect().height for piece in dataset.pieces()) == rows
    assert dataset.source.file_of(0).startswith(bucket)


def test_what_is_not_there_is_told(bucket):
    with pytest.raises(CannotReach, match=r"there is nothing at .*2014"):
        seakeep.read(f"{bucket}/2014*.parquet")


def test_a_torn_object_is_told_by_its_address(bucket):
    Bucket(bucket).put("2013-03.parquet", b"PAR1 torn")
    with pytest.raises(CannotRead) as caught:
        seakeep.read(f"{bucket}/2013-03.parquet")
    assert f"{bucket}/2013-03.parquet" in str(caught.value)


def test_an_object_that_would_fill_the_disk_is_not_fetched(bucket, monkeypatch):
    monkeypatch.setattr(scratch, "bytes_free", lambda: scratch.KEPT_FREE + 10)
    with pytest.raises(CannotRead, match=r"fares\.csv has \d+ bytes, and .* bytes free(.|\n)*export TMPDIR=") as caught:
        seakeep.read(f"{bucket}/fares.csv")
    assert caught.value.path == f"{bucket}/fares.csv"


def test_a_change_is_seen_without_reading(bucket):
    dataset = seakeep.read(f"{bucket}/2013-*.parquet")
    sights = look_at_table(dataset.source.files(), dataset.source.description, hashed=lambda path: "")
    assert [current(sight) for sight in sights] == list(sights)
    Bucket(bucket).put("2013-02.parquet", b"another")
    assert current(sights[1]) is None
    Bucket(bucket).put("2013-03.parquet", b"one more")
    assert current(sights[-1]) is None


def test_a_fetched_source_conforms(tmp_path):
    places = iter(range(99))

    def made(table):
        folder = tmp_path / f"bucket-{next(places)}"
        folder.mkdir()
        table.write_parquet(folder / "table.parquet")
        return Named(seakeep.read(f"file://{folder}/table.parquet").source)

    check_source(made)


class Named:
    """A source that keeps its files to itself: the suite wants paths, and these are addresses."""

    def __init__(self, source):
        self._source = source

    def files(self):
        return ()

    def pieces(self):
        return self._source.pieces()

    def digest(self):
        return self._source.digest()

    @property
    def description(self):
        return self._source.description


@pytest.mark.parametrize("address", ["s3://", "s3://key:secret@bucket/a.csv", "s3://bucket/a.csv?token=x"])
def test_an_address_that_is_none_is_refused_and_no_secret_shown(address):
    with pytest.raises(CannotReach, match="is no address of objects") as caught:
        seakeep.read(address)
    assert "secret@" not in str(caught.value)
    assert "token=x" not in str(caught.value)
