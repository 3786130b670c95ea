"""Few rows of numbers are taken out of bytes as they would be one by one."""

from __future__ import annotations

import math
import struct
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.serving.server.packed import NUMBERS, admitted, piece
from seakeep.serving.server.raw import FLOATS, LETTERS, unpack
from seakeep.serving.server.refusals import Refusal

DATATYPES = sorted(NUMBERS)


def column(name, natural="FP64"):
    return SimpleNamespace(
        name=name, natural=natural, admit_natural=list, admit=lambda values, datatype: [datatype, *values]
    )


def number(datatype):
    if datatype in FLOATS:
        return st.floats(width={"FP16": 16, "FP32": 32, "FP64": 64}[datatype], allow_infinity=False)
    size = 8 * struct.calcsize(LETTERS[datatype])
    return st.integers(*((0, 2**size - 1) if datatype[0] == "U" else (-(2 ** (size - 1)), 2 ** (size - 1) - 1)))


@given(data=st.data(), datatypes=st.lists(st.sampled_from(DATATYPES), min_size=1, max_size=4), rows=st.integers(1, 3))
def test_values_are_those_that_each_input_has_alone(data, datatypes, rows):
    own = [data.draw(st.lists(number(datatype), min_size=rows, max_size=rows)) for datatype in datatypes]
    raws = [
        struct.pack(f"<{rows}{LETTERS[datatype]}", *values) for datatype, values in zip(datatypes, own, strict=True)
    ]
    packed = struct.unpack("<" + "".join(f"{rows}{LETTERS[one]}" for one in datatypes), b"".join(raws))
    places = data.draw(st.permutations(range(len(datatypes))))
    pieces = [
        piece(column(str(place)), place, datatype, slice(at * rows, (at + 1) * rows))
        for at, (place, datatype) in enumerate(zip(places, datatypes, strict=True))
    ]
    found = admitted(packed, pieces)
    for place, datatype, raw in zip(places, datatypes, raws, strict=True):
        values = list(unpack(raw, datatype, ""))
        assert found[place] == (values if datatype == "FP64" else [datatype, *values])


def test_an_infinity_is_refused_by_the_name_of_its_input():
    pieces = [piece(column(name), place, "FP64", slice(place, place + 1)) for place, name in enumerate("ab")]
    with pytest.raises(Refusal, match="b"):
        admitted((1.0, math.inf), pieces)
    assert admitted((1e308, 1e308), pieces) == [[1e308], [1e308]]  # whose sum is none
