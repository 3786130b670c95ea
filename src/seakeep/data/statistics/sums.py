"""Exact sums of whole columns: `core.exact.ExactSum` of numbers and of their squares, from value counts, in NumPy.

Called by statistics.columns. A number is cut into four signed limbs of 16 bits, each held in a double. Products of two limbs, counted
at most 2^20 times, add up to less than 2^53, so that doubles sum them without rounding, in any order and as fast as the
machine can; what is left to add, Python's integers add. Doubles are summed apart for each exponent.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.exact import ExactSum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.data.statistics.numbers import Words

ROWS = 1 << 20
_BITS = 16
_LIMBS = 4
_BASE = float(1 << _BITS)
_ALL_BITS = _BITS * _LIMBS
_SAFE = 1 << 62
_BLOCK = 1 << 14  # values whose limbs stay in the cache
_WHOLE = float(1 << 53)


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
    magnitudes = np.abs(values).view(np.uint64)
    shifts = np.arange(_ALL_BITS - _BITS, -1, -_BITS, dtype=np.uint64)[:, None]
    limbs = ((magnitudes >> shifts) & np.uint64((1 << _BITS) - 1)).astype(np.float64)
    limbs[:, values < 0] *= -1.0
    return _summed(limbs, counts, _ALL_BITS)


def sums_of_doubles(values: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[ExactSum, ExactSum]:
    """Sum and sum of squares of finite doubles in ascending order, each `counts` times, ROWS times in all. O(values)."""
    if not len(values):
        return ExactSum(), ExactSum()
    if max(-values[0], values[-1]) < _WHOLE and np.array_equal(values, np.trunc(values)):
        return sums_of_integers(values.astype(np.int64), counts)
    fractions, exponents = np.frexp(values)
    changes = np.flatnonzero(np.diff(exponents)) + 1
    edges = sorted({0, *changes.tolist(), *range(0, len(values), _BLOCK), len(values)})
    total = squares = ExactSum()
    for start, stop in pairwise(edges):
        part, square = _summed(_limbs(fractions[start:stop]), counts[start:stop], int(exponents[start]))
        total, squares = total + part, squares + square
    return total, squares


def _limbs(fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Four rows of whole numbers l with |fraction| = sum of |l[i]|·2^(-16(i+1)); all have the fraction's sign."""
    limbs = np.empty((_LIMBS, len(fractions)))
    rest = fractions.copy()
    for limb in limbs:
        rest *= _BASE
        np.trunc(rest, out=limb)
        rest -= limb
    return limbs


def _summed(limbs: NDArray[np.float64], counts: NDArray[np.int64], exponent: int) -> tuple[ExactSum, ExactSum]:
    """Sums of numbers that are 2^exponent times their limbs' fraction."""
    weighted = limbs if counts.max() == 1 else limbs * counts
    totals = weighted.sum(axis=1).tolist()
    products = np.einsum("in,jn->ij", weighted, limbs).tolist()
    total = square = 0
    for i in range(_LIMBS):
        total = (total << _BITS) + int(totals[i])
        for j in range(_LIMBS):
            square += int(products[i][j]) << (_BITS * (2 * _LIMBS - 2 - i - j))
    return (
        ExactSum.scaled(total, exponent - _ALL_BITS),
        ExactSum.scaled(square, 2 * (exponent - _ALL_BITS)),
    )
