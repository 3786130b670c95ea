"""JSON lines, Arrow IPC and Avro: types over all rows, pieces, and every broken file by its name and line."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import fastavro
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core.errors import SeakeepError, UsageError
from seakeep.data import collect, profile, read
from seakeep.data.errors import BadText, CannotRead, MixedTables, UnsupportedColumn
from seakeep.data.reading import records
from seakeep.data.sources import arrow, avro


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes, name: str = "t.jsonl"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_types_of_json_are_joined_over_all_lines_and_files(file, monkeypatch) -> None:
    monkeypatch.setattr(records, "TARGET", 64)
    file('{"a": 1, "s": {"x": 1}}\n' * 20 + '{"a": 2.5, "l": []}\n', "1.jsonl")
    path = file('\n{"late": null, "l": [1, 2]}\r\n{"s": {"y": "é"}, "a": null}', "2.jsonl")
    dataset = read(path.parent)
    frame = collect(dataset)
    assert len(dataset.pieces()) > 5
    assert dict(frame.schema) == {
        "a": pl.Float64,
        "s": pl.Struct({"x": pl.Int64, "y": pl.String}),
        "l": pl.List(pl.Int64),
        "late": pl.Null,
    }
    assert frame.row(-1) == (None, {"x": None, "y": "é"}, None, None)
    assert profile(dataset).rows == 23


@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (["2013-11-04", "2013-11-05"], pl.Date),
        (["2013-11-04T12:00:00Z", "2013-11-04T12:00:00.5+02:00"], pl.Datetime("us", "UTC")),
        (["2013-11-04 12:00:00"], pl.Datetime("us")),
        (["2013-11-04", "soon"], pl.String),
        (["5", "6"], pl.String),
        (["true"], pl.String),
    ],
)
def test_text_in_json_is_a_time_where_all_of_it_is_one_and_never_a_number(file, texts, dtype) -> None:
    path = file("".join(json.dumps({"x": text}) + "\n" for text in texts))
    assert collect(read(path)).schema["x"] == dtype
    assert collect(read(path, types={"x": pl.String()}))["x"].to_list() == texts


def test_types_of_json_can_be_given_also_of_what_no_line_has(file) -> None:
    path = file('{"a": 1, "at": "2013-11-04T12:00:00Z"}\n')
    frame = collect(read(path, types={"a": pl.String(), "b": pl.Int64(), "at": pl.Datetime("ms", "UTC")}))
    assert frame.row(0, named=True) == {"a": "1", "b": None, "at": datetime(2013, 11, 4, 12, tzinfo=UTC)}
    empty = collect(read(file("", "empty.jsonl"), types={"a": pl.Int64(), "at": pl.Datetime("us", "UTC")}))
    assert (empty.height, dict(empty.schema)) == (0, {"a": pl.Int64, "at": pl.Datetime("us", "UTC")})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"a": 1}\n{"a": 1', r"t\.jsonl cannot be read as JSON lines: .*\(line 2\)\n.*\n  sed -n 2p "),
        ('{"a": 1}\n[1]\n', r"it holds a list, an object is expected \(line 2\)"),
        ('{"a": 1}\n{"a": 2}{"a": 3}\n', r"Extra data.*\(line 2\)"),
        ('{"a": 1}\n\n{"a": {"b": 1}}\n', r"'a' holds an object, and a number in line 1 \(line 3\)"),
        ('{"a": true}\n{"a": 1}\n', r"'a' holds a number, and a boolean in line 1 \(line 2\)"),
        ('{"a": [1]}\n{"a": null}\n{"a": 1}\n', r"'a' holds a number, and an array in line 1 \(line 3\)"),
        ("word\n", r"\(line 1\)"),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}\n", r"nested more than 128 levels deep \(line 1\)"),
        ('{"a": 1}\n' + '{"a": ' * 10**6, r"nested more than 128 levels deep \(line 2\)"),
        (b'{"a": 1}\n{"a": "\xff"}\n', r"can't decode byte 0xff.*\(line 2\)"),
        (b'{"a": 1}\n' + bytes(50), r"Expecting value.*\(line 2\)"),
    ],
)
def test_a_broken_line_of_json_is_named(file, content, words) -> None:
    with pytest.raises(BadText, match=words):
        read(file(content))


def test_brackets_in_texts_and_many_short_lists_are_no_nesting(file) -> None:
    content = '{"a": [' + ", ".join(["[1]"] * 500) + '], "b": "' + '\\"[{' * 500 + '"}\n'
    frame = collect(read(file(content * 2)))
    assert (frame.height, len(frame["a"][1]), len(frame["b"][0])) == (2, 500, 1500)


def test_a_mark_of_utf8_is_passed_over_in_json(file) -> None:
    assert collect(read(file(b'\xef\xbb\xbf{"a": 1}\n'))).rows() == [(1,)]


def test_encrypted_parquet_is_told(tmp_path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(b"PARE" + content[4:-4] + b"PARE")
    with pytest.raises(CannotRead, match=r"a\.parquet is an encrypted Parquet file, a plain one is expected"):
        read(tmp_path / "a.parquet")


def test_values_of_several_types_in_ranges_of_their_own_are_named(file, monkeypatch) -> None:
    monkeypatch.setattr(records, "TARGET", 8)
    with pytest.raises(BadText, match=r"column 'a' of .*t\.jsonl holds Int64 and String\n.*\n  Read it as text"):
        read(file('{"a": 1}\n{"a": 2}\n{"a": "x"}\n'))


def test_a_time_that_is_none_after_the_rows_that_were_looked_at_is_named(file) -> None:
    dataset = read(file('{"a": "2013-11-04"}\n' * 5 + '{"a": "soon"}\n'), infer_rows=3)
    with pytest.raises(BadText, match="'soon' in column 'a'"):
        collect(dataset)


def test_options_of_csv_are_refused_for_json(file) -> None:
    with pytest.raises(UsageError, match=r"this is JSON lines \(types and infer_rows may be given\)"):
        read(file('{"a": 1}\n'), separator=";")
    with pytest.raises(CannotRead, match=r"t\.jsonl holds no record"):
        read(file("\n\n"))


@given(
    st.lists(
        st.fixed_dictionaries(
            {}, optional={"a": st.integers(-9, 9), "b": st.text(max_size=5), "c": st.lists(st.booleans())}
        ),
        min_size=1,
    ),
    st.integers(1, 60),
)
def test_what_is_written_as_json_lines_is_read_back_whatever_the_cuts(tmp_path_factory, rows, target) -> None:
    path = tmp_path_factory.mktemp("json") / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    types = {"a": pl.Int64(), "b": pl.String(), "c": pl.List(pl.Boolean())}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "TARGET", target)
        found = collect(read(path, types=types))
    assert found.rows(named=True) == [{name: row.get(name) for name in types} for row in rows]


TABLE = pl.DataFrame(
    {
        "n": [1, None, 3],
        "w": ["a", "é", None],
        "d": [date(2013, 11, day) for day in (1, 2, 3)],
        "c": pl.Series(["x", "y", "x"], dtype=pl.Categorical),
    }
)


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_arrow_files_are_cut_into_ranges_of_rows(tmp_path, monkeypatch, compression) -> None:
    monkeypatch.setattr(arrow, "PIECE_ROWS", 2)
    TABLE.write_ipc(tmp_path / "a.arrow", compression=compression)
    dataset = read(tmp_path / "a.arrow")
    assert [piece.collect().height for piece in dataset.pieces()] == [2, 1]
    assert collect(dataset).equals(TABLE)


def test_arrow_streams_are_read_too_and_have_the_rows_of_files(tmp_path) -> None:
    TABLE.write_ipc_stream(tmp_path / "a.feather")
    assert collect(read(tmp_path / "a.feather")).equals(TABLE)
    twice = pa.table([[1], [2]], names=["a", "a"])
    with pa.OSFile(str(tmp_path / "b.ipc"), "wb") as out, pa.ipc.new_stream(out, twice.schema) as stream:
        stream.write_table(twice)
    with pytest.raises(CannotRead, match="column name 'a' occurs more than once"):
        read(tmp_path / "b.ipc")


def test_what_is_no_arrow_file_is_told(file) -> None:
    with pytest.raises(CannotRead, match=r"a\.arrow is not a whole Arrow IPC file: its first bytes are not ARROW1"):
        read(file("a,b\n1,2\n", "a.arrow"))
    with pytest.raises(CannotRead, match=r"a\.feather is Feather of version 1"):
        read(file(b"FEA1" + bytes(20), "a.feather"))
    with pytest.raises(CannotRead, match="is empty"):
        read(file(b"", "e.arrow"))


def written(path, fields, rows, codec="null"):
    schema = fastavro.parse_schema(
        {"type": "record", "name": "row", "fields": [{"name": name, "type": told} for name, told in fields.items()]}
    )
    with path.open("wb") as out:
        fastavro.writer(out, schema, rows, codec=codec, sync_interval=50)
    return path


NATIVE = {
    "b": "boolean", "i": "int", "l": "long", "f": "float", "d": "double", "s": ["null", "string"], "y": "bytes",
    "e": {"type": "enum", "name": "E", "symbols": ["A", "B"]}, "x": {"type": "fixed", "name": "F", "size": 2},
    "day": {"type": "int", "logicalType": "date"}, "at": ["null", {"type": "long", "logicalType": "timestamp-millis"}],
    "local": {"type": "long", "logicalType": "local-timestamp-micros"}, "u": {"type": "string", "logicalType": "uuid"},
    "dec": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
    "a": {"type": "array", "items": ["null", "string"]}, "r": ["null", {"type": "record", "name": "R", "fields": [{"name": "z", "type": "int"}]}],
}  # fmt: skip
ROW = {
    "b": True, "i": -5, "l": 2**40, "f": 1.5, "d": 0.1, "s": None, "y": b"\x00", "e": "B", "x": b"xy", "day": date(2013, 11, 4),
    "at": datetime(2013, 11, 4, tzinfo=UTC), "local": datetime(2013, 11, 4), "u": UUID(int=5), "dec": Decimal("-1.25"), "a": ["é", None], "r": {"z": 1},
}  # fmt: skip


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_avro_types_are_the_same_whoever_decodes_them(tmp_path, monkeypatch, codec) -> None:
    monkeypatch.setattr(avro, "PIECE_ROWS", 2)
    dataset = read(written(tmp_path / "a.avro", NATIVE, [ROW] * 5, codec))
    frame = collect(dataset)
    assert len(dataset.pieces()) > 1
    assert frame.rows(named=True) == [{**ROW, "u": str(UUID(int=5))}] * 5
    assert frame.schema["at"] == pl.Datetime("ms", "UTC")
    assert frame.schema["e"] == pl.String
    assert collect(dataset, columns=["r", "i"]).row(0) == ({"z": 1}, -5)


def test_maps_and_unions_of_numbers_are_read(tmp_path) -> None:
    fields = {"m": {"type": "map", "values": "long"}, "n": ["null", "int", "double"], "nothing": "null"}
    rows = [{"m": {"k": 1}, "n": 2, "nothing": None}, {"m": {}, "n": 2.5, "nothing": None}]
    frame = collect(read(written(tmp_path / "a.avro", fields, rows)))
    assert frame["m"].to_list() == [[{"key": "k", "value": 1}], []]
    assert (frame["n"].to_list(), frame.schema["n"], frame.schema["nothing"]) == ([2.0, 2.5], pl.Float64, pl.Null)


def test_avro_that_no_column_stands_for_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(
        UnsupportedColumn, match=r"a\.avro: field 'u' holds a union of Int32 and String, which no column stands for"
    ):
        read(written(tmp_path / "a.avro", {"u": ["int", "string"]}, [{"u": 1}]))
    node = {"type": "record", "name": "node", "fields": [{"name": "next", "type": ["null", "node"]}]}
    with pytest.raises(UnsupportedColumn, match=r"a record that holds itself \(node\)"):
        read(written(tmp_path / "b.avro", {"first": node}, [{"first": {"next": None}}]))


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[:3],
        lambda b: b"Obx" + b[3:],
        lambda b: b[:30],
        lambda b: b[:-1],
        lambda b: b[:-16] + bytes(16),
        lambda b: b + b"\x02",
    ],
)
def test_damaged_avro_is_named_on_opening(tmp_path, damage) -> None:
    path = written(tmp_path / "a.avro", {"i": "int"}, [{"i": i} for i in range(100)])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CannotRead, match=r"a\.avro is not a whole avro file"):
        read(path)


def test_files_whose_types_differ_are_named_and_widened_on_request(tmp_path) -> None:
    pl.DataFrame({"a": [1], "b": ["x"]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"b": ["y"], "a": [1.5]}).write_parquet(tmp_path / "2.parquet")
    with pytest.raises(
        MixedTables, match=r"column 'a' is Int64 in .*1\.parquet and Float64 in .*2\.parquet\n.*\n.*or widen=True\."
    ):
        read(tmp_path)
    dataset = read(tmp_path, widen=True, where=pl.col("a") > 0.5)
    assert collect(dataset).rows() == [(1.0, "x"), (1.5, "y")]
    assert dataset.digest != read(tmp_path, widen=True).digest
    pl.DataFrame({"a": ["2"], "b": ["y"]}).write_parquet(tmp_path / "3.parquet")
    with pytest.raises(
        MixedTables, match=r"column 'a' is Int64 in .*1\.parquet and String in .*3\.parquet, and no type holds"
    ):
        read(tmp_path, widen=True)


def test_names_of_other_systems_are_known_and_a_format_can_be_said(tmp_path) -> None:
    path = tmp_path / "rows.jsonl-00000-of-00002.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n'))
    assert collect(read(path)).rows() == [(1,)]
    (tmp_path / "part-00000").write_text('{"a": 2}\n')
    assert collect(read(tmp_path / "part-00000", format="ndjson")).rows() == [(2,)]
    with pytest.raises(UsageError, match="there is no format 'jsonlines'"):
        read(path, format="jsonlines")


def test_columns_that_nobody_asks_for_are_not_read(tmp_path) -> None:
    """Where the bytes of a column are destroyed, what does not ask for it reads on."""
    table = pl.DataFrame({"a": range(10_000), "b": [str(i) for i in range(10_000)]})
    table.write_parquet(tmp_path / "t.parquet", statistics=True, row_group_size=5_000, compression="uncompressed")
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    groups = pa.parquet.read_metadata(tmp_path / "t.parquet")
    chunk = groups.row_group(1).column(1)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    (tmp_path / "t.parquet").write_bytes(content)
    assert collect(read(tmp_path / "t.parquet", columns=["a"]))["a"].sum() == table["a"].sum()
    few = read(tmp_path / "t.parquet", where=pl.col("a") < 100)
    assert collect(few)["b"].to_list() == [str(i) for i in range(100)]
    with pytest.raises(CannotRead, match=r"t\.parquet is not a whole parquet file"):
        collect(read(tmp_path / "t.parquet"))


def test_columns_are_kept_in_the_order_that_was_asked_for(tmp_path) -> None:
    table = pl.DataFrame({"a": [1, 2], "b": [3, 4], "c": [5, 6]})
    dataset = read(table, columns=["c", "double"], derive={"double": pl.col("a") * 2}, where=pl.col("b") > 3)
    assert collect(dataset).to_dict(as_series=False) == {"c": [6], "double": [4]}
    assert "only c, double" in dataset.description
    with pytest.raises(UsageError, match=r"no column 'd' \(columns of a table in memory"):
        read(table, columns=["d"])
    with pytest.raises(UsageError, match="there is no label column 'a'"):
        read(table, columns=["b"], label="a")
    with pytest.raises(UsageError, match="columns must be a list of column names, found none"):
        read(table, columns=[])
    with pytest.raises(UsageError, match="columns must be a list of column names, found 'a'"):
        read(table, columns="a")


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_a_damaged_avro_file_is_named_wherever_it_is(tmp_path, codec) -> None:
    whole = written(
        tmp_path / "a.avro", {"i": "long", "s": "string"}, [{"i": i, "s": "x" * i} for i in range(60)], codec
    )
    content = whole.read_bytes()
    for at in range(3, len(content), 23):
        whole.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        try:
            collect(read(whole))
        except SeakeepError as error:
            assert "a.avro" in str(error)  # noqa: PT017  (some bytes only change a value)


@pytest.mark.parametrize("header", [b'{"type":"record","fields":[{"nome":"a"}]}', b"[" * 5_000 + b"]" * 5_000])
def test_an_avro_header_that_is_no_schema_is_named(tmp_path, header) -> None:
    path = tmp_path / "a.avro"
    length = bytes([2 * len(header) & 0x7F | 0x80, 2 * len(header) >> 7 & 0x7F | 0x80, 2 * len(header) >> 14])
    path.write_bytes(b"Obj\x01\x02\x16avro.schema" + length + header + b"\x00" + bytes(16))
    with pytest.raises(CannotRead, match=r"a\.avro"):
        read(path)


def test_a_damaged_stream_of_arrow_is_refused_before_its_offsets_are_followed(tmp_path) -> None:
    path = tmp_path / "a.arrow"
    table = pa.table({"s": ["ab", "cd", "ef"]})
    with pa.ipc.new_stream(path, table.schema) as out:
        out.write_table(table)
    content = path.read_bytes()
    offsets = bytes([0, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 6, 0, 0, 0])
    assert content.count(offsets) == 1
    path.write_bytes(content.replace(offsets, offsets[:8] + b"\x04\x00\x00\x7f" + offsets[12:]))
    with pytest.raises(CannotRead, match=r"a\.arrow"):
        read(path)


def test_a_duration_of_avro_is_its_bytes(tmp_path) -> None:
    told = {"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}
    path = written(tmp_path / "a.avro", {"d": told}, [{"d": b"123456789012"}])
    assert collect(read(path))["d"].to_list() == [b"123456789012"]
