"""The law of the door: whatever the quick decoder takes, the careful reader takes too, as the same values."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.core import ColumnSchema, Kind
from seakeep.features.nulls import feeds, tensor
from seakeep.serving.served import Served
from seakeep.serving.server.contract import Contract
from seakeep.serving.server.decoding import Decoder
from seakeep.serving.server.metrics import Metrics
from seakeep.serving.server.refusals import CODES, Refusal
from seakeep.serving.server.settings import Settings
from seakeep.testing.example_models import INPUTS, example_frame, example_model, example_schema


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")

    def make(**settings):
        served = Served.of(example_model())
        contract = Contract(served, Settings(**settings), Metrics(folder))
        return Decoder(contract), contract

    return make


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1) | st.none()
values = {
    "distance": numbers,
    "seats": st.integers(-(2**70), 2**70) | st.none() | st.integers(1, 900),
    "night": st.booleans() | st.none() | st.integers(0, 1),
    "carrier": st.sampled_from(["AA", "UA", "ZZ", "", "\x00", "é", None]) | st.text(max_size=5),
    "scheduled": st.datetimes().map(lambda moment: moment.isoformat()) | st.none() | st.text(max_size=12),
}
rows = st.lists(st.fixed_dictionaries(values, optional={"tail": anything, "late": st.booleans()}), max_size=4)
odd_tensors = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from([*values, "tail", "late", "nothing"]),
            "shape": st.lists(st.integers(-2, 4), max_size=2),
            "datatype": st.sampled_from(["FP64", "FP32", "INT64", "BOOL", "BYTES", "UINT8"]),
            "data": st.lists(st.one_of(*values.values()), max_size=3),
        },
        optional={"parameters": st.dictionaries(st.text(max_size=3), anything, max_size=1)},
    ),
    max_size=6,
)


@st.composite
def good_tensors(draw):
    count = draw(st.integers(1, 3))
    datatypes = {"distance": ["FP64", "FP32"], "seats": ["INT64"], "night": ["BOOL"], "carrier": ["BYTES"]}
    made = []
    for item in INPUTS:
        data = draw(st.lists(values[item.name], min_size=count, max_size=count))
        datatype = draw(st.sampled_from(datatypes.get(item.name, ["BYTES", "INT64"])))
        shape = draw(st.sampled_from([[count], [count, 1]]))
        made.append({"name": item.name, "shape": shape, "datatype": datatype, "data": data})
    return draw(st.permutations(made))


requests = st.one_of(
    st.builds(lambda rows: {"rows": rows}, rows),
    st.builds(lambda tensors: {"inputs": tensors}, odd_tensors),
    st.builds(lambda tensors: {"inputs": tensors}, good_tensors()),
    st.dictionaries(st.sampled_from(["rows", "inputs", "id", "outputs", "parameters"]), anything, max_size=3),
)


@given(
    request=requests,
    missing=st.sampled_from(["schema", "accept", "reject"]),
    domain=st.sampled_from(["accept", "reject"]),
)
def test_the_quick_decoder_takes_nothing_that_the_careful_reader_would_not(decoder, request, missing, domain):
    made, contract = decoder(missing=missing, domain=domain, row_limit=3)
    body = json.dumps(request).encode()
    quick, careful = outcome(made.read, body), outcome(made._careful.read, body)
    if isinstance(quick, Refusal):
        assert quick.code in CODES
        assert isinstance(careful, Refusal)
        assert 400 <= quick.status < 500
        json.dumps(quick.as_answer())
    else:
        assert arrays(contract, quick) == arrays(contract, careful)
        assert (quick.id, quick.outputs, quick.natural) == (careful.id, careful.outputs, careful.natural)


def outcome(read, body):
    try:
        return read(body)
    except Refusal as refusal:
        return refusal


def arrays(contract, ask):
    """The tensors' bits, texts as they are."""
    assert not isinstance(ask, Refusal), ask
    made = [column.array(list(own)) for column, own in zip(contract.columns, ask.columns, strict=True)]
    return [array.tolist() if array.dtype == object else array.tobytes() for array in made]


@given(body=st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(decoder, body):
    outcome(decoder()[0].read, body)


@given(request=requests, cut=st.integers(0, 400), byte=st.integers(0, 255))
def test_a_request_with_one_byte_changed_is_refused_or_read(decoder, request, cut, byte):
    body = bytearray(json.dumps(request).encode())
    body[cut % len(body)] = byte
    outcome(decoder()[0].read, bytes(body))


def test_a_decoded_table_has_the_feeds_of_the_frame(decoder):
    made, contract = decoder(missing="accept", row_limit=5000)
    frame = example_frame(2000, seed=5)
    moments = frame["scheduled"].dt.strftime("%Y-%m-%dT%H:%M:%S")
    ask = made.read(json.dumps({"rows": frame.with_columns(moments).to_dicts()}).encode())
    for column, own in zip(contract.columns, ask.columns, strict=True):
        np.testing.assert_array_equal(column.array(own), feeds(frame, INPUTS)[column.name])
        item = next(item for item in INPUTS if item.name == column.name)
        np.testing.assert_array_equal(column.array(own), tensor(own, item))


def test_names_that_no_decoder_can_be_built_for_are_read_carefully(tmp_path):
    from dataclasses import replace

    from seakeep.core import Input

    names = ['a"b', "c\\d", "e\nf"]
    model = replace(
        example_model(schema=example_schema(**{name: ColumnSchema(Kind.NUMBER) for name in names})),
        inputs=tuple(Input(name, Kind.NUMBER) for name in names),
    )
    served = Served.of(model)
    decoder = Decoder(Contract(served, Settings(), Metrics(tmp_path)))
    ask = decoder.read(json.dumps({"rows": [dict.fromkeys(names, 2)]}).encode())
    assert [list(values) for values in ask.columns] == [[2.0]] * 3
    tensors = [{"name": name, "shape": [1], "datatype": "FP64", "data": [2]} for name in names]
    assert [list(values) for values in decoder.read(json.dumps({"inputs": tensors}).encode()).columns] == [[2.0]] * 3
