"""Columns as plain arrays of numbers: whole numbers, doubles, microseconds. Nulls must be gone before.

Called by profile and by hashing. What is hard: whole numbers that no 64-bit type holds (Int128, years beyond 292,277) come
back as a list of Python's, which every caller must handle; nothing wraps round.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Words = NDArray[np.int64] | NDArray[np.uint64]
Integers = Words | list[int]

_PER_UNIT = {"ms": 1000, "us": 1, "ns": 1}
_DAY = 86_400_000_000
_INT64 = 1 << 63


def as_doubles(values: pl.Series) -> NDArray[np.float64]:
    """Floating or decimal values as doubles: float32 exactly, decimals rounded to the nearest."""
    return values.cast(pl.Float64).to_numpy()


def as_integers(values: pl.Series) -> Integers:
    """Whole numbers as int64, else as uint64, else as Python's."""
    if values.dtype in (pl.UInt64, pl.Int128, pl.UInt128):
        low, high = values.min(), values.max()
        if low is None or (int(low) >= -_INT64 and int(high) < _INT64):  # type: ignore[arg-type]
            return values.cast(pl.Int64).to_numpy()
        if values.dtype == pl.UInt64:
            return values.to_numpy()
        return [int(value) for value in values.to_list()]
    return values.cast(pl.Int64).to_numpy()


def microseconds(values: pl.Series) -> Integers:
    """Dates, times and durations in microseconds (since 1970 UTC; since midnight for times of day).

    Nanoseconds are cut to the microsecond before. A time without a zone is taken as UTC.
    """
    physical = values.to_physical().cast(pl.Int64).to_numpy()
    if values.dtype == pl.Date:
        return _multiplied(physical, _DAY)
    unit = "ns" if values.dtype == pl.Time else values.dtype.time_unit  # type: ignore[attr-defined]
    return physical // 1000 if unit == "ns" else _multiplied(physical, _PER_UNIT[unit])


def _multiplied(values: NDArray[np.int64], factor: int) -> Integers:
    if factor == 1 or not len(values):
        return values
    limit = _INT64 // factor
    if int(values.min()) > -limit and int(values.max()) < limit:
        return values * factor
    return [int(value) * factor for value in values]
