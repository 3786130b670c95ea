"""TFRecord framing, as far as one record needs: length, masked checksum, content, masked checksum.

The checksum is CRC-32C; a table of 256 entries is fast enough for statistics, which have some 100 KiB.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

from seakeep.integrations._tfx.errors import BadProto

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADER = 12
_POLYNOMIAL = 0x82F6_3B78
_MASK = 0xA282_EAD8


def framed(contents: Iterable[bytes]) -> bytes:
    """The bytes of a TFRecord file of these records."""
    parts = []
    for content in contents:
        length = struct.pack("<Q", len(content))
        parts += [length, struct.pack("<I", _masked(length)), content, struct.pack("<I", _masked(content))]
    return b"".join(parts)


def is_framed(content: bytes) -> bool:
    """Whether the bytes begin as a TFRecord does: with a length and its checksum, which others have by one chance in 2^32."""
    return len(content) >= _HEADER and struct.unpack("<I", content[8:12])[0] == _masked(content[:8])


def records(content: bytes, *, where: str, kind: str) -> list[bytes]:
    """The records of a TFRecord file. Raises BadProto, where it is cut off or a checksum is wrong."""
    found: list[bytes] = []
    at = 0
    while at < len(content):
        if not is_framed(content[at : at + _HEADER]):
            raise BadProto.torn(where, kind, f"at byte {at:,} there is no record's length with its checksum")
        length = struct.unpack("<Q", content[at : at + 8])[0]
        body = content[at + _HEADER : at + _HEADER + length]
        tail = content[at + _HEADER + length : at + _HEADER + length + 4]
        if len(body) < length or len(tail) < 4:
            raise BadProto.torn(where, kind, f"it ends within record {len(found) + 1}, of {length:,} bytes")
        if struct.unpack("<I", tail)[0] != _masked(body):
            raise BadProto.torn(where, kind, f"the checksum of record {len(found) + 1} is wrong")
        found.append(body)
        at += _HEADER + length + 4
    return found


def _masked(content: bytes) -> int:
    crc = 0xFFFF_FFFF
    table = _table()
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFF_FFFF
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFF_FFFF


@cache
def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        entry = byte
        for _ in range(8):
            entry = (entry >> 1) ^ (_POLYNOMIAL if entry & 1 else 0)
        entries.append(entry)
    return tuple(entries)
