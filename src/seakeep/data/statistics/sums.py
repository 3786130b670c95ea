"""Exact sums of whole columns: `core.exact.ExactSum` of numbers and of their squares, from value counts, in NumPy.

Called by statistics.columns. A number is cut into signed limbs of a few bits, each held in a double: so few that products of
two limbs, each counted as often as its number occurs, add up to less than 2^53. Doubles sum those without rounding, in any
order and as fast as the machine can; what is left to add, Python's integers add. Blocks of some thousand numbers are done at
a time, so that their limbs stay in the processor's cache. Doubles are cut apart where their exponent changes.
"""

from __future__ import annotations

from itertools import pairwise
from operator import mul
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.exact import ExactSum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seakeep.data.statistics.numbers import Words

ROWS = 1 << 20
_SAFE = 1 << 62
_BLOCK = 1 << 13
_WHOLE = float(1 << 53)
_GLANCE = 64  # a column of whole numbers has them among its first ones
_WIDE = (16, 4)  # bits of a limb and their number: 64 bits, counted ROWS times at most
_NARROW = (18, 3)  # 54 bits, enough for a double's 53, counted _FEW times at most
_FEW = 1 << 17
_LITTLE = 64
_MANTISSA = 53  # bits
_LARGEST_POWER = 1000  # doubles are scaled by powers of two up to this one, which all are doubles

Pair = tuple[int, int]


def sums_of_integers(values: Words, counts: NDArray[np.int64]) -> tuple[ExactSum, ExactSum]:
    """Sum and sum of squares of whole numbers, each `counts` times, ROWS times in all at most. O(values).

    >>> total, squares = sums_of_integers(np.array([-3, 5]), np.array([1, 2]))
    >>> total.value(), squares.value()
    (7.0, 59.0)
    """
    if not len(values):
        return ExactSum(), ExactSum()
    largest = max(abs(int(values.min())), abs(int(values.max())), 1)
    if largest * largest * ROWS < _SAFE:
        small = values.astype(np.int64, copy=False)
        weighted = small * counts
        return ExactSum.scaled(int(weighted.sum()), 0), ExactSum.scaled(int(weighted @ small), 0)
    total = squares = 0
    for start in range(0, len(values), _BLOCK):
        limbs = _limbs_of_integers(values[start : start + _BLOCK])
        part, square = _summed(limbs, counts[start : start + _BLOCK], _WIDE[0])
        total, squares = total + part, squares + square
    return ExactSum.scaled(total, 0), ExactSum.scaled(squares, 0)


def sums_of_doubles(values: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[ExactSum, ExactSum]:
    """Sum and sum of squares of finite doubles in ascending order, each `counts` times, ROWS times in all. O(values)."""
    if not len(values):
        return ExactSum(), ExactSum()
    if _are_whole(values):
        return sums_of_integers(values.astype(np.int64), counts)
    total = squares = ExactSum()
    for start, stop, exponent in _runs(values):
        part, square = _sums_of_run(values[start:stop], counts[start:stop], exponent)
        total, squares = total + part, squares + square
    return total, squares


def _are_whole(values: NDArray[np.float64]) -> bool:
    if max(-values[0], values[-1]) >= _WHOLE:
        return False
    return all(np.array_equal(some, np.trunc(some)) for some in (values[:_GLANCE], values))


def _runs(values: NDArray[np.float64]) -> Iterator[tuple[int, int, int]]:
    """Start, stop and exponent e of runs with 2^(e-1) <= |value| < 2^e, of ascending doubles; zeros are left out."""
    negative, positive = int(np.searchsorted(values, 0.0)), int(np.searchsorted(values, 0.0, side="right"))
    ends = [values[i] for i in (0, negative - 1) if negative] + [
        values[i] for i in (positive, -1) if positive < len(values)
    ]
    exponents = np.frexp(np.abs(ends))[1]
    powers = np.ldexp(1.0, np.arange(exponents.min() - 1, exponents.max(), dtype=np.int32))
    below = np.searchsorted(values[:negative], -powers[::-1], side="right")
    above = np.searchsorted(values[positive:], powers) + positive
    for start, stop in pairwise(
        np.unique(np.concatenate(([0, negative, positive, len(values)], below, above))).tolist()
    ):
        if values[start]:
            yield start, stop, int(np.frexp(values[start])[1])


def _sums_of_run(values: NDArray[np.float64], counts: NDArray[np.int64], exponent: int) -> tuple[ExactSum, ExactSum]:
    if len(values) <= _LITTLE:
        return _sums_of_little(values, counts.tolist(), exponent)
    total = squares = 0
    bits, number = _NARROW if int(counts.sum()) <= _FEW else _WIDE
    for start in range(0, len(values), _BLOCK):
        limbs = _limbs_of_doubles(values[start : start + _BLOCK], exponent, bits, number)
        part, square = _summed(limbs, counts[start : start + _BLOCK], bits)
        total, squares = total + part, squares + square
    scale = exponent - bits * number
    return ExactSum.scaled(total, scale), ExactSum.scaled(squares, 2 * scale)


def _sums_of_little(values: NDArray[np.float64], counts: list[int], exponent: int) -> tuple[ExactSum, ExactSum]:
    """By Python's integers: of so few numbers that one call of NumPy costs as much as all of them."""
    scale = exponent - _MANTISSA
    mantissas: list[int] = np.ldexp(values, -scale).astype(np.int64).tolist()
    weighted = list(map(mul, mantissas, counts))
    return ExactSum.scaled(sum(weighted), scale), ExactSum.scaled(sum(map(mul, weighted, mantissas)), 2 * scale)


def _limbs_of_doubles(values: NDArray[np.float64], exponent: int, bits: int, number: int) -> NDArray[np.float64]:
    """Rows of whole numbers l with |value| = sum of |l[i]|·2^(exponent - bits·(i+1)); all have the value's sign."""
    limbs = np.empty((number, len(values)))
    base = float(1 << bits)
    power = bits - exponent
    rest = values * 2.0**power if abs(power) < _LARGEST_POWER else np.ldexp(values, power)
    for limb in limbs[:-1]:
        np.trunc(rest, out=limb)
        rest -= limb
        rest *= base
    limbs[-1] = rest
    return limbs


def _limbs_of_integers(values: Words) -> NDArray[np.float64]:
    """Rows of whole numbers l with |value| = sum of |l[i]|·2^(48 - 16·i); all have the value's sign."""
    bits, number = _WIDE
    magnitudes = np.abs(values).view(np.uint64)
    shifts = np.arange(bits * (number - 1), -1, -bits, dtype=np.uint64)[:, None]
    limbs = ((magnitudes >> shifts) & np.uint64((1 << bits) - 1)).astype(np.float64)
    limbs[:, values < 0] *= -1.0
    return limbs


def _summed(limbs: NDArray[np.float64], counts: NDArray[np.int64], bits: int) -> Pair:
    """Sum and sum of squares of the numbers whose limbs these are, in units of the last limb, each `counts` times.

    A product of vectors shorter than _BLOCK + 1 is done on this thread by every BLAS in use.
    """
    weighted = limbs if counts.max() == 1 else limbs * counts
    total = square = 0
    last = len(limbs) - 1
    for i, own in enumerate(weighted):
        total = (total << bits) + int(own.sum())
        for j in range(i, len(limbs)):
            product = int(own @ limbs[j])
            square += (product if i == j else 2 * product) << (bits * (2 * last - i - j))
    return total, square
