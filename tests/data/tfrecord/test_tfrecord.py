"""TFRecord of tf.Example: checksums and wire format against their definitions, tables both ways, every damage by its record."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

import numpy as np
import polars as pl
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given, settings
from hypothesis import strategies as st

from seakeep.core.errors import UsageError
from seakeep.data import collect, profile, read
from seakeep.data.errors import CannotRead, MixedTables, UnsupportedColumn
from seakeep.data.tfrecord import write_tfrecord
from seakeep.data.tfrecord.checksums import crc32c, masked
from seakeep.data.tfrecord.framing import BrokenFrame, framed, frames_of


def example_class():
    """tf.Example as protobuf's own library has it, from the definition that TensorFlow publishes."""
    file = descriptor_pb2.FileDescriptorProto(
        name="seakeep_test_example.proto", package="seakeep_test", syntax="proto3"
    )
    kinds = {"BytesList": 12, "FloatList": 2, "Int64List": 3}
    for name, kind in kinds.items():
        file.message_type.add(name=name).field.add(name="value", number=1, label=3, type=kind)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (name, field) in enumerate(zip(kinds, ("bytes_list", "float_list", "int64_list"), strict=True), 1):
        feature.field.add(name=field, number=number, label=1, type=11, type_name=f".seakeep_test.{name}", oneof_index=0)
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=1, type=9)
    entry.field.add(name="value", number=2, label=1, type=11, type_name=".seakeep_test.Feature")
    features.field.add(name="feature", number=1, label=3, type=11, type_name=".seakeep_test.Features.FeatureEntry")
    file.message_type.add(name="Example").field.add(
        name="features", number=1, label=1, type=11, type_name=".seakeep_test.Features"
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("seakeep_test.Example"))


Example = example_class()


def example(**features) -> bytes:
    made = Example()
    for name, values in features.items():
        if values is None:
            made.features.feature[name].SetInParent()
            continue
        kind = (
            "bytes_list"
            if isinstance(values[0], bytes)
            else "float_list"
            if isinstance(values[0], float)
            else "int64_list"
        )
        getattr(made.features.feature[name], kind).value.extend(values)
    return made.SerializeToString()


def crc_by_hand(content: bytes) -> int:
    state = 0xFFFFFFFF
    for byte in content:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


@settings(max_examples=30)
@given(
    st.lists(
        st.binary(max_size=40) | st.integers(500, 2100).map(lambda n: bytes(i * 7 % 251 for i in range(n))), max_size=8
    )
)
def test_checksums_are_those_of_the_definition(texts) -> None:
    stops = np.cumsum([len(text) for text in texts], dtype=np.int64)
    starts = stops - np.array([len(text) for text in texts], np.int64)
    found = crc32c(np.frombuffer(b"".join(texts) or b"\0", np.uint8), starts, stops)
    assert found.tolist() == [crc_by_hand(text) for text in texts]


def test_a_record_is_framed_as_tensorflow_does_it() -> None:
    """The mask by its definition; the known check value of nine digits."""
    assert crc_by_hand(b"123456789") == 0xE3069283
    value = crc_by_hand(b"abc")
    expected = ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert masked(np.array([value], np.uint32)).tolist() == [expected]
    assert framed([b"abc"])[:8] == struct.pack("<Q", 3)
    assert framed([b"abc"])[12:] == b"abc" + struct.pack("<I", expected)


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_frames_are_read_back(texts) -> None:
    found = [
        frames.content[a:b].tobytes()
        for frames in frames_of(io.BytesIO(framed(texts)), rows=3)
        for a, b in zip(frames.starts, frames.stops, strict=True)
    ]
    assert found == texts


def test_what_protobuf_writes_is_read(tmp_path) -> None:
    rows = [
        example(i=[5], f=[1.5], s=["Zürich".encode()], b=[b"\xff\x00"], l=[1, -2, 2**62], w=[b"a", b"b"]),
        example(w=[b"c"], l=[3], i=[-1], s=[b""], f=[float("nan")]),
        example(),
        example(i=None, f=[2.5], later=[7]),
    ]
    (tmp_path / "a.tfrecord").write_bytes(framed(rows))
    frame = collect(read(tmp_path / "a.tfrecord"))
    assert dict(frame.schema) == {
        "b": pl.Binary, "f": pl.Float32, "i": pl.Int64, "l": pl.List(pl.Int64), "later": pl.Int64, "s": pl.String, "w": pl.List(pl.String),
    }  # fmt: skip
    assert frame.row(0) == (b"\xff\x00", 1.5, 5, [1, -2, 2**62], None, "Zürich", ["a", "b"])
    assert frame["i"].to_list() == [5, -1, None, None]
    assert frame["l"].to_list() == [[1, -2, 2**62], [3], None, None]
    assert profile(read(tmp_path / "a.tfrecord")).rows == 4


