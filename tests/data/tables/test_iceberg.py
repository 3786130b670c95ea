"""Iceberg tables: snapshots, times, columns that were added and renamed, deletes, catalogs; every message names the table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import DoubleType

from seakeep.core.errors import UsageError
from seakeep.data import collect, profile, read
from seakeep.data.errors import BadSnapshot

FIRST = pl.DataFrame({"a": [1, 2, 3, 4], "p": ["x", "y", "x", None]})


@pytest.fixture
def catalog(tmp_path):
    made = SqlCatalog("c", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}")
    made.create_namespace("n")
    yield made
    made.close()


@pytest.fixture
def table(catalog):
    """Four rows; then a column more, another renamed, one row more; then one deleted."""
    made = catalog.create_table("n.t", schema=FIRST.to_arrow().schema)
    made.append(FIRST.to_arrow())
    with made.update_schema() as update:
        update.add_column("late", DoubleType())
        update.rename_column("p", "place")
    made.append(pl.DataFrame({"a": [9], "place": ["z"], "late": [1.5]}).to_arrow())
    made.delete("a == 2")
    return made


def folder_of(table) -> str:
    return table.location().removeprefix("file://")


def test_the_newest_snapshot_is_read_with_its_columns_and_without_what_was_deleted(table) -> None:
    frame = collect(read(folder_of(table))).sort("a")
    assert frame.rows() == [(1, "x", None), (3, "x", None), (4, None, None), (9, "z", 1.5)]
    assert frame.columns == ["a", "place", "late"]
    assert collect(read(folder_of(table), columns=["late"], where=pl.col("a") > 3)).sort("late").rows() == [
        (None,),
        (1.5,),
    ]
    assert profile(read(folder_of(table))).rows == 4


def test_snapshots_are_read_by_number_and_by_time(table) -> None:
    first, *_, last = (each.snapshot_id for each in table.snapshots())
    old = collect(read(f"iceberg://{folder_of(table)}?snapshot={first}"))
    assert old.equals(FIRST)
    assert collect(read(folder_of(table), version=first)).equals(FIRST)
    at = datetime.fromtimestamp(table.snapshots()[0].timestamp_ms / 1000, UTC)
    assert collect(read(folder_of(table), version=at)).equals(FIRST)
    assert read(folder_of(table), version=last).digest == read(folder_of(table)).digest


def test_a_metadata_file_names_the_table_as_of_then(table) -> None:
    found = sorted(Path(folder_of(table), "metadata").glob("00001-*.metadata.json"))
    assert collect(read(found[0])).equals(FIRST)


def test_equal_rows_have_an_equal_digest_in_another_table(table, catalog) -> None:
    other = catalog.create_table("n.other", schema=FIRST.to_arrow().schema)
    other.append(FIRST.to_arrow())
    assert read(folder_of(other)).digest == read(folder_of(table), version=table.snapshots()[0].snapshot_id).digest
    assert read(folder_of(other)).source.files()[-1].endswith(".metadata.json")


def test_a_table_without_a_snapshot_has_columns_and_no_rows(catalog) -> None:
    made = catalog.create_table("n.new", schema=FIRST.to_arrow().schema)
    assert collect(read(folder_of(made))).schema == FIRST.schema
    assert read(folder_of(made)).description.endswith("(no snapshot)")


def test_partitions_are_columns(catalog) -> None:
    made = catalog.create_table("n.p", schema=FIRST.to_arrow().schema)
    with made.update_spec() as update:
        update.add_identity("p")
    made.append(FIRST.to_arrow())
    dataset = read(folder_of(made))
    assert len(dataset.pieces()) == 3
    assert collect(dataset).sort("a").equals(FIRST)
    assert read(folder_of(made)).digest == dataset.digest


def test_a_table_of_a_catalog_is_found_by_its_name(table, tmp_path) -> None:
    """In a process of its own, since pyiceberg reads its configuration once."""
    given = {"PYICEBERG_CATALOG__C__URI": f"sqlite:///{tmp_path}/c.db", "PYICEBERG_CATALOG__C__TYPE": "sql"}
    code = "from seakeep.data import read, collect\nfor name in ('n.t', 'n.zap'): print(collect(read(f'iceberg://c/{name}'))['a'].sum())"
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, env=os.environ | given, capture_output=True, text=True, check=False)
    assert done.stdout == "17\n"
    assert "there is no Iceberg table at iceberg://c/n.zap" in done.stderr


def test_what_is_wrong_is_told(table, tmp_path) -> None:
    folder = folder_of(table)
    with pytest.raises(BadSnapshot, match="has no version 5"):
        read(f"iceberg://{folder}?snapshot=5")
    with pytest.raises(BadSnapshot, match="has no version 1999-01-01"):
        read(folder, version="1999-01-01")
    with pytest.raises(UsageError, match="no parameter 'version'"):
        read(f"iceberg://{folder}?version=5")
    with pytest.raises(UsageError, match="is a table, and a query was given"):
        read(folder, query="select 1 order by 1")
    with pytest.raises(BadSnapshot, match="there is no Iceberg table at iceberg:///nope"):
        read("iceberg:///nope")
    newest = max(Path(folder, "metadata").glob("*.metadata.json"))
    twin = newest.with_name(f"{newest.name.partition('-')[0]}-twin.metadata.json")
    twin.write_text(newest.read_text())
    with pytest.raises(BadSnapshot, match="two metadata files of one number"):
        read(folder)
    twin.unlink()
    newest.write_text(json.dumps({"format-version": 2})[:-3])
    with pytest.raises(BadSnapshot, match="there is no Iceberg table"):
        read(folder)


def test_a_data_file_that_is_gone_is_named(table) -> None:
    dataset = read(folder_of(table))
    gone = dataset.source.files()[0]
    Path(gone).unlink()
    with pytest.raises(Exception, match=Path(gone).name):
        collect(dataset)
