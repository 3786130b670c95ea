"""What a message is read as: by its layout and field by field the same, whatever its values, and whatever else its bytes are."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import Kind
from seakeep.serving import Served
from seakeep.serving.server.contract import Contract
from seakeep.serving.server.grpc.form import Reader, Writer
from seakeep.serving.server.grpc.layouts import varint
from seakeep.serving.server.grpc.messages import messages
from seakeep.serving.server.grpc.service import _told
from seakeep.serving.server.inference import refused
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.raw import LETTERS, pack, unpack
from seakeep.serving.server.refusals import BadInput, Refusal
from seakeep.serving.server.settings import Settings
from seakeep.testing.example_models import example_model

KINDS = messages()
LETTER = {"FP64": "d", "INT64": "q", "INT32": "i", "FP32": "f"}


@pytest.fixture(scope="module")
def served():
    """A model of numbers and times alone."""
    model = example_model(name="flights")
    inputs = tuple(one for one in model.inputs if one.kind in (Kind.NUMBER, Kind.INTEGER, Kind.TIMESTAMP))
    return Served("flights", "1", "d" * 64, replace(model, inputs=inputs))


@pytest.fixture(scope="module")
def reader(served, tmp_path_factory):
    return Reader(Contract(served, Settings(missing="accept"), Metrics(tmp_path_factory.mktemp("metrics"))))


def message(columns, **more):
    """A request with raw contents."""
    request = KINDS.InferRequest(model_name="flights", **more)
    for name, (datatype, values) in columns.items():
        request.inputs.add(name=name, datatype=datatype, shape=[len(values)])
        request.raw_input_contents.append(struct.pack(f"<{len(values)}{LETTER[datatype]}", *values))
    return request.SerializeToString()


def columns_of(rows):
    distances, seats, times = zip(*rows, strict=True)
    return {"distance": ("FP64", distances), "seats": ("INT64", seats), "scheduled": ("INT64", times)}


def forget(reader):
    """Have the reader know no layout."""
    reader._layouts._young.clear()
    reader._layouts._old.clear()


def outcome(read, body):
    """What was read, or the refusal's code."""
    try:
        ask = read(body)
    except Refusal as refusal:
        return refusal.code
    return None if ask is None else (list(map(list, ask.columns)), ask.rows, ask.id, ask.outputs, ask.binary, ask.key)


numbers = st.floats(allow_infinity=False) | st.just(math.nan)
wholes = st.integers(-(2**63), 2**63 - 1)
table = st.lists(st.tuples(numbers, wholes, wholes), min_size=1, max_size=20)


@given(rows=table)
def test_a_layout_reads_what_is_read_field_by_field(reader, rows):
    forget(reader)
    plain = columns_of([(1.0, 1, 1)] * len(rows))
    assert outcome(lambda body: reader.read(body, {}), message(plain))
    body = message(columns_of(rows))
    known = outcome(reader._layouts.read, body)
    assert known == (outcome(reader._read, body) if len(rows) <= 16 else None)


@given(data=st.data())
def test_bytes_that_differ_elsewhere_are_not_read_by_the_layout(reader, data):
    forget(reader)
    body = message(columns_of([(1400.0, 149, 1_380_604_500_000_000)]))
    assert outcome(lambda own: reader.read(own, {}), body)
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    known = outcome(reader._layouts.read, bytes(changed))
    assert known is None or known == outcome(reader._read, bytes(changed))


@pytest.mark.parametrize("more", [{"id": "a"}, {"outputs": [KINDS.Wanted(name="label")]}])
def test_what_is_more_than_values_is_not_kept(reader, more):
    forget(reader)
    reader.read(message(columns_of([(1.0, 2, 3)]), **more), {})
    assert not len(reader._layouts)


