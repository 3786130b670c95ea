"""Slices of a piece: its rows by the values of one column, or of a cross of columns. Called by statistics.deep.

Names are those of evaluation's slices, "carrier=UA", "carrier missing", joined by " & ", so that a slice means the same rows
in statistics, metrics and fairness. NaN is missing, and numbers are named by 12 digits, as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.data.statistics.errors import BadSlicing
from seakeep.data.statistics.numbers import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

JOINED = " & "
_CALENDAR = 262_000 * 31_556_952_000_000
MOST = 1000
"""Slices of one slicing: so many have statistics of every column of their own."""


def slices_of(frame: pl.DataFrame, by: tuple[str, ...]) -> Iterator[tuple[str, pl.Series]]:
    """Each slice's name and the positions of its rows, in the order of their names. Raises BadSlicing, beyond MOST."""
    names = pl.DataFrame({"name": _names(frame[by[0]])})
    for column in by[1:]:
        names = names.select(pl.col("name") + JOINED + pl.Series(_names(frame[column])))
    groups = names.with_row_index("row").group_by("name").agg("row").sort("name")
    if groups.height > MOST:
        raise BadSlicing.too_many(by, groups.height, MOST)
    yield from zip(groups["name"], groups["row"], strict=True)


def _names(values: pl.Series) -> pl.Series:
    """The name of every row's slice by one column."""
    return (f"{values.name}=" + _as_text(values)).fill_null(f"{values.name} missing").alias("name")


def _as_text(values: pl.Series) -> pl.Series:
    if values.dtype.is_temporal() and not _on_the_calendar(values.drop_nulls()):
        return values.to_physical().cast(pl.String)
    if not values.dtype.is_float():
        return values.cast(pl.String)
    different = values.fill_nan(None).unique().drop_nulls()
    texts = pl.Series([f"{value:.12g}" for value in different.to_list()], dtype=pl.String)
    return values.replace_strict(different, texts, default=None, return_dtype=pl.String)


def _on_the_calendar(present: pl.Series) -> bool:
    """Whether Polars can write these moments; beyond some 262,000 years it cannot, and they are named by their number."""
    moments = microseconds(present)
    return not isinstance(moments, list) and bool(np.all(np.abs(moments) < _CALENDAR))
