"""Tensors of the protocol in plain Python: made up from a model's metadata, repeated to batches, packed to bytes, and judged.

Values are made up by datatype alone, so a model that takes few values (a category, a range) may refuse them all; then somebody has
to give an example. Nothing but the standard library, and nothing of the server's own code: a judge that shares the codec of the
judged finds it right.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

from seakeep.testing.inference_server.requirement import Broken, Unknown, hold

Tensor = dict[str, Any]

LETTERS = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
DATATYPES = frozenset({*LETTERS, "BYTES"})
_TRIES = (1, 0, 100)


def made_up(declared: list[Tensor], start: int) -> list[Tensor]:
    """Inputs of one row whose numbers are `start`. declared: tensors' metadata; a dimension of -1 becomes 1."""
    inputs = []
    for tensor in declared:
        shape = [1 if size < 0 else size for size in tensor["shape"]]
        value = {"BOOL": bool(start % 2), "BYTES": str(start)}.get(tensor["datatype"], start)
        if tensor["datatype"].startswith("FP"):
            value = float(start)
        datatype = tensor["datatype"]
        inputs.append(
            {"name": tensor["name"], "shape": shape, "datatype": datatype, "data": [value] * math.prod(shape)}
        )
    return inputs


def candidates(declared: list[Tensor]) -> list[list[Tensor]]:
    """What to try in turn."""
    return [made_up(declared, start) for start in _TRIES]


def repeated(inputs: list[Tensor], times: int) -> list[Tensor]:
    """The same rows so many times over, along the first dimension."""
    return [
        {**tensor, "shape": [tensor["shape"][0] * times, *tensor["shape"][1:]], "data": flat(tensor["data"]) * times}
        for tensor in inputs
    ]


def nested(tensor: Tensor) -> Tensor:
    """The same tensor, its values as lists of lists by its shape."""
    found = flat(tensor["data"])
    for size in reversed(tensor["shape"][1:]):
        found = [found[at : at + size] for at in range(0, len(found), size)] if size else found
    return {**tensor, "data": found}


def flat(data: Any) -> list[Any]:
    """Values without the lists in between, row by row.

    >>> flat([[1, 2], [3, 4]])
    [1, 2, 3, 4]
    """
    if not isinstance(data, list):
        return [data]
    return [value for item in data for value in flat(item)] if any(isinstance(item, list) for item in data) else data


def pack(tensor: Tensor) -> bytes:
    r"""A tensor's values as bytes: little-endian, row by row; texts each after their length in four bytes.

    >>> pack({"datatype": "BYTES", "data": ["ab"]})
    b'\x02\x00\x00\x00ab'
    """
    values = flat(tensor["data"])
    if tensor["datatype"] == "BYTES":
        texts = [str(value).encode() for value in values]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return struct.pack(f"<{len(values)}{LETTERS[tensor['datatype']]}", *values)


def unpack(datatype: str, data: bytes) -> list[Any]:
    """Values from bytes. Raises Broken, where bytes are left or lacking."""
    if datatype != "BYTES":
        size = struct.calcsize(LETTERS[datatype])
        hold(len(data) % size == 0, f"{len(data)} bytes are no whole number of {datatype}")
        return list(struct.unpack(f"<{len(data) // size}{LETTERS[datatype]}", data))
    found, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data.ljust(at + 4, b"\0"), at)
        hold(at + 4 + length <= len(data), "a text ends after the last byte")
        found.append(data[at + 4 : at + 4 + length].decode())
        at += 4 + length
    return found


def judge_outputs(outputs: Any) -> list[Tensor]:
    """Outputs that are tensors: name, shape, datatype, and as many values of it as the shape says. Raises Broken."""
    hold(isinstance(outputs, list) and outputs, f"outputs are {_told(outputs)}, expected a list of tensors")
    for tensor in outputs:
        _judge_tensor(tensor)
    return list(outputs)


def _judge_tensor(tensor: Any) -> None:
    declared(tensor)
    name, values = tensor["name"], flat(tensor.get("data", None))
    count = math.prod(tensor["shape"])
    hold(len(values) == count, f"{name} has {len(values)} values, its shape {tensor['shape']} says {count}")
    wrong = [value for value in values if not _is_of(value, tensor["datatype"])]
    hold(not wrong, f"{name} holds {_told(wrong[:1])}, which is no {tensor['datatype']}")


def declared(tensor: Any) -> Tensor:
    """A tensor with a name, a datatype of the protocol and a shape of integers. Raises Broken."""
    hold(isinstance(tensor, dict), f"{_told(tensor)} is no tensor")
    hold(isinstance(tensor.get("name"), str), f"{_told(tensor)} has no name")
    name, shape = tensor["name"], tensor.get("shape")
    hold(tensor.get("datatype") in DATATYPES, f"{name} is of datatype {_told(tensor.get('datatype'))}")
    is_shape = isinstance(shape, list) and all(type(size) is int and size >= -1 for size in shape)
    hold(is_shape, f"{name} has the shape {_told(shape)}")
    return dict(tensor)


def _is_of(value: Any, datatype: str) -> bool:
    if datatype == "BYTES":
        return isinstance(value, str)
    if datatype == "BOOL":
        return isinstance(value, bool)
    if datatype.startswith("FP"):
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    if type(value) is not int:
        return False
    try:
        struct.pack(f"<{LETTERS[datatype]}", value)
    except struct.error:
        return False
    return True


def fits(shape: list[int], pattern: list[int]) -> bool:
    """Whether a shape is one that metadata declare, -1 being any size.

    >>> fits([3, 2], [-1, 2])
    True
    """
    return len(shape) == len(pattern) and all(
        size == wanted or wanted < 0 for size, wanted in zip(shape, pattern, strict=True)
    )


def judge_equal(found: list[Tensor], wanted: list[Tensor], *, by: str) -> None:
    """Raise Broken, unless the tensors that both name hold the same values, numbers to one part in a hundred thousand."""
    own, other = ({tensor["name"]: flat(tensor["data"]) for tensor in tensors} for tensors in (found, wanted))
    hold(own.keys() == other.keys(), f"{by} answers with {sorted(own)}, expected {sorted(other)}")
    for name, values in own.items():
        same = len(values) == len(other[name]) and all(map(_same, values, other[name]))
        hold(same, f"{by} answers {name} with {_told(values[:3])}, expected {_told(other[name][:3])}")


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, int | float):
        return math.isclose(found, wanted, rel_tol=1e-5, abs_tol=1e-9) or (math.isnan(found) and math.isnan(wanted))
    return bool(found == wanted)


def read_example(text: str) -> list[Tensor]:
    """Inputs from a file. Raises Unknown with what is wrong with it."""
    try:
        inputs = json.loads(text)
        inputs = inputs["inputs"] if isinstance(inputs, dict) else inputs
        return [declared(tensor) | {"data": flat(tensor["data"])} for tensor in inputs]
    except (ValueError, KeyError, TypeError, Broken) as error:
        raise Unknown(f"the example is no list of inputs with name, shape, datatype and data: {error}") from None


def _told(value: Any) -> str:
    return repr(value)[:60]
