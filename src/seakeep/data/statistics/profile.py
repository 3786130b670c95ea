"""profile: Statistics of a dataset, streaming, on every core, with the memory of a few columns of one batch.

Where a source can read columns apart (Parquet), they are dealt out in small groups, and each core takes a group through the
whole table, batch by batch, adding as it goes: it then holds a few columns of one batch, and never waits for another core.
Sources that read whole records (CSV) are read once for many columns, which are counted side by side. Batches are exactly
BATCH rows in canonical order either way, so that the statistics are the same to the bit.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import islice
from operator import add
from threading import Event
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.statistics import ColumnStatistics, Statistics
from seakeep.data.errors import CannotRead
from seakeep.data.frames import batches, schema_of
from seakeep.data.sources import reads_columns_apart
from seakeep.data.statistics.asked import Asked
from seakeep.data.statistics.columns import column_statistics
from seakeep.data.statistics.deep import profile_deep
from seakeep.data.statistics.sums import ROWS
from seakeep.data.statistics.totals import both

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from seakeep.core.dataset import Dataset
    from seakeep.data.engines import Engine

BATCH = 1 << 19
COLUMNS = 64
TOGETHER = 3
"""Columns that one core reads and counts at a time, where they can be read apart."""
OPENINGS = 1 << 13
"""How often pieces may be opened for the sake of reading columns apart; each time costs about a millisecond."""

Part = tuple[int, dict[str, ColumnStatistics]]


def profile(
    dataset: Dataset,
    *,
    weight: str | None = None,
    slices: Sequence[str | Sequence[str]] = (),
    label: str | None = None,
    engine: str | Engine | None = None,
) -> Statistics:
    """Statistics of every column and row of a dataset.

    Parameters: weight: a column that says what each row weighs, 0 to 2^40; every column then has `weighted` besides.
        slices: columns, or crosses of columns, by whose values the rows get statistics of their own, 1,000 each at most.
        label: a column of numbers or true/false, of which `conditional` tells the mean by the values of every other column.
        engine: where rows are counted, an address or an engine (see data.engines); None for this machine.
    Returns: the same to the bit whatever files, row groups or machines the rows came in, but for the counts of the most
    frequent values where a column has more than 2,048 different ones; those carry their error (see core.counters).
    Cost: one pass; about 0.2 s for 337 thousand rows of 36 columns. Memory: for each core some 3 columns of 2^19 rows where
    columns can be read apart, else one piece and one batch, 2^19 rows of 64 columns.
    Raises: DataError, naming the file, where a piece cannot be read; UnsupportedColumn; UsageError for unknown columns;
        BadWeights, BadSlicing, BadLabel.
    """
    schema = schema_of(dataset)
    asked = Asked.of(schema, weight=weight, slices=slices, label=label, where=dataset.description)
    if engine is not None:
        from seakeep.data.engines import connected
        from seakeep.data.engines import profile as profile_on

        with connected(engine) as connection:
            if connection.is_remote:
                return profile_on(connection, dataset, asked)
    if asked:
        return profile_deep(dataset, asked, cores=_cores())
    groups = _groups(dataset, schema)
    parts = list(_apart(dataset, groups) if len(groups) > 1 else _together(dataset, schema))
    fewest, most = min(rows for rows, _ in parts), max(rows for rows, _ in parts)
    if fewest != most:
        raise CannotRead.changed(dataset.description, fewest, most)
    return Statistics(most, {name: column for _, part in parts for name, column in part.items()})


def profile_frame(frame: pl.DataFrame) -> Statistics:
    """Statistics of a table in memory: what `profile(read(frame))` gives, on this thread alone."""
    parts = (
        Statistics(part.height, {column.name: column_statistics(column) for column in part}) for part in _slices(frame)
    )
    return reduce(add, parts)


def _groups(dataset: Dataset, schema: pl.Schema) -> list[pl.Schema]:
    """Columns to be read apart, each group by one core; none, where reading some of them costs as much as reading all.

    Groups are larger where there are many pieces, since each opens every piece, and where a filter must be worked out anew.
    """
    if not reads_columns_apart(dataset.source):
        return []
    fair = max(1, min(TOGETHER, len(schema) // _cores())) if not dataset.steps else COLUMNS // 4
    return _dealt(schema, min(COLUMNS, max(fair, len(schema) * len(dataset.source.pieces()) // OPENINGS)))


def _dealt(schema: pl.Schema, size: int) -> list[pl.Schema]:
    columns = iter(schema.items())
    return [pl.Schema(islice(columns, size)) for _ in range(0, len(schema), size)]


def _apart(dataset: Dataset, groups: Sequence[pl.Schema]) -> Iterator[Part]:
    """Statistics of each group of columns, every core busy with one group.

    There are half as many workers again as cores, since reading is done by Polars' own threads, for which a worker waits.
    """
    stop = Event()
    with ThreadPoolExecutor(_cores() + max(1, _cores() // 2)) as pool:
        try:
            yield from pool.map(lambda group: _counted(dataset, group, map, stop), groups)
        finally:
            stop.set()


def _together(dataset: Dataset, schema: pl.Schema) -> Iterator[Part]:
    """Statistics of COLUMNS at a time, every core busy with one column of them."""
    with ThreadPoolExecutor(_cores()) as pool:
        for group in _dealt(schema, COLUMNS) or [schema]:
            yield _counted(dataset, group, pool.map, Event())


def _counted(
    dataset: Dataset,
    schema: pl.Schema,
    each: Callable[..., Iterable[ColumnStatistics]],
    stop: Event,
) -> Part:
    """Rows and statistics of these columns, batch by batch; `each` maps a function over a batch's columns.

    Small pieces are joined to batches first: counting a column costs a millisecond, however few its rows. A core that is told
    to stop, since another failed or a person interrupted, does so after its batch.
    """
    columns: dict[str, ColumnStatistics] = {}
    rows = 0
    for frame in batches(dataset, rows=BATCH, columns=tuple(schema)):
        if stop.is_set():
            break
        rows += frame.height
        for name, counted in zip(schema, each(column_statistics, frame.get_columns()), strict=True):
            columns[name] = both(columns[name], counted, name=name) if name in columns else counted
    return rows, columns or {own.name: column_statistics(own) for own in schema.to_frame(eager=True)}


def _slices(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The frame in parts of at most ROWS rows; one part for an empty frame, so that its columns are known."""
    return (frame[start : start + ROWS] for start in range(0, max(frame.height, 1), ROWS))


def _cores() -> int:
    return len(os.sched_getaffinity(0))
