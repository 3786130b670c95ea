"""How many different values a column has: a HyperLogLog sketch, whose registers add by taking the larger.

Flajolet et al. 2007, with the estimator of Ertl 2017 (no bias table, right from 0 to 2^60). 4,096 registers give a standard
error of 1.04/sqrt(4096) = 1.6 %. Values are hashed to 64 bits by a fixed function of their own, since the hash functions of
libraries change between versions and processes: a sketch must add with one made elsewhere, years ago.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BITS = 12
REGISTERS = 1 << BITS
STANDARD_ERROR = 1.04 / math.sqrt(REGISTERS)
_MASK = 0xFFFF_FFFF_FFFF_FFFF
_GOLDEN = 0x9E37_79B9_7F4A_7C15


@dataclass(frozen=True, slots=True)
class DistinctSketch:
    """registers: 4,096 bytes, each the longest run of leading zeros seen plus one, 0 to 53."""

    registers: bytes = bytes(REGISTERS)

    @classmethod
    def of(cls, hashes: Iterable[int]) -> DistinctSketch:
        """The sketch of 64-bit hashes."""
        registers = bytearray(REGISTERS)
        for value in hashes:
            index = value >> (64 - BITS)
            rank = (64 - BITS) - (value & ((1 << (64 - BITS)) - 1)).bit_length() + 1
            registers[index] = max(registers[index], rank)
        return cls(bytes(registers))

    def __add__(self, other: DistinctSketch) -> DistinctSketch:
        return DistinctSketch(bytes(map(max, self.registers, other.registers)))

    def estimate(self) -> float:
        """Number of different values, with relative standard error 1.6 %; at most 2^64, where every register is full."""
        width = 64 - BITS
        counts = [0] * (width + 2)
        for register in self.registers:
            counts[register] += 1
        z = REGISTERS * _tau(1.0 - counts[width + 1] / REGISTERS)
        for k in range(width, 0, -1):
            z = 0.5 * (z + counts[k])
        z += REGISTERS * _sigma(counts[0] / REGISTERS)
        if z == 0.0:
            return 2.0**64
        return (REGISTERS * REGISTERS / (2.0 * math.log(2.0))) / z


def mix(value: int) -> int:
    """The finaliser of splitmix64 (Steele et al. 2014): a bijection of 64-bit integers that scatters near ones."""
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
    return value ^ (value >> 31)


def hash_number(value: float) -> int:
    """64-bit hash of a number: equal numbers hash equally whether they came as integer, double or boolean.

    Doubles hash by their bits (-0.0 as 0.0); integers beyond 2^53 that no double holds exactly, by their own.
    """
    as_float = float(value)
    if isinstance(value, int) and int(as_float) != value:
        return mix(value & _MASK)
    bits: int = struct.unpack("<Q", struct.pack("<d", as_float + 0.0))[0]
    return mix(bits)


def hash_bytes(content: bytes) -> int:
    """64-bit hash of bytes (text as UTF-8): a multilinear sum over 64-bit words, then mixed (Lemire and Kaser 2014).

    word i (little-endian, zero-padded) is multiplied by the odd constant mix(2i+1)|1; the length enters at the end.
    """
    total = 0
    for i in range(0, len(content), 8):
        word = int.from_bytes(content[i : i + 8], "little")
        total += (mix(word) * (mix(i // 8 * 2 + 1) | 1)) & _MASK
    return mix((total + len(content) * _GOLDEN) & _MASK)


def _sigma(x: float) -> float:
    if x == 1.0:
        return math.inf
    y, z = 1.0, x
    while True:
        x *= x
        before = z
        z += x * y
        y += y
        if z == before:
            return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z = 1.0, 1.0 - x
    while True:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1.0 - x) ** 2 * y
        if z == before:
            return z / 3.0
