"""Arrow at the door: every type that a column takes, what is wrong in words, and bytes that lie about themselves."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import io
import random
import struct
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from seakeep.core import ColumnSchema, Kind
from seakeep.serving.served import Served
from seakeep.serving.server.contract import Contract
from seakeep.serving.server.forms import arrow
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.refusals import Refusal
from seakeep.serving.server.settings import Settings
from seakeep.testing.example_models import example_model, example_schema

MICROSECONDS = 1_380_604_500_000_000
MOMENT = dt.datetime(2013, 10, 1, 5, 15)
GOOD = {
    "distance": pa.array([1400.0]),
    "seats": pa.array([149]),
    "night": pa.array([True]),
    "carrier": pa.array(["AA"]),
    "scheduled": pa.array([MOMENT]),
}
PLACES = {name: place for place, name in enumerate(GOOD)}


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    contract = Contract(Served.of(example_model()), Settings(missing="accept", row_limit=5000), Metrics(folder))
    return lambda body: arrow.Reader(contract).read(body, {})


def stream(columns, *, make=pa.ipc.new_stream, **options):
    table = pa.table(columns) if isinstance(columns, dict) else columns
    sink = io.BytesIO()
    with make(sink, table.schema, **options) as written:
        written.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "array", "value"),
    [
        ("distance", pa.array([3], pa.int8()), 3.0),
        ("distance", pa.array([3], pa.uint64()), 3.0),
        ("distance", pa.array([1.5], pa.float32()), 1.5),
        ("distance", pa.array(np.array([1.5], np.float16)), 1.5),
        ("distance", pa.array([decimal.Decimal("1.25")]), 1.25),
        ("distance", pa.array([None], pa.float64()), None),
        ("distance", pa.array([float("nan")]), None),
        ("distance", pa.array([None]), None),
        ("distance", pa.array([2.5]).dictionary_encode(), 2.5),
        ("seats", pa.array([149], pa.uint8()), 149),
        ("seats", pa.array([149.0]), 149),
        ("seats", pa.array([None], pa.int32()), None),
        ("night", pa.array([None], pa.bool_()), None),
        ("carrier", pa.array(["AA"], pa.large_string()), "AA"),
        ("carrier", pa.array(["AA"], pa.string_view()), "AA"),
        ("carrier", pa.array(["AA"]).dictionary_encode(), "AA"),
        ("carrier", pa.array([None], pa.string()).dictionary_encode(), None),
        ("scheduled", pa.array([MOMENT], pa.timestamp("s")), MICROSECONDS),
        ("scheduled", pa.array([MOMENT], pa.timestamp("ms")), MICROSECONDS),
        ("scheduled", pa.array([MICROSECONDS * 1000 + 999], pa.timestamp("ns")), MICROSECONDS),
        ("scheduled", pa.array([-1], pa.timestamp("ns")), -1),
        ("scheduled", pa.array([MOMENT], pa.timestamp("us", "Europe/Berlin")), MICROSECONDS),
        ("scheduled", pa.array([dt.date(1970, 1, 2)]), 86_400_000_000),
        ("scheduled", pa.array([dt.date(1970, 1, 2)], pa.date64()), 86_400_000_000),
    ],
)
@pytest.mark.parametrize("make", [pa.ipc.new_stream, pa.ipc.new_file])
def test_a_column_takes_every_type_that_it_holds(read, name, array, value, make):
    ask = read(stream({**GOOD, name: array}, make=make))
    assert list(ask.columns[PLACES[name]]) == [value]
    assert ask.arrays[PLACES[name]].shape == (1,)


@pytest.mark.parametrize(
    ("columns", "code", "field"),
    [
        ({"distance": pa.array(["far"])}, "wrong_datatype", "distance"),
        ({"distance": pa.array([float("inf")])}, "wrong_value", "distance"),
        ({"seats": pa.array([1.5])}, "wrong_value", "seats"),
        ({"seats": pa.array([True])}, "wrong_datatype", "seats"),
        ({"seats": pa.array([2**63], pa.uint64())}, "wrong_value", "seats"),
        ({"night": pa.array([1])}, "wrong_datatype", "night"),
        ({"carrier": pa.array([b"AA"])}, "wrong_datatype", "carrier"),
        ({"carrier": pa.array([["AA"]])}, "wrong_datatype", "carrier"),
        ({"carrier": pa.array([7]).dictionary_encode()}, "wrong_datatype", "carrier"),
        ({"scheduled": pa.array([MICROSECONDS])}, "wrong_datatype", "scheduled"),
        ({"scheduled": pa.array([2**62], pa.timestamp("s"))}, "wrong_value", "scheduled"),
        ({"distanse": pa.array([1.0])}, "unknown_input", "distanse"),
        ({"late": pa.array([True])}, "not_an_input", "late"),
    ],
)
def test_what_a_column_does_not_take_is_refused(read, columns, code, field):
    with pytest.raises(Refusal) as told:
        read(stream({**GOOD, **columns}))
    assert (told.value.code, told.value.field) == (code, field)


def test_a_table_that_lacks_a_column_or_has_no_rows_is_refused(read):
    with pytest.raises(Refusal, match="'seats' is missing"):
        read(stream({name: array for name, array in GOOD.items() if name != "seats"}))
    with pytest.raises(Refusal, match="no rows"):
        read(stream({name: array[:0] for name, array in GOOD.items()}))
    with pytest.raises(Refusal, match="more than the limit of 5000"):
        read(stream({name: pa.repeat(array[0], 5001) for name, array in GOOD.items()}))


def test_a_column_twice_is_refused(read):
    arrays = [*GOOD.values(), GOOD["seats"]]
    batch = pa.record_batch(arrays, names=[*GOOD, "seats"])
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as written:
        written.write_batch(batch)
    with pytest.raises(Refusal) as told:
        read(sink.getvalue())
    assert told.value.code == "duplicate_input"


@pytest.mark.parametrize("make", [pa.ipc.new_stream, pa.ipc.new_file])
@pytest.mark.parametrize("codec", ["lz4", "zstd"])
@pytest.mark.parametrize("coded", [False, True])
def test_packed_buffers_are_refused_before_they_are_unpacked(read, make, codec, coded):
    if not pa.Codec.is_available(codec):
        pytest.skip(f"pyarrow was built without {codec}")
    many = {name: pa.repeat(array[0], 4000) for name, array in GOOD.items()}
    if coded:
        many["carrier"] = many["carrier"].dictionary_encode()
    body = stream(many, make=make, options=pa.ipc.IpcWriteOptions(compression=codec))
    with pytest.raises(Refusal, match="buffers are packed"):
        read(body)


@pytest.mark.parametrize("view", [False, True])
def test_few_bytes_that_stand_for_many_are_refused(read, view):
    text = "x" * 100_000
    carrier = pa.DictionaryArray.from_arrays(pa.array([0] * 4000, pa.int8()), pa.array([text]))
    if view:
        views = struct.pack("<i4sii", len(text), text[:4].encode(), 0, 0) * 4000
        buffers = [None, pa.py_buffer(views), pa.py_buffer(text.encode())]
        carrier = pa.Array.from_buffers(pa.string_view(), 4000, buffers)
    many = {name: pa.repeat(array[0], 4000) for name, array in GOOD.items()} | {"carrier": carrier}
    body = stream(many)
    assert len(body) < 1_000_000
    with pytest.raises(Refusal) as told:
        read(body)
    assert (told.value.status, told.value.field) == (413, "carrier")


def test_a_name_that_is_not_utf8_is_refused(read):
    body = stream(GOOD)
    with pytest.raises(Refusal) as told:
        read(body.replace(b"carrier", b"c\xffrrier"))
    assert told.value.code == "malformed_arrow"


@pytest.mark.parametrize("make", [pa.ipc.new_stream, pa.ipc.new_file])
def test_any_bytes_are_refused_or_read(read, make):
    chance = random.Random(5)
    coded = {**GOOD, "carrier": GOOD["carrier"].dictionary_encode()}
    good = stream(
        {name: pa.repeat(array[0], 3) if name != "carrier" else array.take([0, 0, 0]) for name, array in coded.items()},
        make=make,
    )
    for _ in range(400):
        body = bytearray(good)
        for _ in range(chance.choice([1, 1, 3, 9])):
            at = chance.randrange(len(body) - 8)
            body[at] = chance.randrange(256)
            if chance.random() < 0.3:
                body[at : at + 8] = struct.pack("<q", chance.choice([-1, 2**62, 2**31, 0, -(2**63)]))
            if chance.random() < 0.1:
                del body[at:]
                break
        with contextlib.suppress(Refusal):
            read(bytes(body))


def test_a_key_that_cannot_be_read_is_none_and_one_that_comes_twice_is_refused(tmp_path):
    model = example_model()
    schema = replace(example_schema(booked=ColumnSchema(Kind.TIMESTAMP)), key="booked")
    contract = Contract(Served.of(replace(model, schema=schema)), Settings(missing="accept"), Metrics(tmp_path))
    reader = arrow.Reader(contract)
    late = pa.array([2**62], pa.int64()).view(pa.timestamp("us"))
    assert reader.key(stream({**GOOD, "booked": late}), {}) is None
    arrays, names = [*GOOD.values(), pa.array(["a"]), pa.array(["b"])], [*GOOD, "booked", "booked"]
    twice = stream(pa.table(arrays, names=names))
    assert reader.key(twice, {}) is None
    with pytest.raises(Refusal, match="'booked'"):
        reader.read(twice, {})