def test_what_is_written_is_read_by_protobuf(tmp_path) -> None:
    table = pl.DataFrame(
        {
            "i": [1, None, -(2**63)],
            "f": [0.5, None, -1.0],
            "s": ["é", "", None],
            "b": [True, False, None],
            "l": [[1.5, 2.5], [], None],
        }
    )
    assert write_tfrecord(table, tmp_path / "a.tfrecord") == 3
    (frames,) = frames_of(io.BytesIO((tmp_path / "a.tfrecord").read_bytes()))
    first, second, third = (
        Example.FromString(frames.content[a:b].tobytes()) for a, b in zip(frames.starts, frames.stops, strict=True)
    )
    told = first.features.feature
    assert (list(told["i"].int64_list.value), list(told["f"].float_list.value), list(told["s"].bytes_list.value)) == (
        [1],
        [0.5],
        ["é".encode()],
    )
    assert (list(told["b"].int64_list.value), list(told["l"].float_list.value)) == ([1], [1.5, 2.5])
    assert sorted(second.features.feature) == ["b", "l", "s"]
    assert list(third.features.feature["i"].int64_list.value) == [-(2**63)]


@settings(max_examples=30)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "i": st.integers(-(2**63), 2**63 - 1),
                "f": st.floats(width=32, allow_nan=False),
                "s": st.text(max_size=5),
                "y": st.binary(max_size=5),
                "l": st.lists(st.integers(-9, 300), max_size=4),
                "w": st.lists(st.text(max_size=3), max_size=3),
            },
        ),
        min_size=1,
        max_size=12,
    )
)
def test_tables_go_both_ways(tmp_path_factory, rows) -> None:
    schema = {
        "i": pl.Int64,
        "f": pl.Float32,
        "s": pl.String,
        "y": pl.Binary,
        "l": pl.List(pl.Int64),
        "w": pl.List(pl.String),
    }
    table = pl.DataFrame(rows, schema=schema)
    path = tmp_path_factory.mktemp("records") / "a.tfrecord"
    write_tfrecord(table, path)
    if not any(rows):
        with pytest.raises(CannotRead, match="holds no record"):
            read(path)
        return
    found = collect(read(path))
    assert found.height == len(rows)
    for name in found.columns:
        held = found[name].to_list()
        expected = table[name].to_list()
        if name in ("l", "w") and not isinstance(found.schema[name], pl.List):
            expected = [None if not value else value[0] for value in expected]
        if found.schema[name] == pl.String and name == "y":
            held = [None if value is None else value.encode() for value in held]
        assert held == expected, name


@pytest.mark.parametrize(
    ("name", "compression"),
    [("a.tfrecord", "gzip"), ("a.tfrecord.gz", None), ("data_tfrecord-00000-of-00001", "zlib"), ("a.tfrecord", "")],
)
def test_compression_is_told_by_the_first_bytes(tmp_path, name, compression) -> None:
    table = pl.DataFrame({"a": range(5000)})
    write_tfrecord(table, tmp_path / name, compression=compression)
    head = (tmp_path / name).read_bytes()[:2]
    assert (head == b"\x1f\x8b", head == b"\x78\x9c") == (compression in ("gzip", None), compression == "zlib")
    assert collect(read(tmp_path / name, format="tfrecord")).equals(table)
    first = (tmp_path / name).read_bytes()
    write_tfrecord(table, tmp_path / name, compression=compression)
    assert (tmp_path / name).read_bytes() == first


def test_times_become_microseconds_and_come_back_by_their_types(tmp_path) -> None:
    table = pl.DataFrame(
        {
            "d": [date(2013, 11, 4)],
            "t": [datetime(2013, 11, 4, 12, tzinfo=UTC)],
            "e": [timedelta(seconds=1)],
            "c": [clock(0, 0, 1)],
            "k": pl.Series(["x"], dtype=pl.Categorical),
        }
    )
    write_tfrecord(table, tmp_path / "a.tfrecord")
    assert collect(read(tmp_path / "a.tfrecord")).row(0, named=True) == {
        "c": 10**6,
        "d": 1383523200 * 10**6,
        "e": 10**6,
        "k": "x",
        "t": 1383566400 * 10**6,
    }
    types = {"t": pl.Datetime("us", "UTC"), "e": pl.Duration("us"), "d": pl.Date()}
    assert collect(read(tmp_path / "a.tfrecord", types=types)).select("d", "t", "e").row(0) == table.select(
        "d", "t", "e"
    ).row(0)


def test_what_a_later_part_finds_holds_for_earlier_ones(tmp_path) -> None:
    write_tfrecord(pl.DataFrame({"a": [1, 2], "s": ["x", "y"]}), tmp_path / "1.tfrecord")
    write_tfrecord(pl.DataFrame({"a": [[3, 4], [5]], "s": [b"\xff", b"z"], "z": [1.5, None]}), tmp_path / "2.tfrecord")
    frame = collect(read(tmp_path))
    assert frame["a"].to_list() == [[1], [2], [3, 4], [5]]
    assert frame["s"].to_list() == [b"x", b"y", b"\xff", b"z"]
    assert frame["z"].to_list() == [None, None, 1.5, None]
    write_tfrecord(pl.DataFrame({"a": [1.5]}), tmp_path / "3.tfrecord")
    with pytest.raises(MixedTables, match=r"column 'a' is List\(Int64\) in .*1\.tfrecord and Float32 in .*3\.tfrecord"):
        read(tmp_path)


