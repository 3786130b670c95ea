"""Where values of a sampled column are missing: null, or NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray


def absent(rows: pl.DataFrame, name: str) -> NDArray[np.bool_]:
    """True where a value is null or NaN."""
    values = rows[name]
    missing = values.is_null() | values.is_nan().fill_null(value=True) if values.dtype.is_float() else values.is_null()
    return missing.to_numpy()
