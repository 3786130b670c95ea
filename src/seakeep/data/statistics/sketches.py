"""Histogram, top values and distinct sketch of a column's value counts, in NumPy: equal to those that core makes, to the bit.

Called by statistics.columns with different values in ascending order and how often each occurs. The classes in core are the
definition; these functions only get there without a Python object a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core import counters, distinct, histogram
from seakeep.core.counters import TopValues, Value
from seakeep.core.distinct import DistinctSketch
from seakeep.core.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SIGN = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_WIDTH = 64 - distinct.BITS
_LOW = np.uint64((1 << _WIDTH) - 1)
_ENOUGH = 12
_SAMPLE = 8192


def histogram_of(values: NDArray[np.float64], counts: NDArray[np.int64]) -> Histogram:
    """The histogram of finite doubles in ascending order; equal neighbours (rounded integers) are put together."""
    if not len(values):
        return Histogram()
    keys = _keys(values)
    starts, shift = _parted(keys)
    summed = np.add.reduceat(counts, starts)
    return Histogram(tuple((keys[starts] >> np.int64(shift)).tolist()), tuple(summed.tolist()), shift)


def heaviest(counts: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    """What is taken from every count so that at most LIMIT are left above zero, and the indices of those."""
    if len(counts) <= counters.LIMIT:
        return 0, np.arange(len(counts))
    at = len(counts) - counters.LIMIT - 1
    taken = int(np.partition(counts, at)[at])
    return taken, np.flatnonzero(counts > taken)


def top_values_of(values: Sequence[Value], counts: NDArray[np.int64], *, error: int) -> TopValues:
    """Top values from those that `heaviest` chose, in ascending order, their reduced counts and what was taken."""
    order = np.argsort(-counts, kind="stable")
    return TopValues(tuple(values[i] for i in order.tolist()), tuple(counts[order].tolist()), error)


def sketch_of(hashes: NDArray[np.uint64]) -> DistinctSketch:
    """The distinct sketch of 64-bit hashes.

    Of many hashes only those with a long enough run of zeros are looked at: 12 a register or more, enough to fill all.
    Where one is left empty (once in 40 columns at most, or where hashes are not random), all hashes are.
    """
    zeros = (len(hashes) // (_ENOUGH * distinct.REGISTERS)).bit_length() - 1
    if zeros > 0:
        found = _registers(hashes[(hashes & _LOW) < np.uint64(1 << (_WIDTH - zeros))])
        if found.all():
            return DistinctSketch(found.tobytes())
    return DistinctSketch(_registers(hashes).tobytes())


def _registers(hashes: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The highest rank of each register: the last of its keys in order, of a register's number and a rank each."""
    index = (hashes >> np.uint64(_WIDTH)).astype(np.int32)
    keys = (index << 6) | (_WIDTH + 1 - np.frexp((hashes & _LOW).astype(np.float64))[1])
    keys.sort()
    numbers = np.arange(distinct.REGISTERS, dtype=np.int32)
    last = keys[np.searchsorted(keys, (numbers + 1) << 6) - 1] if len(keys) else np.zeros_like(numbers)
    return np.where(last >> 6 == numbers, last & 63, 0).astype(np.uint8)


def _keys(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """`core.histogram.key_of` of every double, in ascending order."""
    negative, positive = np.searchsorted(values, 0.0), np.searchsorted(values, 0.0, side="right")
    keys = values.view(np.int64).copy()
    keys[:negative] ^= _SIGN
    keys[negative:positive] = 0
    return keys


def _parted(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Where the buckets of these ascending keys begin, and the least number of trailing bits that leaves at most LIMIT.

    Neighbours part at shift s if their exclusive or has a bit at s or above. A sample parts no more often than the whole, so
    its shift is where the search begins; one or two steps are left.
    """
    differing = (keys[1:] ^ keys[:-1]).view(np.uint64)
    shift = 0 if len(keys) <= histogram.LIMIT else _shift(keys[:: max(1, len(keys) // _SAMPLE)])
    while True:
        parts = differing >= np.uint64(1 << shift)
        if np.count_nonzero(parts) < histogram.LIMIT:
            return np.concatenate(([0], np.flatnonzero(parts) + 1)), shift
        shift += 1


def _shift(keys: NDArray[np.int64]) -> int:
    """The least shift that leaves at most LIMIT different keys of these ascending ones.

    y keeps the top bit of each exclusive or and no bit beside it, so that turning it into a double cannot round up to the
    next power of two.
    """
    unsigned = (keys[1:] ^ keys[:-1]).view(np.uint64)
    lengths = np.frexp((unsigned & ~(unsigned >> np.uint64(1))).astype(np.float64))[1]
    parted_from = np.cumsum(np.bincount(lengths, minlength=65)[::-1])[::-1]
    return max(0, int(np.argmax(parted_from[1:] + 1 <= histogram.LIMIT)))
