"""Profiles with weights, slices and means of the label. Called by profile where any of them is asked for.

They need several columns of a row at once, so a table is read batch by batch with all its columns, in batches that are the
shorter the more columns there are; each batch's statistics are added, as everywhere.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from seakeep.core.statistics import Statistics
from seakeep.data.frames import batches, schema_of
from seakeep.data.statistics.columns import column_statistics
from seakeep.data.statistics.conditioning import conditional_of, labels_of
from seakeep.data.statistics.errors import BadSlicing
from seakeep.data.statistics.slicing import MOST, slices_of
from seakeep.data.statistics.weighing import weights_of, with_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import polars as pl

    from seakeep.core.conditional import Conditional
    from seakeep.core.dataset import Dataset
    from seakeep.core.statistics import ColumnStatistics
    from seakeep.data.statistics.asked import Asked

CELLS = 1 << 24
"""Values of a batch: 2^19 rows of 32 columns."""
LONGEST, SHORTEST = 1 << 19, 1 << 13


def profile_deep(dataset: Dataset, asked: Asked, *, cores: int) -> Statistics:
    """Statistics of every column and row with all that was asked for. Raises: as profile; BadWeights; BadSlicing."""
    schema = schema_of(dataset)
    with ThreadPoolExecutor(cores) as pool:
        whole = deep_statistics(schema.to_frame(eager=True), asked)
        for frame in batches(dataset, rows=rows_together(len(schema))):
            whole = whole + deep_statistics(frame, asked, first=whole.rows, each=pool.map)
            _check_slices(whole, asked)
    return whole


def rows_together(columns: int) -> int:
    """Rows of a batch of a table with so many columns."""
    return max(SHORTEST, min(LONGEST, CELLS // max(1, columns)))


def deep_statistics(
    frame: pl.DataFrame, asked: Asked, *, first: int = 0, each: Callable[..., Iterable[ColumnStatistics]] = map
) -> Statistics:
    """Statistics of one piece, of at most 2^20 rows. first: the number of its first row; each: maps over columns."""
    counted = _counted(frame, asked.weight, first, each)
    return replace(
        counted,
        sliced=asked.slices,
        slices=_slices(frame, asked, first, each),
        label=asked.label,
        conditional=_conditional(frame, asked.label) if asked.label else {},
    )


def _counted(
    frame: pl.DataFrame, weight: str, first: int, each: Callable[..., Iterable[ColumnStatistics]]
) -> Statistics:
    """Every column, weighed where there is a column of weights."""
    weights = weights_of(frame[weight], first=first) if weight else None

    def counted(values: pl.Series) -> ColumnStatistics:
        found = column_statistics(values)
        return found if weights is None else with_weights(found, values, weights)

    columns = dict(zip(frame.columns, each(counted, frame.get_columns()), strict=True))
    return Statistics(frame.height, columns, weight)


def _slices(
    frame: pl.DataFrame, asked: Asked, first: int, each: Callable[..., Iterable[ColumnStatistics]]
) -> Mapping[str, Statistics]:
    return {
        name: _counted(frame[rows], asked.weight, first, each)
        for by in asked.slices
        for name, rows in slices_of(frame, by)
    }


def _conditional(frame: pl.DataFrame, label: str) -> Mapping[str, Conditional]:
    labels = labels_of(frame[label])
    found = {column.name: conditional_of(column, labels) for column in frame if column.name != label}
    return {name: by_value for name, by_value in found.items() if by_value is not None}


def _check_slices(whole: Statistics, asked: Asked) -> None:
    """Batches add slices; no slicing may go beyond its share."""
    if len(whole.slices) > MOST * len(asked.slices):
        raise BadSlicing.too_many(max(asked.slices, key=len), len(whole.slices), MOST)
