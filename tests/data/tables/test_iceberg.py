"""Iceberg tables: snapshots, times, columns that were added and renamed, deletes, catalogs; every message names the table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.transforms import TruncateTransform
from pyiceberg.types import DoubleType, LongType

from seakeep.core.errors import UsageError
from seakeep.data import collect, profile, read
from seakeep.data.errors import BadSnapshot
from seakeep.data.tables._pushed import pushed

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


@pytest.fixture
def read_files(monkeypatch):
    """The names of the data files that were opened for their rows, in order."""
    from pyiceberg.io.pyarrow import ArrowScan

    opened: list[str] = []
    really = ArrowScan.to_record_batches

    def counted(scan, tasks):
        tasks = list(tasks)
        opened.extend(task.file.file_path for task in tasks)
        return really(scan, tasks)

    monkeypatch.setattr(ArrowScan, "to_record_batches", counted)
    return opened


def row(a: int) -> dict[str, object]:
    """A row whose every column rises with `a`; every third has gaps."""
    gap = a % 3 == 0
    return {
        "a": a,
        "small": a - 5,
        "p": None if gap else f"p{a:03}",
        "f": float("nan") if gap else a / 2,
        "t": datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=a),
        "d": None if gap else date(2020, 1, 1) + timedelta(days=a),
        "b": a % 2 == 0,
    }


TYPES = {"a": pl.Int64, "small": pl.Int32, "p": pl.String, "f": pl.Float64, "t": pl.Datetime("us", "UTC"), "d": pl.Date}
WIDE = pl.DataFrame([row(a) for a in range(40)], schema_overrides=TYPES)


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Forty rows in eight files of five, each of which rises."""
    folder = tmp_path_factory.mktemp("wide")
    catalog = SqlCatalog("w", uri=f"sqlite:///{folder}/c.db", warehouse=f"file://{folder}")
    catalog.create_namespace("n")
    made = catalog.create_table("n.t", schema=WIDE.to_arrow().schema)
    for start in range(0, 40, 5):
        made.append(WIDE[start : start + 5].to_arrow())
    yield made
    catalog.close()


FILTERS = [
    (pl.col("a") >= 35, 1),
    (pl.col("a") == 12, 1),
    (pl.col("a") != 12, 8),
    (~(pl.col("a") < 35), 1),
    ((pl.col("a") > 33) & (pl.col("p").str.ends_with("5")), 2),
    ((pl.col("a") < 3) | (pl.col("small") >= 32), 2),
    ((pl.col("a") < 3) | (pl.col("p").str.ends_with("5")), 8),
    (pl.col("p") == "p011", 1),
    (pl.col("p").is_in(["p001", "p038", None]), 2),
    (pl.col("a").is_in([1, 39]), 2),
    (pl.col("f") < 2.0, 1),
    (pl.col("f") > 18.0, 8),
    (pl.col("f").is_nan(), 8),
    (pl.col("t") >= datetime(2020, 1, 2, 11, tzinfo=UTC), 1),
    (pl.col("d").is_between(date(2020, 1, 2), date(2020, 1, 4)), 1),
    (pl.col("p").is_null(), 8),
    (pl.col("p").is_not_null() & (pl.col("a") < 0), 0),
    (pl.col("b"), 8),
    (pl.col("a") > 33.5, 8),
    (pl.col("a") * 2 > 70, 8),
]


@pytest.mark.parametrize(("where", "files"), FILTERS, ids=[str(where) for where, _ in FILTERS])
def test_files_that_hold_no_row_of_a_filter_are_not_read(wide, read_files, where, files) -> None:
    found = collect(read(folder_of(wide), where=where)).sort("a")
    assert found.equals(WIDE.filter(where), null_equal=True)
    assert len(read_files) == files


def test_a_filter_on_a_column_that_was_another_then_reads_the_snapshot_as_it_was(table, read_files) -> None:
    """`late` came and `p` was renamed; a new `p` is not the old one."""
    with table.update_schema() as update:
        update.add_column("p", DoubleType())
    first = table.snapshots()[0].snapshot_id
    old = collect(read(folder_of(table), version=first, where=pl.col("p") == "x"))
    assert old["a"].to_list() == [1, 3]
    assert collect(read(folder_of(table), where=pl.col("late") > 1))["a"].to_list() == [9]
    assert collect(read(folder_of(table), where=pl.col("late").is_null()))["a"].sort().to_list() == [1, 3, 4]
    assert read_files


def test_statistics_and_first_rows_under_a_filter_are_those_of_the_rows(wide, read_files) -> None:
    dataset = read(folder_of(wide), where=pl.col("a") >= 30)
    assert profile(dataset).rows == 10
    assert len(set(read_files)) == 2
    last = read(folder_of(wide)).pieces()[-1]
    assert last.head(2).filter(pl.col("a") > 0).collect().height == 1


def test_values_beyond_the_bounds_of_an_older_type_are_not_lost(catalog) -> None:
    made = catalog.create_table("n.grown", schema=pl.DataFrame({"a": [1]}, schema={"a": pl.Int32}).to_arrow().schema)
    made.append(pl.DataFrame({"a": [-(2**31), 5]}, schema={"a": pl.Int32}).to_arrow())
    with made.update_schema() as change:
        change.update_column("a", LongType())
    made.append(pl.DataFrame({"a": [2**40]}).to_arrow())
    for where, kept in (
        (pl.col("a") < 0, [-(2**31)]),
        (pl.col("a") > 2**35, [2**40]),
        (pl.col("a") < 2**35, [-(2**31), 5]),
    ):
        assert collect(read(folder_of(made), where=where))["a"].sort().to_list() == kept


def test_nothing_is_pushed_where_partitions_by_cut_values_may_tell_wrong(catalog) -> None:
    """Writers wrap integers near the type's minimum into the highest partition."""
    made = catalog.create_table("n.cut", schema=FIRST.to_arrow().schema)
    assert pushed(pl.col("a") < 0, made, None) is not None
    with made.update_spec() as update:
        update.add_field("a", TruncateTransform(10))
    assert pushed(pl.col("a") < 0, made, None) is None
    assert pushed(pl.col("p") == "x", made, None) is not None


@pytest.mark.parametrize(
    "where", [pl.col("f") >= 2.5, pl.col("f") != 0.5, (pl.col("a") < 9) & (pl.col("f") > 1)], ids=str
)
def test_nan_beside_one_value_is_not_lost(catalog, where) -> None:
    """The bounds of such a row group are that value alone, by which Arrow passes over its NaN."""
    rows = pl.DataFrame({"a": [1, 2], "f": [0.5, float("nan")]})
    made = catalog.create_table("n.nan", schema=rows.to_arrow().schema)
    made.append(rows.to_arrow())
    assert collect(read(folder_of(made), where=where))["a"].to_list() == [2]
