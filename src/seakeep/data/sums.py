"""Exact sums of whole columns: `core.exact.ExactSum` of numbers and of their squares, from value counts, in NumPy.

Called by data.columns. A double is m·2^e with a 53-bit m. The bits of m are cut into limbs that are small enough for their
products with each other and with the counts to be summed in int64; whatever is left to add, Python's integers add.
Fewer than 2^27 rows at once keep every such sum below 2^63 (see data.profile, which takes at most some 2^20).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.exact import ExactSum

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from seakeep.data.numbers import Words

_LIMB = 18
_SAFE = 1 << 62
_DOUBLE_BITS = 53


def sums_of_integers(values: Words, counts: NDArray[np.int64]) -> tuple[ExactSum, ExactSum]:
    """Sum and sum of squares of whole numbers, each `counts` times. O(values).

    >>> total, squares = sums_of_integers(np.array([-3, 5]), np.array([1, 2]))
    >>> total.value(), squares.value()
    (7.0, 59.0)
    """
    if not len(values):
        return ExactSum(), ExactSum()
    largest, rows = max(abs(int(values.min())), abs(int(values.max()))), int(counts.sum())
    if largest * max(largest, 1) * rows < _SAFE:
        small = values.astype(np.int64, copy=False)
        weighted = small * counts
        return _whole(int(weighted.sum())), _whole(int(weighted @ small))
    negative = values < 0
    magnitudes = np.abs(values).view(np.uint64)
    return _limb_sums(magnitudes, negative, counts, bits=64, add=lambda items: [int(items.sum())])[0]


def sums_of_doubles(values: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[ExactSum, ExactSum]:
    """Sum and sum of squares of finite doubles in ascending order, each `counts` times. O(values)."""
    if not len(values):
        return ExactSum(), ExactSum()
    if max(-values[0], values[-1]) < 1 << _DOUBLE_BITS and np.array_equal(values, np.trunc(values)):
        return sums_of_integers(values.astype(np.int64), counts)
    fractions, exponents = np.frexp(values)
    magnitudes = np.ldexp(np.abs(fractions), _DOUBLE_BITS).astype(np.uint64)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(exponents)) + 1))
    parts = _limb_sums(
        magnitudes, values < 0, counts, bits=_DOUBLE_BITS, add=lambda items: np.add.reduceat(items, starts).tolist()
    )
    total = squares = ExactSum()
    for (part, square), exponent in zip(parts, exponents[starts].tolist(), strict=True):
        shift = exponent - _DOUBLE_BITS
        total += ExactSum.scaled(part.mantissa, part.exponent + shift)
        squares += ExactSum.scaled(square.mantissa, square.exponent + 2 * shift)
    return total, squares


def _limb_sums(
    magnitudes: NDArray[np.uint64],
    negative: NDArray[np.bool_],
    counts: NDArray[np.int64],
    *,
    bits: int,
    add: Callable[[NDArray[np.int64]], list[int]],
) -> list[tuple[ExactSum, ExactSum]]:
    """Sum and sum of squares of each group that `add` sums over, in its order."""
    mask = np.uint64((1 << _LIMB) - 1)
    limbs = [((magnitudes >> np.uint64(at)) & mask).astype(np.int64) for at in range(0, bits, _LIMB)]
    signed = np.where(negative, -counts, counts)
    totals: list[int] = []
    squares: list[int] = []
    for i, limb in enumerate(limbs):
        totals = _increased(totals, add(limb * signed), _LIMB * i)
        weighted = limb * counts
        for j in range(i + 1):
            squares = _increased(squares, add(weighted * limbs[j]), _LIMB * (i + j) + (i != j))
    return [(_whole(total), _whole(square)) for total, square in zip(totals, squares, strict=True)]


def _increased(sums: list[int], more: list[int], shift: int) -> list[int]:
    return [total + (int(item) << shift) for total, item in zip(sums or [0] * len(more), more, strict=True)]


def _whole(value: int) -> ExactSum:
    return ExactSum.scaled(value, 0)