def test_a_head_that_ends_within_a_field_is_not_kept(reader):
    """The values lie before the inputs, and what follows only looks like them."""
    forget(reader)
    whole = message(columns_of([(1.0, 2, 3)]))
    raws = b"".join(b"\x3a\x08" + struct.pack(letter, value) for letter, value in (("<d", 1.0), ("<q", 2), ("<q", 3)))
    assert whole.endswith(raws)
    inputs = whole[: -len(raws)]
    hidden = raws + inputs + b"\x7a" + varint(len(raws)) + raws  # field 15, which nobody knows
    assert outcome(lambda body: reader.read(body, {}), hidden) == outcome(reader._read, whole)
    assert reader._layouts.read(hidden) is None


def named(length):
    """A message whose layout is like no other's of another length."""
    request = KINDS.InferRequest.FromString(message(columns_of([(1.0, 2, 3)])))
    request.model_version = "v" * length
    return request.SerializeToString()


def test_of_ten_thousand_layouts_those_in_use_are_kept(reader):
    forget(reader)
    used, late = named(1), named(2)
    for number in range(10_000):
        reader.read(named(number + 3), {})
        if number % 60 == 0:
            assert reader.read(used, {}).rows == 1
    assert len(reader._layouts) <= 128
    assert reader._layouts.read(used) is not None
    assert reader._layouts.read(late) is None
    reader.read(late, {})
    assert reader._layouts.read(late) is not None


def test_messages_of_one_length_do_not_keep_each_other_out_for_ever(reader):
    forget(reader)
    known, other = (
        message(columns_of([(1.0, 2, 3)]), model_version="a"),
        message(columns_of([(1.0, 2, 3)]), model_version="b"),
    )
    reader.read(known, {})
    for _ in range(16):
        reader.read(other, {})
    assert reader._layouts.read(other) is not None


def test_a_plain_answer_has_what_any_other_has(served):
    from seakeep.serving.server.ask import Ask
    from seakeep.serving.server.engine import Answered

    writer = Writer(served)
    ask = Ask([], 2, False, binary=("probabilities", "label"))
    plain = Answered(ask, [0.25, 0.75, 0.5, 0.5], [1, 0], "b-1")
    named = plain._replace(ask=replace(ask, id="x"))
    found, other = (KINDS.InferResponse.FromString(writer.write(one, {})[1]) for one in (plain, named))
    assert other.id == "x"
    other.ClearField("id")
    assert found == other
    assert found.parameters["prediction_id"].string_param == "b-1"


@given(values=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8))
def test_texts_as_bytes_are_read_back(values):
    assert list(unpack(pack(values, "BYTES"), "BYTES", "name")) == values


@pytest.mark.parametrize("datatype", [one for one in LETTERS if one != "BOOL"])
def test_numbers_as_bytes_are_read_back(datatype):
    for count in (1, 5, 100):
        values = [number % 100 for number in range(count)]
        assert list(unpack(pack(values, datatype), datatype, "name")) == values


def test_a_layout_with_a_long_head_is_not_kept(reader):
    forget(reader)
    request = KINDS.InferRequest.FromString(message(columns_of([(1.0, 2, 3)])))
    request.inputs[0].parameters["note"].string_param = "x" * 100_000
    assert reader.read(request.SerializeToString(), {}).rows == 1
    assert not len(reader._layouts)


def test_a_refusal_that_lists_thousands_of_names_is_told_within_what_clients_take():
    class Context:
        def set_code(self, code):
            self.code = code.name

        def set_details(self, details):
            self.details = details

        def set_trailing_metadata(self, metadata):
            self.metadata = dict(metadata)

    context = Context()
    names = [f"column {number}" for number in range(3000)]
    assert _told(context, refused(BadInput.unknown_input("x", names, "flights"))) == b""
    told = json.loads(context.metadata["seakeep-refusal-bin"])
    assert (context.code, told["code"], told["field"]) == ("INVALID_ARGUMENT", "unknown_input", "x")
    assert told["expected"].startswith("one of column 0, column 1, ")
    assert len(context.metadata["seakeep-refusal-bin"]) + len(context.details) < 8000
