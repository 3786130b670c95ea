"""A histogram of doubles that adds exactly: every bucket is a prefix of the number's bits.

Doubles ordered by value are ordered by their bits (after a flip for the negative ones), so the leading bits of a number are
a bucket. All buckets of a histogram share one depth: the number of trailing bits dropped, `shift`, is the smallest that
leaves at most LIMIT occupied buckets. Which buckets are occupied, and so the shift, depends only on the set of values seen:
histograms add associatively and commutatively, to the bit, under any chunking. With at most LIMIT different values the
shift is 0 and the histogram is the exact table of value counts.

The idea is the uniform collapse of UDDSketch (Epicoco et al. 2020) on a base-2 scale with linear steps inside each octave.
The bound it carries: a quantile lies in a known bucket, and the error of a cumulative share is at most the largest share of
a bucket that is not a single value.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

LIMIT = 2048
_SIGN = 0x7FFF_FFFF_FFFF_FFFF


@dataclass(frozen=True, slots=True)
class Histogram:
    """keys: occupied buckets, ascending; counts: rows in each; shift: trailing bits dropped, 0 (exact) to 63."""

    keys: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    shift: int = 0

    @classmethod
    def of(cls, counts: dict[float, int]) -> Histogram:
        """The histogram of finite values and their counts."""
        merged: dict[int, int] = {}
        for value, count in counts.items():
            merged[key_of(value)] = merged.get(key_of(value), 0) + count
        return cls.from_keys(merged, 0)

    @classmethod
    def from_keys(cls, merged: dict[int, int], shift: int) -> Histogram:
        """Buckets already shifted by `shift`, collapsed further until at most LIMIT are occupied."""
        further = surplus(merged, LIMIT)
        if further:
            merged, shift = _coarser(merged, further), shift + further
        keys = tuple(sorted(merged))
        return cls(keys, tuple(merged[key] for key in keys), shift)

    def __add__(self, other: Histogram) -> Histogram:
        shift = max(self.shift, other.shift)
        merged = self._at(shift)
        for key, count in other._at(shift).items():
            merged[key] = merged.get(key, 0) + count
        return Histogram.from_keys(merged, shift)

    @property
    def total(self) -> int:
        """Rows counted."""
        return sum(self.counts)

    @property
    def is_exact(self) -> bool:
        """Whether every bucket is a single value."""
        return self.shift == 0

    @property
    def rank_error(self) -> float:
        """Largest possible error of `share_below`, as a share of the rows: 0 when exact."""
        return 0.0 if self.is_exact or not self.counts else max(self.counts) / self.total

    def bounds(self, index: int) -> tuple[float, float]:
        """The smallest and the largest double that belong to bucket number `index`."""
        low = self.keys[index] << self.shift
        return value_of(low), value_of(low + (1 << self.shift) - 1)

    def middles(self) -> tuple[float, ...]:
        """One representative value a bucket: the value itself when exact, else the middle of its bounds."""
        if self.is_exact:
            return tuple(value_of(key) for key in self.keys)
        return tuple(low / 2 + high / 2 for low, high in (self.bounds(i) for i in range(len(self.keys))))

    def quantile(self, share: float) -> float | None:
        """The value at rank ceil(share · rows), at least 1: exact when `is_exact`; else a point of the right bucket.

        Parameters: share: 0 to 1. Returns: None when no row was counted.
        """
        if not self.counts:
            return None
        cumulated = list(accumulate(self.counts))
        rank = max(1, math.ceil(share * cumulated[-1]))
        index = min(bisect_left(cumulated, rank), len(cumulated) - 1)
        low, high = self.bounds(index)
        if self.is_exact:
            return low
        before = cumulated[index] - self.counts[index]
        part = (rank - before) / self.counts[index]
        return low * (1 - part) + high * part

    def share_below(self, value: float) -> float:
        """Share of rows at or below `value`, within `rank_error`. Buckets that hold `value` count wholly. 0 if empty."""
        key = key_of(value) >> self.shift
        counted = sum(count for bucket, count in zip(self.keys, self.counts, strict=True) if bucket <= key)
        return counted / self.total if self.counts else 0.0

    def _at(self, shift: int) -> dict[int, int]:
        own = dict(zip(self.keys, self.counts, strict=True))
        return _coarser(own, shift - self.shift)


def key_of(value: float) -> int:
    """The signed 64-bit integer that orders as the double does; -0.0 counts as 0.0.

    >>> key_of(-1.0) < key_of(-0.5) < key_of(0.0) == key_of(-0.0) < key_of(5e-324)
    True
    """
    bits: int = struct.unpack("<q", struct.pack("<d", value + 0.0))[0]
    return bits if bits >= 0 else bits ^ _SIGN


def value_of(key: int) -> float:
    """The double whose key is `key`; keys that no finite double has (beyond them, and -0.0's) give the nearest one."""
    bounded = -2 if key == -1 else max(min(key, 0x7FEF_FFFF_FFFF_FFFF), -0x7FF0_0000_0000_0000)
    bits = bounded if bounded >= 0 else bounded ^ _SIGN
    value: float = struct.unpack("<d", struct.pack("<q", bits))[0]
    return value


def surplus(keys: Collection[int], most: int) -> int:
    """The least number of trailing bits to drop that leaves at most `most` different keys.

    Neighbours part at shift s if their exclusive or has a bit at s or above; keys of two signs always part.

    >>> surplus([8, 9, 10, 11, 16], 3), surplus([-2, -1, 0, 1], 2), surplus([5], 3)
    (1, 1, 0)
    """
    if len(keys) <= most:
        return 0
    lengths = sorted(
        (64 if first ^ second < 0 else (first ^ second).bit_length() for first, second in pairwise(sorted(keys))),
        reverse=True,
    )
    return lengths[most - 1]


def _coarser(buckets: dict[int, int], shift: int) -> dict[int, int]:
    if shift == 0:
        return dict(buckets)
    merged: dict[int, int] = {}
    for key, count in buckets.items():
        merged[key >> shift] = merged.get(key >> shift, 0) + count
    return merged
