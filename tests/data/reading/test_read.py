"""read: every way to name a table, and every way to name it wrong."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seakeep.core.errors import MissingExtra, UsageError
from seakeep.data import collect, read
from seakeep.data.errors import BadStep, CannotRead, MixedTables, UnsupportedColumn

FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        FRAME[number : number + 1].write_parquet(tmp_path / f"part-{number}.parquet")
    return tmp_path


def parts(error: pytest.ExceptionInfo[Exception]) -> list[str]:
    return [line.strip() for line in str(error.value).splitlines()]


def test_a_file_a_glob_a_folder_and_a_list_are_read_in_name_order(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    for data in (
        folder,
        str(folder),
        folder / "*.parquet",
        "part-?.parquet",
        [folder / f"part-{i}.parquet" for i in range(3)],
    ):
        dataset = read(data)
        assert collect(dataset).equals(FRAME)
        assert dataset.source.files() == tuple(str(folder / f"part-{i}.parquet") for i in range(3))
    assert collect(read("part-1.parquet")).rows() == [(2, None)]
    assert collect(read([folder / "part-2.parquet", folder / "part-0.parquet"]))["a"].to_list() == [3, 1]


def test_folders_are_read_to_their_depth_without_hidden_and_foreign_files(tmp_path: Path) -> None:
    deep = tmp_path / "year=2013" / "month=1"
    deep.mkdir(parents=True)
    FRAME.write_parquet(deep / "x.parquet")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".hidden.parquet").write_bytes(b"torn")
    (tmp_path / "notes.txt").write_text("hello")
    assert collect(read(tmp_path)).equals(FRAME)
    assert collect(read(f"{tmp_path}/**/*.parquet")).equals(FRAME)


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "a[1].parquet")
    assert collect(read(tmp_path / "a[1].parquet")).equals(FRAME)


@pytest.mark.parametrize(
    "data", [FRAME, FRAME.lazy(), FRAME.to_arrow(), FRAME.to_arrow().to_batches()[0], FRAME.to_pandas()]
)
def test_tables_in_memory_are_the_same_table(data: object) -> None:
    dataset = read(data, label="b", key="a")
    assert collect(dataset).equals(FRAME)
    assert dataset.digest == read(FRAME, label="b", key="a").digest
    assert dataset.source.files() == ()
    assert dataset.description == "a table in memory (3 rows, 2 columns)"


def test_the_digest_is_that_of_content_and_roles(folder: Path, tmp_path: Path) -> None:
    dataset = read(folder)
    other = tmp_path / "elsewhere"
    other.mkdir()
    for name in sorted(folder.glob("*.parquet")):
        (other / f"copy-{name.name}").write_bytes(name.read_bytes())
    assert read(other).digest == dataset.digest
    assert read(folder / "*.parquet").digest == dataset.digest
    different = [
        read(folder, label="a"),
        read(folder, key="a"),
        read(folder / "part-0.parquet"),
        read(folder, drop=["b"]),
    ]
    assert len({found.digest for found in (dataset, *different)}) == 5
    expressions = [pl.col("a") > 1, pl.col("a") > 2]
    assert read(folder, where=expressions[0]).digest == read(folder, where=pl.col("a") > 1).digest
    assert read(folder, where=expressions[0]).digest != read(folder, where=expressions[1]).digest


def test_columns_are_derived_in_order_filtered_and_dropped() -> None:
    dataset = read(FRAME, derive={"c": pl.col("a") * 10, "d": pl.col("c") + 1}, where=pl.col("d") > 11, drop=["b", "c"])
    assert collect(dataset).to_dict(as_series=False) == {"a": [2, 3], "d": [21, 31]}
    assert dataset.description == "a table in memory (3 rows, 2 columns) with c with d filtered without b, c"


def test_a_constant_may_be_derived() -> None:
    assert collect(read(FRAME, derive={"source": pl.lit("web")}))["source"].to_list() == ["web"] * 3


# What is wrong with the path.


def test_a_missing_file_names_the_nearest(folder: Path) -> None:
    with pytest.raises(CannotRead) as caught:
        read(folder / "part-0.parqet")
    assert parts(caught) == [
        f"there is no file or folder {folder}/part-0.parqet (looked from {Path.cwd()})",
        f"Did you mean {folder}/part-0.parquet?",
        f"ls {folder}",
    ]
    assert caught.value.nearest == "part-0.parquet"


def test_a_missing_file_says_what_the_folder_holds(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match=r"holds: part-0\.parquet, part-1\.parquet, part-2\.parquet\."):
        read(folder / "zzz.csv")
    with pytest.raises(CannotRead, match=r"Folder .*nowhere does not exist either\.\n  ls \."):
        read(tmp_path / "nowhere" / "x.csv")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CannotRead, match=r"Folder .*empty is empty\."):
        read(empty / "x.csv")
    for number in range(10):
        (empty / f"{number}.txt").touch()
    with pytest.raises(CannotRead, match=r"7\.txt, …\."):
        read(empty / "zzzzz.csv")


def test_a_glob_without_a_match_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(CannotRead) as caught:
        read(f"{tmp_path}/*.parquet")
    assert parts(caught) == [
        f"no file matches '{tmp_path}/*.parquet' (looked from {Path.cwd()})",
        "The pattern is misspelt, or the shell's folder is another one.",
        f"ls {tmp_path}/*.parquet",
    ]


def test_a_folder_without_tables_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(CannotRead) as caught:
        read(tmp_path)
    assert parts(caught) == [
        f"folder {tmp_path} holds no table",
        "Nothing below it ends in .arrow, .avro, .csv, .feather, .ipc, .jsonl, .ndjson, .parquet, .tfrecord, .tfrecords.",
        f"ls -R {tmp_path}",
    ]


def test_an_address_of_another_kind_does_not_show_its_password() -> None:
    with pytest.raises(CannotRead, match=r"mysql://ann:\*\*\*@db/x is an address") as caught:
        read("mysql://ann:tiger@db/x")
    assert "tiger" not in str(caught.value)


def test_an_unknown_ending_lists_the_known_ones(tmp_path: Path) -> None:
    for name in ("table.xlsx", "table"):
        (tmp_path / name).write_text("x")
        with pytest.raises(
            CannotRead, match=rf"{name} has no ending that names a format\n  Known formats: arrow, avro, csv"
        ):
            read(tmp_path / name)


def test_two_formats_are_not_one_dataset(folder: Path) -> None:
    FRAME.write_csv(folder / "x.csv")
    with pytest.raises(CannotRead, match=r"part-0\.parquet and .*x\.csv are of different formats"):
        read([folder / "part-0.parquet", folder / "x.csv"])


def test_an_address_is_refused_with_the_way_round() -> None:
    for address in ("https://bucket/t.parquet", "https://example.org/t.csv"):
        with pytest.raises(CannotRead, match=rf"{address} is an address, a path on this machine is expected"):
            read(address)


def test_the_home_folder_may_be_written_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    FRAME.write_parquet(tmp_path / "t.parquet")
    assert collect(read("~/t.parquet")).equals(FRAME)
    assert collect(read("~/*.parquet")).equals(FRAME)


def test_an_empty_list_and_a_list_of_something_else_are_refused() -> None:
    with pytest.raises(CannotRead, match="the list of paths is empty"):
        read([])
    with pytest.raises(CannotRead, match=r"cannot read a builtins\.int as a table"):
        read([1])


@pytest.mark.parametrize("data", [None, 3, {"a": [1]}, FRAME["a"], pa.array([1])])
def test_what_is_no_table_is_refused(data: object) -> None:
    with pytest.raises(CannotRead, match=r"as a table\n  Known: a path, a glob, a folder"):
        read(data)


# What is wrong with the file.


def test_an_empty_file_is_named(folder: Path) -> None:
    (folder / "part-1.parquet").write_bytes(b"")
    with pytest.raises(CannotRead) as caught:
        read(folder)
    assert parts(caught) == [
        f"{folder}/part-1.parquet is empty (0 bytes)",
        "It was created and never written, or a copy of it broke off.",
        f"Make it again, or leave it out: rm {folder}/part-1.parquet",
    ]


@pytest.mark.parametrize("keep", [3, 11, 200, -4, -1])
def test_a_torn_file_is_named_among_many(folder: Path, keep: int) -> None:
    path = folder / "part-1.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(
        CannotRead, match=r"part-1\.parquet is not a whole parquet file: .*without the mark PAR1"
    ) as caught:
        read(folder)
    assert caught.value.path == str(path)


@pytest.mark.parametrize(
    "content",
    [b"PAR1" + b"\0" * 8 + b"PAR1", b"PAR1" + b"\xff\xff\xff\x7f" + b"PAR1", b"PAR1xxxx" + b"\xff" * 4 + b"PAR1",
     b"a,b\n1,2\n3,4\n5,6\n"],
)  # fmt: skip
def test_a_file_that_claims_much_or_is_something_else_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(CannotRead, match=r"x\.parquet is not a whole parquet file"):
        read(tmp_path / "x.parquet")


@pytest.mark.skipif(os.getuid() == 0, reason="root opens everything")
def test_a_forbidden_file_says_so(folder: Path) -> None:
    (folder / "part-0.parquet").chmod(0)
    with pytest.raises(CannotRead, match="cannot be opened: Permission denied"):
        read(folder)


def test_what_is_no_plain_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "loop.parquet").symlink_to(tmp_path / "loop.parquet")
    with pytest.raises(CannotRead, match=r"is a link to .*, and there is nothing"):
        read(tmp_path / "loop.parquet")


# What is wrong with the columns.


def test_mixed_types_name_both_files_and_the_column(folder: Path) -> None:
    FRAME.with_columns(pl.col("a").cast(pl.Float64)).write_parquet(folder / "part-1.parquet")
    with pytest.raises(MixedTables) as caught:
        read(folder)
    assert parts(caught) == [
        f"column 'a' is Int64 in {folder}/part-0.parquet and Float64 in {folder}/part-1.parquet",
        "The files were written with different types.",
        "Give it one type on reading: seakeep.read(…, derive={'a': polars.col('a').cast(polars.Int64)}), or widen=True.",
    ]


def test_the_fix_for_mixed_types_works(folder: Path) -> None:
    FRAME.with_columns(pl.col("a").cast(pl.Float64)).write_parquet(folder / "part-1.parquet")
    assert collect(read(folder, derive={"a": pl.col("a").cast(pl.Int64)})).height == 5


def test_a_column_that_a_file_lacks_or_has_in_excess_is_named(folder: Path) -> None:
    FRAME.drop("b").write_parquet(folder / "part-2.parquet")
    with pytest.raises(MixedTables) as caught:
        read(folder)
    assert parts(caught) == [
        f"column 'b' is in {folder}/part-0.parquet and not in {folder}/part-2.parquet",
        "The files were written by different versions of a job, or belong to different tables.",
        "Read them apart, or leave the column out: seakeep.read(…, drop=['b']).",
    ]
    assert collect(read(folder, drop=["b"])).height == 5
    FRAME.with_columns(c=1).write_parquet(folder / "part-2.parquet")
    with pytest.raises(MixedTables, match=r"column 'c' is in .*part-2\.parquet and not in .*part-0\.parquet"):
        read(folder)
    assert collect(read(folder, drop=["c"])).height == 5


def test_another_order_of_columns_is_put_right(folder: Path) -> None:
    before = read(folder).digest
    FRAME[1:2].select("b", "a").write_parquet(folder / "part-1.parquet")
    dataset = read(folder)
    assert collect(dataset).equals(FRAME)
    assert dataset.digest != before


def test_mixed_time_zones_are_named_and_the_fix_works(tmp_path: Path) -> None:
    naive = pl.DataFrame({"t": [datetime(2013, 1, 1)]})
    naive.write_parquet(tmp_path / "a.parquet")
    naive.with_columns(pl.col("t").dt.replace_time_zone("UTC")).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(MixedTables, match=r"mixed time zones") as caught:
        read(tmp_path)
    assert "derive={'t': polars.col('t').cast(polars.Datetime('us', 'UTC'))}" in str(caught.value)
    assert collect(read(tmp_path, derive={"t": pl.col("t").cast(pl.Datetime("us", "UTC"))})).height == 2


@pytest.mark.parametrize("name", ["*", "^a.*$"])
def test_a_column_name_that_polars_takes_for_a_pattern_is_refused(name: str) -> None:
    with pytest.raises(CannotRead) as error:
        read(pl.DataFrame({"a": [1], name: [2]}))
    assert parts(error)[0].startswith(f"column name {name!r} stands for other columns (")
    assert parts(error)[2] == "Rename it where the table is written."
    for nested in ([{"a": {name: 1}}], [[{name: 1}]]):
        with pytest.raises(CannotRead, match="stands for other columns"):
            read(pl.DataFrame({"s": nested}))
    assert collect(read(pl.DataFrame({"a*": [1], "^b": [2], "c$": [3]}))).columns == ["a*", "^b", "c$"]


def test_duplicate_column_names_are_refused(tmp_path: Path) -> None:
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    for data in (table, frame):
        with pytest.raises(CannotRead, match=r"column name 'a' occurs more than once \(a table in memory\)"):
            read(data)
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(CannotRead, match=r"x\.parquet"):
        read(tmp_path / "x.parquet")


@pytest.mark.parametrize("role", ["label", "time", "key"])
def test_an_unknown_role_column_names_the_nearest(role: str) -> None:
    with pytest.raises(
        UsageError, match=rf"there is no {role} column 'delai' \(a table in memory .*\)\n  Did you mean 'delay'"
    ):
        read(pl.DataFrame({"delay": [1], "x": [2]}), **{role: "delai"})


def test_an_unknown_column_in_an_expression_names_the_nearest() -> None:
    with pytest.raises(
        UsageError, match=r"no column 'dilay' \(derive\['late'\] of a table .*\)\n  Did you mean 'delay'"
    ):
        read(pl.DataFrame({"delay": [1]}), derive={"late": pl.col("dilay") > 15})
    with pytest.raises(UsageError, match=r"no column 'dilay' \(where of"):
        read(pl.DataFrame({"delay": [1]}), where=pl.col("dilay") > 15)


def test_a_column_to_drop_that_no_file_has_names_the_nearest(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"no column 'bb' \(drop"):
        read(folder, drop=["bb"])


def test_objects_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedColumn, match="column 'o' is of type Object"):
        read(pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object)}))
    assert collect(read(pl.DataFrame({"o": pl.Series([object()], dtype=pl.Object), "a": [1]}), drop=["o"])).columns == [
        "a"
    ]


def test_pandas_missing_values_are_missing_and_its_index_is_left_out() -> None:
    frame = pd.DataFrame({"x": [1.0, None], "s": ["a", None]}, index=["p", "q"])
    assert collect(read(frame)).rows() == [(1.0, "a"), (None, None)]


def test_a_pandas_column_of_mixed_types_is_explained() -> None:
    with pytest.raises(CannotRead, match="cannot be turned into a Polars frame"):
        read(pd.DataFrame({"x": [1, "a", object()]}))


def test_pandas_without_pyarrow_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'seakeep\[pandas\]'"):
        read(pd.DataFrame({"x": [1]}))


def test_options_of_text_files_are_refused_elsewhere(folder: Path) -> None:
    for data in (folder, FRAME):
        with pytest.raises(UsageError, match="are for CSV files, and this is"):
            read(data, separator=";")


# What is wrong with the steps.


def test_a_python_function_is_refused() -> None:
    for expression in (
        pl.col("a").map_elements(hash, return_dtype=pl.Int64),
        pl.col("a").map_batches(lambda values: values, return_dtype=pl.Int64, is_elementwise=True),
    ):
        with pytest.raises(BadStep, match=r"derive\['c'\] calls a Python function"):
            read(FRAME, derive={"c": expression})
    text = pl.lit('"AnonymousFunction":')
    assert collect(read(FRAME, derive={"c": text})).height == 3


@pytest.mark.parametrize(
    "expression",
    [pl.col("a") - pl.col("a").mean(), pl.col("a").shift(1), pl.col("a").rank(), pl.int_range(pl.len()),
     pl.col("a").sum().over("b"), pl.col("a").filter(pl.col("a") > 1), pl.lit(pl.Series([1, 2, 3]))],
)  # fmt: skip
def test_looking_at_other_rows_is_refused(expression: pl.Expr) -> None:
    with pytest.raises(BadStep, match=r"derive\['c'\] does not work row by row"):
        read(FRAME, derive={"c": expression})


def test_a_wrongly_typed_expression_is_refused_before_any_row_is_read() -> None:
    with pytest.raises(BadStep, match=r"derive\['c'\] cannot be computed: "):
        read(FRAME, derive={"c": pl.col("b").str.len_chars() + pl.col("a").str.len_chars()})
    with pytest.raises(BadStep, match=r"where cannot be computed: "):
        read(FRAME, where=pl.col("a").str.starts_with("x"))


def test_a_filter_must_be_boolean() -> None:
    with pytest.raises(BadStep) as caught:
        read(FRAME, where=pl.col("a") + 1)
    assert parts(caught) == [
        "where must be true or false for every row, it is Int64",
        "It names a column or a sum instead of a comparison.",
        "seakeep.read(…, where=polars.col('month') <= 9)",
    ]


def test_a_value_that_cannot_be_converted_is_named_when_rows_are_read() -> None:
    dataset = read(FRAME, derive={"b": pl.col("b").cast(pl.Int64)})
    with pytest.raises(BadStep, match=r"with b cannot be computed: conversion from `str` to `i64` failed"):
        collect(dataset)


def test_a_lazy_frame_that_fails_is_explained() -> None:
    lazy = FRAME.lazy().with_columns(pl.col("b").cast(pl.Int64))
    with pytest.raises(CannotRead, match=r"a table in memory .* cannot be computed: conversion"):
        collect(read(lazy))


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(UsageError, match=r"derive\['c'\] must be a Polars expression, found 3"):
        read(FRAME, derive={"c": 3})
    with pytest.raises(UsageError, match=r"where must be a Polars expression"):
        read(FRAME, where="a > 1")
    with pytest.raises(UsageError, match=r"drop must be a list of column names, found 'ab'"):
        read(FRAME, drop="ab")


def test_a_file_that_is_damaged_inside_is_named(tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    pl.DataFrame({"a": [1, 2, 3, None], "s": ["x", "y", None, "z"]}).write_parquet(path)
    whole = path.read_bytes()
    for start in range(4, len(whole) // 2, 16):
        path.write_bytes(whole[:start] + bytes(50) + whole[start + 50 :])
        try:
            collect(read(path))
        except CannotRead as error:
            assert str(path) in error.found  # noqa: PT017  (some damage cannot be told from other data)


def test_a_panic_of_the_reader_is_told_as_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    dataset = read(tmp_path / "a.parquet")

    def panic(*_: object, **__: object) -> None:
        raise pl.exceptions.PanicException("assertion failed: offset + length <= self.length")

    monkeypatch.setattr(pl.LazyFrame, "collect", panic)
    with pytest.raises(CannotRead, match=r"a\.parquet is not a whole parquet file: assertion failed"):
        collect(dataset)


def test_a_parquet_file_with_a_column_name_twice_names_the_column(tmp_path: Path) -> None:
    path = tmp_path / "twice.parquet"
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["it's", "it's"]), path)
    with pytest.raises(CannotRead, match='column name "it\'s" occurs more than once'):
        read(path)


def test_a_link_to_nothing_is_told_apart_from_a_misspelt_name(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").symlink_to("moved.parquet")
    with pytest.raises(CannotRead) as error:
        read(tmp_path / "a.parquet")
    assert "is a link to moved.parquet, and there is nothing" in error.value.found
    assert error.value.fix == f"ls -l {tmp_path / 'a.parquet'}"


def test_a_pipe_is_refused_at_once_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(CannotRead) as error:
        read(tmp_path / "a.csv")
    assert "is a pipe, a socket or a device" in error.value.found
    assert error.value.fix.startswith("Write it to a file first")


@pytest.mark.parametrize("called", ["x" * 5000 + ".csv", "a\0b.csv", "~nobody-of-that-name/a.csv"])
def test_what_no_path_can_be_is_refused_in_a_short_message(called: str) -> None:
    with pytest.raises(CannotRead, match="cannot be a path") as error:
        read(called)
    assert len(error.value.found) < 200


def test_a_map_column_is_refused_with_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "map.parquet"
    pq.write_table(pa.table({"m": pa.array([[("k", 1)]], type=pa.map_(pa.string(), pa.int64()))}), path)
    with pytest.raises(UnsupportedColumn, match="Known types: numbers") as error:
        read(path)
    assert "drop=['m']" in error.value.fix
