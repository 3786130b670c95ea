"""MurmurHash3, x86, 32 bits (Appleby 2011): what ONNX Runtime's operator of that name computes, for the NumPy reference.

The `hash` operation is checked against it, and it against the mmh3 package. Not meant to be fast: some microseconds a text.
"""

from __future__ import annotations

import functools

_MASK = 0xFFFF_FFFF
_C1 = 0xCC9E_2D51
_C2 = 0x1B87_3593


@functools.lru_cache(maxsize=65536)
def murmur3(content: bytes, *, seed: int = 0) -> int:
    """The hash as an unsigned integer, 0 to 2^32 - 1.

    >>> murmur3(b"JFK")
    3171249640
    """
    whole = len(content) // 4 * 4
    h = seed
    for i in range(0, whole, 4):
        h = _rotated(h ^ _mixed(int.from_bytes(content[i : i + 4], "little")), 13) * 5 + 0xE654_6B64 & _MASK
    h ^= _mixed(int.from_bytes(content[whole:], "little")) ^ len(content)
    h = (h ^ (h >> 16)) * 0x85EB_CA6B & _MASK
    h = (h ^ (h >> 13)) * 0xC2B2_AE35 & _MASK
    return h ^ (h >> 16)


def _mixed(word: int) -> int:
    return _rotated(word * _C1 & _MASK, 15) * _C2 & _MASK


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _MASK
