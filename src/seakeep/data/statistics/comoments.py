"""Exact sums of products of columns, all pairs at once. Called by statistics.associate, a block of rows at a time.

Every column of a block is cut into limbs of 16 bits over its own range of exponents, held in doubles, so that one matrix product sums
all products of limbs of all pairs without rounding: 2^17 · 2^17 · 2^16 rows stay below 2^53. Python's integers put them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.associations import CoMoments
from seakeep.core.exact import ExactSum
from seakeep.data.statistics.grouped import mantissas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROWS = 1 << 16
_BITS = 16
_HALF = 32


class Block:
    """Columns of doubles, ROWS rows at most; values that are not finite count as missing."""

    def __init__(self, columns: Sequence[Array]) -> None:
        self._there = np.stack([np.isfinite(column) for column in columns], axis=1).astype(np.float64)
        cut = [_limbs(np.where(np.isfinite(column), column, 0.0)) for column in columns]
        self._limbs = np.concatenate([limbs for limbs, _ in cut], axis=1)
        self._bases = [base for _, base in cut]
        self._edges = np.concatenate(([0], np.cumsum([limbs.shape[1] for limbs, _ in cut]))).tolist()

    def pairs(self) -> Iterator[tuple[int, int, CoMoments]]:
        """The co-moments of every two columns, by their positions."""
        products, sums = self._limbs.T @ self._limbs, self._limbs.T @ self._there
        rows = (self._there.T @ self._there).astype(np.int64)
        number = len(self._bases)
        squares = [[self._square(of, beside, products) for beside in range(number)] for of in range(number)]
        for i in range(number):
            for j in range(i + 1, number):
                yield (
                    i,
                    j,
                    CoMoments(
                        int(rows[i, j]),
                        self._sum(sums[self._part(i), j], i),
                        self._sum(sums[self._part(j), i], j),
                        squares[i][j],
                        squares[j][i],
                        _put_together(products[self._part(i), self._part(j)], self._bases[i] + self._bases[j]),
                    ),
                )

    def _part(self, column: int) -> slice:
        return slice(self._edges[column], self._edges[column + 1])

    def _sum(self, limbs: Array, column: int) -> ExactSum:
        return _put_together(limbs[:, None], self._bases[column])

    def _square(self, column: int, beside: int, products: Array) -> ExactSum:
        """The sum of squares of a column over the rows where the column beside it is there."""
        part = self._part(column)
        whole = products[part, part]
        missing = self._there[:, beside] == 0
        if missing.any():
            own = self._limbs[missing, part]
            whole = whole - own.T @ own
        return _put_together(whole, 2 * self._bases[column])


def _limbs(values: Array) -> tuple[Array, int]:
    """Whole numbers l, (rows, limbs), and a base b with value = sum of l[:, k] · 2^(16 k) · 2^b; all have its sign."""
    mantissa, exponent = mantissas(values)
    seen = exponent[mantissa != 0]
    base = int(seen.min()) if len(seen) else 0
    shift = np.where(mantissa != 0, exponent - base, 0)
    place, rest = shift // _BITS, shift % _BITS
    limbs = np.zeros((len(values), int(place.max(initial=0)) + 5))
    rows, sign, magnitude = np.arange(len(values)), np.sign(mantissa), np.abs(mantissa)
    low, high = (magnitude & ((1 << _HALF) - 1)) << rest, (magnitude >> _HALF) << rest
    for k in range(3):
        limbs[rows, place + k] += sign * ((low >> (_BITS * k)) & 0xFFFF)
        limbs[rows, place + k + 2] += sign * ((high >> (_BITS * k)) & 0xFFFF)
    used = np.flatnonzero(limbs.any(axis=0))
    first = int(used[0]) if len(used) else 0
    return limbs[:, first : int(used[-1]) + 1 if len(used) else 1], base + _BITS * first


def _put_together(products: Array, base: int) -> ExactSum:
    """The sum of products[i, j] · 2^(16 (i + j)), times 2^base."""
    whole = sum(
        int(product) << (_BITS * (i + j)) for i, row in enumerate(products.tolist()) for j, product in enumerate(row)
    )
    return ExactSum.scaled(whole, base)
