"""Protobuf's wire format, as far as an ONNX file needs it: fields of a message, numbers in bulk, and fields written.

Called by `cut`, since a worker has no package onnx. Everything here is a view of the file's bytes: nothing large is copied but the
numbers asked for. What is hard is speed: ONNX writes lists of integers one field each, a million of them in a large model,
which NumPy decodes at once. Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.serving.trees.refusal import Uncompilable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

VARINT, FIXED_64, LENGTH, FIXED_32 = 0, 1, 2, 5
_SIZES = {FIXED_64: 8, FIXED_32: 4}
_MOST_BYTES = 10

Value = int | memoryview


def fields(message: memoryview) -> Iterator[tuple[int, Value, int]]:
    """Each field's number, its value (an integer, or the bytes), and where the next one begins.

    Raises: Uncompilable, for bytes that are no message.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        value: Value
        if key & 7 == VARINT:
            value, at = _varint(message, at)
        else:
            size, at = (_SIZES[key & 7], at) if key & 7 in _SIZES else _size(message, at, key & 7)
            value, at = message[at : at + size], at + size
        if at > end:
            raise Uncompilable.torn()
        yield key >> 3, value, at


def integers(message: memoryview, number: int) -> NDArray[np.int64]:
    """Every value of a repeated field of integers, written one field each (as ONNX does) or packed."""
    found: list[NDArray[np.int64]] = []
    begin = 0
    while begin < len(message):
        if message[begin] == number << 3 | VARINT:  # a run of them: keys and values by turns
            values, ends = _varints(message[begin:])
            others = np.flatnonzero(values[: len(values) // 2 * 2 : 2] != number << 3 | VARINT)
            count = int(others[0]) if len(others) else len(values) // 2
            if not count:
                raise Uncompilable.torn()
            found.append(values[1 : 2 * count : 2])
            begin += int(ends[2 * count - 1]) + 1
            continue
        key, value, length = next(fields(message[begin:]))
        if key == number and isinstance(value, memoryview):
            found.append(_varints(value)[0])
        begin += length
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def field(number: int, value: bytes | memoryview | int) -> bytes:
    """One field, as it is written."""
    if isinstance(value, int):
        return _written(number << 3 | VARINT) + _written(value)
    return _written(number << 3 | LENGTH) + _written(len(value)) + bytes(value)


def _size(message: memoryview, at: int, kind: int) -> tuple[int, int]:
    if kind != LENGTH:
        raise Uncompilable.torn()
    return _varint(message, at)


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for i, byte in enumerate(message[at : at + _MOST_BYTES]):
        value |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            return value, at + i + 1
    raise Uncompilable.torn()


def _varints(data: memoryview) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """The integers that the bytes are, one after another, and the place of each one's last byte."""
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(octets < 0x80)
    starts = np.concatenate((np.zeros(min(1, len(ends)), dtype=ends.dtype), ends[:-1] + 1))
    values = np.zeros(len(ends), dtype=np.uint64)
    lengths = ends - starts + 1
    for i in range(min(_MOST_BYTES, int(lengths.max(initial=0)))):
        longer = np.flatnonzero(lengths > i)
        values[longer] |= (octets[starts[longer] + i] & np.uint8(0x7F)).astype(np.uint64) << np.uint64(7 * i)
    return values.view(np.int64), ends


def _written(value: int) -> bytes:
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
