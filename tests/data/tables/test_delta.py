"""Delta Lake tables: versions, times, partitions, deletes, columns that came later; what is not known is refused by name."""

from __future__ import annotations

import base64
import json
import shutil
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from seakeep.core.errors import UsageError
from seakeep.data import collect, profile, read
from seakeep.data.errors import BadSnapshot
from seakeep.data.reading.buckets import CannotReach
from seakeep.pipeline.sights import current, digest_of_file, look_at_table

FIRST = pl.DataFrame(
    {"a": [1, 2, 3, 4], "p": ["x", "y", "x", None], "t": [datetime(2013, 11, day, tzinfo=UTC) for day in (1, 2, 3, 4)]}
)
SECOND = pl.DataFrame(
    {"a": [5, 6], "p": ["y", "x"], "t": [datetime(2013, 12, day, tzinfo=UTC) for day in (1, 2)], "late": [1.5, None]}
)


@pytest.fixture
def table(tmp_path):
    """Three versions: four rows, two more with a column more, and one row deleted."""
    folder = tmp_path / "t"
    write_deltalake(folder, FIRST, partition_by=["p"])
    time.sleep(0.02)
    write_deltalake(folder, SECOND, mode="append", schema_mode="merge")
    time.sleep(0.02)
    DeltaTable(folder).delete("a = 3")
    return folder


def values(data, **options) -> list[object]:
    return sorted(collect(read(data, **options))["a"].to_list())


def test_versions_are_read_by_number_and_by_time(table) -> None:
    assert values(table) == [1, 2, 4, 5, 6]
    assert values(f"delta://{table}?version=1") == values(table, version=1) == [1, 2, 3, 4, 5, 6]
    assert values(table, version=0) == values(f"delta://{table}?version=0") == [1, 2, 3, 4]
    moments = {each["version"]: each["timestamp"] for each in DeltaTable(table).history()}
    between = datetime.fromtimestamp(moments[1] / 1000 + 0.005, UTC)
    assert (
        values(table, version=between)
        == values(f"delta://{table}?at={between:%Y-%m-%dT%H:%M:%S.%fZ}")
        == [1, 2, 3, 4, 5, 6]
    )
    assert read(table).description == f"{table} (version 2)"


def test_partitions_are_columns_and_later_columns_are_missing_before(table) -> None:
    frame = collect(read(table, version=1)).sort("a")
    assert dict(frame.schema) == {"a": pl.Int64, "p": pl.String, "t": pl.Datetime("us", "UTC"), "late": pl.Float64}
    assert frame["p"].to_list() == ["x", "y", "x", None, "y", "x"]
    assert frame["late"].to_list() == [None] * 4 + [1.5, None]
    assert collect(read(table, version=1, columns=["late", "p"], where=pl.col("p") == "y")).rows() == [
        (None, "y"),
        (1.5, "y"),
    ]
    assert profile(read(table)).rows == 5


def test_the_digest_is_that_of_the_rows_and_not_of_place_or_files(table, tmp_path) -> None:
    first = read(table).digest
    shutil.copytree(table, tmp_path / "copy")
    assert read(tmp_path / "copy").digest == first
    write_deltalake(tmp_path / "again", FIRST, partition_by=["p"])
    assert read(tmp_path / "again").digest == read(table, version=0).digest != first
    DeltaTable(table).create_checkpoint()
    (table / "_delta_log" / "00000000000000000000.json").unlink()
    assert read(table).digest == first


def test_a_version_that_comes_is_seen_beside_the_files_of_the_last(table) -> None:
    assert read(table).source.files()[-1].endswith("_delta_log/00000000000000000002.json")


def deletion_vector(rows: list[int]) -> str:
    """A bitmap of rows as the format keeps it within the log: its magic, a count of bitmaps, and a portable one of 32 bits."""
    small = struct.pack("<II", 12346, 1) + struct.pack("<HH", 0, len(rows) - 1) + struct.pack("<I", 16)
    content = (
        struct.pack("<I", 1681511377)
        + struct.pack("<Q", 1)
        + struct.pack("<I", 0)
        + small
        + struct.pack(f"<{len(rows)}H", *rows)
    )
    return z85(content), len(content)


def z85(content: bytes) -> str:
    ours, theirs = (
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~",
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#",
    )
    padded = content + bytes(-len(content) % 4)
    return base64.b85encode(padded).decode().translate(str.maketrans(ours, theirs))


def test_rows_of_deletion_vectors_are_left_out(tmp_path) -> None:
    folder = tmp_path / "t"
    write_deltalake(folder, pl.DataFrame({"a": range(10), "b": [i % 2 == 0 for i in range(10)]}))
    log = folder / "_delta_log" / "00000000000000000000.json"
    add = next(json.loads(line)["add"] for line in log.read_text().splitlines() if "add" in json.loads(line))
    told, size = deletion_vector([2, 3, 9])
    vector = {"storageType": "i", "pathOrInlineDv": told, "sizeInBytes": size, "cardinality": 3}
    actions = [
        {
            "protocol": {
                "minReaderVersion": 3,
                "minWriterVersion": 7,
                "readerFeatures": ["deletionVectors"],
                "writerFeatures": ["deletionVectors"],
            }
        },
        {"remove": {"path": add["path"], "deletionTimestamp": 1, "dataChange": True}},
        {"add": {**add, "deletionVector": vector, "dataChange": True}},
    ]
    (log.parent / "00000000000000000001.json").write_text("\n".join(map(json.dumps, actions)) + "\n")
    assert collect(read(folder))["a"].to_list() == [0, 1, 4, 5, 6, 7, 8]
    assert collect(read(folder, where=pl.col("b"), columns=["a"]))["a"].to_list() == [0, 4, 6, 8]
    assert collect(read(folder, version=0)).height == 10
    assert read(folder).digest != read(folder, version=0).digest
    assert collect(read(bucket_of(folder)))["a"].to_list() == [0, 1, 4, 5, 6, 7, 8]


