"""A column's different values, and exact sums of some other column over the rows of each: what weights and label means need.

Called by statistics.weighing and statistics.conditioning. What is hard: sums must be exact, so what is summed is cut into parts that 64 bits can
add for 2^20 rows without wrapping, and Python's integers put them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.kinds import kind_of
from seakeep.data.statistics.decimals import nearest, told_apart, units_of
from seakeep.data.statistics.numbers import as_doubles, as_integers, microseconds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from seakeep.data.statistics.numbers import Integers

_SIGN = np.int64(0x7FFF_FFFF_FFFF_FFFF)


def whole_numbers(present: pl.Series) -> Integers:
    """Integers, decimals (in units of 10^-scale), moments and durations without nulls as whole numbers."""
    if present.dtype.is_decimal():
        return units_of(present)
    if kind_of(present.dtype) is Kind.INTEGER:
        return as_integers(present)
    return microseconds(present)


def doubles_of(present: pl.Series) -> NDArray[np.float64]:
    """Any numeric column without nulls as the doubles that enter its histogram."""
    if present.dtype.is_float():
        return as_doubles(present) + 0.0
    scale: int = getattr(present.dtype, "scale", 0)
    units = whole_numbers(present)
    if isinstance(units, list):
        return np.array([float(nearest(value, scale)) for value in units], np.float64)
    if scale and not told_apart(units, scale):
        return np.array([float(nearest(value, scale)) for value in units.tolist()], np.float64)
    return units.astype(np.float64) / 10.0**scale


def keys_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """`core.histogram.key_of` of every double, in any order."""
    bits = (values + 0.0).view(np.int64)
    keys: NDArray[np.int64] = np.where(bits < 0, bits ^ _SIGN, bits)
    return keys


def summed_by(by: pl.Series, **parts: NDArray[np.int64]) -> tuple[pl.Series, dict[str, NDArray[np.int64]]]:
    """Different values of `by`, ascending, and the sum of each part over the rows of each."""
    frame = pl.DataFrame({"by": by, **parts}).group_by("by").agg(pl.col(*parts).sum()).sort("by")
    return frame["by"], {name: frame[name].to_numpy().astype(np.int64) for name in parts}


def put_together(high: NDArray[np.int64], low: NDArray[np.int64], bits: int) -> list[int]:
    """high · 2^bits + low, of every item, as Python's integers."""
    return [(above << bits) + below for above, below in zip(high.tolist(), low.tolist(), strict=True)]


def mantissas(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Finite doubles as whole numbers m and exponents e, so that each is m · 2^e, exactly."""
    fractions, exponents = np.frexp(values)
    return np.ldexp(fractions, 53).astype(np.int64), exponents.astype(np.int64) - 53
