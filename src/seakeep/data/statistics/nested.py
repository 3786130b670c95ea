"""Statistics of what lists and structs hold: their items and fields, as columns of their own, as deep as they go.

Called by statistics.columns. What is hard: a few rows can hold very many items, so that lists are opened for some rows at a
time, and counted at most ROWS items at once; an empty list has no items, where Polars would give it a null.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.statistics.sums import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seakeep.core.statistics import ColumnStatistics

    Counting = Callable[[pl.Series], ColumnStatistics]


def with_items(whole: ColumnStatistics, present: pl.Series, counted: Counting) -> ColumnStatistics:
    """A list column's statistics with those of its items. `present` holds no nulls; `counted` counts a flat column."""
    lists = as_lists(present)
    name = f"{present.name}[]"
    inner: pl.DataType = lists.dtype.inner  # type: ignore[attr-defined]
    none = counted(pl.Series(name, [], dtype=inner))
    return replace(whole, items=reduce(_adding(name), map(counted, items_of(lists, name=name)), none))


def with_fields(whole: ColumnStatistics, present: pl.Series, counted: Counting) -> ColumnStatistics:
    """A struct column's statistics with those of its fields. `present` holds no nulls."""
    return replace(whole, fields={field: counted(part) for field, part in fields_of(present)})


def fields_of(present: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    """The fields of a struct column, each named "column.field"."""
    for field in present.dtype.fields:  # type: ignore[attr-defined]
        yield field.name, present.struct.field(field.name).alias(f"{present.name}.{field.name}")


def as_lists(present: pl.Series) -> pl.Series:
    """Fixed-length arrays as lists."""
    return present.arr.to_list() if isinstance(present.dtype, pl.Array) else present


def items_of(lists: pl.Series, *, name: str) -> Iterator[pl.Series]:
    """The items of all lists in order, at most ROWS in a part."""
    for start, height in _openings(lists):
        items = lists[start : start + height].list.explode(empty_as_null=False).alias(name)
        for first in range(0, len(items), ROWS):
            yield items[first : first + ROWS]


def _openings(lists: pl.Series) -> Iterator[tuple[int, int]]:
    """Ranges of rows that hold about ROWS items together, one row at least."""
    if not len(lists):
        return
    groups = (lists.list.len().cast(pl.Int64).cum_sum() // ROWS).rle()
    start = 0
    for height in groups.struct.field("len").to_list():
        yield start, height
        start += height


def _adding(name: str) -> Callable[[ColumnStatistics, ColumnStatistics], ColumnStatistics]:
    return lambda first, second: first.added(second, name=name)
