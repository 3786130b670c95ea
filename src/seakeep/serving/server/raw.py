"""Raw: a tensor's values as bytes, as the Open Inference Protocol writes them in gRPC and in binary tensors over HTTP.

Numbers are little-endian and lie side by side; a text is its length in 4 bytes and then itself in UTF-8. There is no null in
bytes, so NaN stands for a missing number, which is what it is inside; infinities are refused, as JSON refuses them.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.serving.server.refusals import BadBinary, BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTERS = {
    "BOOL": "?",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
"""By datatype: as `struct` writes it. BYTES has no fixed size."""
FLOATS = frozenset({"FP16", "FP32", "FP64"})
_SIZES = {datatype: struct.calcsize(f"<{letter}") for datatype, letter in LETTERS.items()}
_LENGTH_BYTES = 4
_FEW = 32  # up to here `struct` is sooner done than NumPy


def unpack(raw: bytes | memoryview, datatype: str, name: str) -> Sequence[Any]:
    """The values of a tensor, None where one is missing.

    Parameters: datatype: a key of LETTERS, or BYTES. name: of the input, for the refusal.
    Raises: BadInput, for bytes that are no whole number of values, texts that are not UTF-8, and infinities.
    >>> unpack(struct.pack("<2d", 1.5, math.nan), "FP64", "distance")
    [1.5, None]
    """
    if datatype == "BYTES":
        return _texts(bytes(raw), name)
    count, rest = divmod(len(raw), _SIZES[datatype])
    if rest:
        raise BadBinary.length(name, len(raw), datatype, _SIZES[datatype])
    if datatype == "BOOL" and (odd := bytes(raw).translate(None, b"\0\1")):
        raise BadInput.value(name, bytes(raw).index(odd[0]), odd[0], "a byte of 0 or 1")
    letter = LETTERS[datatype]
    values: Sequence[Any] = (
        struct.unpack(f"<{count}{letter}", raw) if count <= _FEW else np.frombuffer(raw, f"<{letter}").tolist()
    )
    return numbers(values, name) if datatype in FLOATS else values


def count(raw: bytes, datatype: str, name: str) -> int:
    """How many values a tensor's bytes are. Raises BadInput."""
    if datatype == "BYTES":
        return _count_texts(raw, name)
    found, rest = divmod(len(raw), _SIZES[datatype])
    if rest:
        raise BadBinary.length(name, len(raw), datatype, _SIZES[datatype])
    return found


def pack(values: Sequence[Any], datatype: str) -> bytes:
    r"""The bytes of a tensor. Parameters: values: of the datatype; texts as `str`.

    >>> pack(["UA"], "BYTES"), pack([1, 2], "INT16")
    (b'\x02\x00\x00\x00UA', b'\x01\x00\x02\x00')
    """
    if datatype == "BYTES":
        texts = [value.encode() for value in values]
        return b"".join(len(text).to_bytes(_LENGTH_BYTES, "little") + text for text in texts)
    return struct.pack(f"<{len(values)}{LETTERS[datatype]}", *values)


def numbers(values: Sequence[float], name: str) -> Sequence[float | None]:
    """Floating values with None for NaN. Raises BadInput for an infinity."""
    if math.isfinite(sum(values)):
        return values
    for row, value in enumerate(values):
        if math.isinf(value):
            raise BadInput.value(name, row, value, "a finite number")
    return [None if value != value else value for value in values]  # noqa: PLR0124  (NaN alone differs from itself)


def text(value: bytes, row: int, name: str) -> str:
    """A text of UTF-8 bytes. Raises BadInput."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise BadInput.value(name, row, value, "a text in UTF-8") from None


def _count_texts(raw: bytes, name: str) -> int:
    found = at = 0
    while at < len(raw):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(raw[at:begin], "little")
        if begin > len(raw) or at > len(raw):
            raise BadBinary.texts(name, found, len(raw))
        found += 1
    return found


def _texts(raw: bytes, name: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(raw):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(raw[at:begin], "little")
        if begin > len(raw) or at > len(raw):
            raise BadBinary.texts(name, len(found), len(raw))
        found.append(text(raw[begin:at], len(found), name))
    return found