def test_what_is_wrong_is_told(table, tmp_path) -> None:
    with pytest.raises(BadSnapshot, match=r"has no version 7\n  There are: 0, 1, 2\."):
        read(table, version=7)
    with pytest.raises(UsageError, match="'soon' is no version of a table"):
        read(table, version="soon")
    with pytest.raises(UsageError, match=r"names a version, and version= names one too"):
        read(f"delta://{table}?version=1", version=1)
    with pytest.raises(UsageError, match=r"no parameter 'versoin'.*\n.*'version'"):
        read(f"delta://{table}?versoin=1")
    with pytest.raises(UsageError, match="is a table, and a query was given"):
        read(table, query="select 1 order by 1")
    with pytest.raises(BadSnapshot, match="there is no Delta table"):
        read(f"delta://{tmp_path}/none")
    (tmp_path / "empty" / "_delta_log").mkdir(parents=True)
    with pytest.raises(BadSnapshot, match="there is no Delta table"):
        read(tmp_path / "empty")
    next((table / "p=y").glob("*.parquet")).unlink()
    with pytest.raises(BadSnapshot, match=r"names .*\.parquet, which is not there"):
        read(table, version=1)


def test_features_that_change_what_files_mean_are_refused(tmp_path) -> None:
    folder = tmp_path / "t"
    write_deltalake(folder, pl.DataFrame({"a": [1]}))
    log = folder / "_delta_log" / "00000000000000000001.json"
    features = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": ["columnMapping"],
        "writerFeatures": ["columnMapping"],
    }
    log.write_text(json.dumps({"protocol": features}) + "\n")
    with pytest.raises(BadSnapshot, match="needs what is not known here: columnMapping"):
        read(folder)


def bucket_of(folder) -> str:
    """A folder that is spoken to as a bucket is."""
    return f"file://{folder}"


def test_a_table_in_a_bucket_is_that_on_the_disk(table) -> None:
    here = read(table)
    for there in (read(bucket_of(table)), read(f"delta+{bucket_of(table)}")):
        assert there.digest == here.digest
        assert collect(there).equals(collect(here))
        assert all(name.startswith(f"{bucket_of(table)}/") for name in there.source.files())
        assert profile(there) == profile(here)
    assert read(f"{bucket_of(table)}/").digest == here.digest


def test_versions_in_a_bucket_are_read_by_number(table) -> None:
    old = read(table, version=0)
    assert read(bucket_of(table), version=0).digest == old.digest
    there = read(f"delta+{bucket_of(table)}?version=0")
    assert there.digest == old.digest
    assert there.source.files()[-1] == f"{bucket_of(table)}/_delta_log/{0:020}.json"
    with pytest.raises(BadSnapshot, match="has no version 99"):
        read(f"delta+{bucket_of(table)}?version=99")


def test_a_new_version_in_a_bucket_is_seen_and_nothing_else_is(table) -> None:
    dataset = read(bucket_of(table))
    sights = look_at_table(dataset.source.files(), dataset.source.description, hashed=digest_of_file)
    assert all(current(sight) is not None for sight in sights)
    write_deltalake(table, collect(dataset).head(1), mode="append")
    assert [sight.kind for sight in sights if current(sight) is None] == ["folder"]


def test_a_data_file_that_is_gone_from_a_bucket_is_named(table) -> None:
    gone = read(table).source.files()[0]
    Path(gone).unlink()
    with pytest.raises(BadSnapshot, match="which is not there") as caught:
        read(bucket_of(table))
    assert str(caught.value.file) == f"file://{gone}"


def test_tables_with_versions_in_other_buckets_are_refused_by_name(tmp_path) -> None:
    with pytest.raises(
        BadSnapshot, match="delta\\+gs://b/t is a table of Delta, and such tables are not read"
    ) as caught:
        read("delta+gs://b/t")
    assert "mount the bucket" in str(caught.value)
    (tmp_path / "t" / "metadata").mkdir(parents=True)
    (tmp_path / "t" / "metadata" / "1-a.metadata.json").write_text("{}")
    with pytest.raises(BadSnapshot, match=r"is a table of Iceberg(.|\n)*iceberg://catalog"):
        read(bucket_of(tmp_path / "t"))
    with pytest.raises(BadSnapshot, match="no Delta table"):
        read(f"delta+{bucket_of(tmp_path / 't')}")
    with pytest.raises(CannotReach):
        read("delta+s3://ann:secret@bucket/t")