def test_damage_is_named_by_its_record(tmp_path) -> None:
    path = tmp_path / "a.tfrecord"
    whole = framed([example(i=[i]) for i in range(100)])
    size = len(whole) // 100
    cases = {
        whole[:-1]: "record 99: it ends after",
        whole[: 50 * size + 5]: "record 50: it ends after 5 bytes",
        whole[: 10 * size + 14] + b"\xff" + whole[10 * size + 15 :]: "record 10: the checksum of its bytes is another",
        whole[: 10 * size + 8] + b"\xff" + whole[10 * size + 9 :]: "record 10: the checksum of its length is another",
        whole[: 10 * size] + bytes(7) + b"\xff" + whole[10 * size + 8 :]: r"record 10: its length is 18,\d+.* bytes",
        framed([b"\x0a\xff"]): "record 0: a field goes beyond the end",
        framed([example(i=[1]), b"\x0b"]): "record 1: a field has the wire type 3",
        framed([example(i=[1]), example(i=[1.5])]): "record 1: feature 'i' holds floats, and whole numbers in record 0",
        framed([b"\xff" * 12]): "record 0: a number has more than ten bytes",
        framed([b"\x0a\x0a\x0a\x08\x0a\x01\xff\x12\x03\x1a\x01\x01"]): "record 0",
        framed(
            [b"\x0a\x0c\x0a\x0a\x0a\x01f\x12\x05\x12\x03\x0a\x01\x00"]
        ): "record 0: a list of floats ends within one",
        framed(
            [b"\x0a\x0c\x0a\x0a\x0a\x01i\x12\x05\x1a\x03\x0a\x01\x80"]
        ): "record 0: a list of whole numbers ends within one",
        b"no records at all": "record 0",
    }
    for content, words in cases.items():
        path.write_bytes(content)
        with pytest.raises(CannotRead, match=rf"a\.tfrecord is not a whole TFRecord file: {words}"):
            read(path)


def test_the_last_of_a_name_counts_and_numbers_need_not_be_packed(tmp_path) -> None:
    twice = example(i=[1]) + example(i=[2])
    unpacked = b"\x0a\x0e\x0a\x0c\x0a\x01i\x12\x07\x1a\x05\x08\x01\x08\xac\x02"
    (tmp_path / "a.tfrecord").write_bytes(framed([twice, unpacked]))
    assert collect(read(tmp_path / "a.tfrecord"))["i"].to_list() == [[2], [1, 300]]
    assert list(Example.FromString(unpacked).features.feature["i"].int64_list.value) == [1, 300]


def test_records_without_features_are_rows(tmp_path) -> None:
    (tmp_path / "a.tfrecord").write_bytes(framed([example()] * 3))
    assert collect(read(tmp_path / "a.tfrecord", types={"x": pl.Int64()}))["x"].to_list() == [None] * 3
    with pytest.raises(CannotRead, match="holds no record"):
        read(tmp_path / "a.tfrecord")


def test_what_an_example_cannot_hold_is_refused(tmp_path) -> None:
    for value in ({"x": 1}, [[1]]):
        with pytest.raises(UnsupportedColumn, match=r"column 'a' is of type .*, which a tf\.Example cannot hold"):
            write_tfrecord(pl.DataFrame({"a": [value]}), tmp_path / "a.tfrecord")
    with pytest.raises(UnsupportedColumn, match="column 'a' is of type UInt64"):
        write_tfrecord(pl.DataFrame({"a": pl.Series([2**64 - 1], dtype=pl.UInt64)}), tmp_path / "a.tfrecord")
    assert not list(tmp_path.iterdir())
    with pytest.raises(UsageError, match="there is no compression 'lz4'"):
        write_tfrecord(pl.DataFrame({"a": [1]}), tmp_path / "a.tfrecord", compression="lz4")


def test_a_dataset_is_written_with_its_steps_and_compressed_streams_are_torn_by_name(tmp_path) -> None:
    dataset = read(pl.DataFrame({"a": range(40_000)}), where=pl.col("a") >= 10)
    assert write_tfrecord(dataset, tmp_path / "a.tfrecord.gz") == 39_990
    assert collect(read(tmp_path / "a.tfrecord.gz"))["a"].to_list() == list(range(10, 40_000))
    raw = gzip.decompress((tmp_path / "a.tfrecord.gz").read_bytes())
    for packed, name in ((gzip.compress(raw), "b.tfrecord"), (zlib.compress(raw), "c.tfrecord")):
        (tmp_path / name).write_bytes(packed[: len(packed) // 2])
        with pytest.raises(CannotRead, match=rf"{name} is not a whole"):
            read(tmp_path / name)
    with pytest.raises(BrokenFrame):
        list(frames_of(io.BytesIO(raw[:-3])))
