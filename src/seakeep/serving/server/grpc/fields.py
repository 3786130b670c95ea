"""Fields: how many a message has, counted on the wire: two bytes of it become a hundred once protobuf has made objects of them.

What is no message is left for protobuf to refuse. Values that came as bytes are one field, however many they are.
"""

from __future__ import annotations

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_FIXED = {_EIGHT: 8, _FOUR: 4}
_INSIDE: dict[str, dict[int, str]] = {
    "request": {4: "entry", 5: "tensor", 6: "wanted"},
    "tensor": {4: "entry", 5: "contents"},
    "wanted": {2: "entry"},
}
"""By message: which of its fields are messages that may have many fields themselves."""


def has_more_fields(body: bytes, most: int) -> bool:
    r"""Whether a request has more than so many fields, those of its parts among them.

    >>> has_more_fields(b"\x2a\x00" * 3, 3), has_more_fields(b"\x2a\x00" * 4, 3)
    (False, True)
    """
    try:
        return _count(body, 0, len(body), "request", most) > most
    except IndexError:  # it ends within a number
        return False


def _count(body: bytes, at: int, end: int, message: str, most: int) -> int:
    inside, found = _INSIDE.get(message, {}), 0
    while at < end and found <= most:
        tag, at = _varint(body, at)
        kind = tag & 7
        found += 1
        if kind == _BYTES:
            length, at = _varint(body, at)
            own = inside.get(tag >> 3)
            if own is not None:
                found += _count(body, at, min(end, at + length), own, most - found)
            at += length
        elif kind == _VARINT:
            _, at = _varint(body, at)
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            return found
    return found


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """A number, and where what follows it begins."""
    byte = body[at]
    if byte < 0x80:
        return byte, at + 1
    number, shift = byte & 0x7F, 7
    while byte >= 0x80:
        at += 1
        byte = body[at]
        number |= (byte & 0x7F) << shift
        shift += 7
    return number, at + 1
