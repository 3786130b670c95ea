"""profile on an engine: workers count, the driver adds in the table's order; equal to the bit to `profile` on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.codec import from_json, to_json
from seakeep.core.statistics import Statistics
from seakeep.data.engines._folding import fold
from seakeep.data.frames import schema_of
from seakeep.data.statistics.asked import Asked
from seakeep.data.statistics.deep import deep_statistics, rows_together
from seakeep.data.statistics.profile import BATCH, COLUMNS, profile_frame

if TYPE_CHECKING:
    import polars as pl

    from seakeep.core.dataset import Dataset
    from seakeep.core.statistics import ColumnStatistics
    from seakeep.data.engines._job import Call, Engine


def profile(engine: Engine, dataset: Dataset, asked: Asked) -> Statistics:
    """Statistics of every column and row, with all that was asked for. Raises: as fold; UnsupportedColumn; BadWeights."""
    schema = schema_of(dataset)
    if asked:
        zero = deep_statistics(schema.to_frame(eager=True), asked)
        rows = rows_together(len(schema))
        return fold(engine, dataset, deep_statistics_of, _added, zero=zero, rows=rows, given=to_json(asked))
    names = tuple(schema)
    columns: dict[str, ColumnStatistics] = {}
    rows = 0
    for begin in range(0, max(len(names), 1), COLUMNS):
        group = names[begin : begin + COLUMNS]
        zero = profile_frame(schema.to_frame(eager=True).select(group))
        found = fold(engine, dataset, statistics_of, _added, zero=zero, rows=BATCH, columns=group)
        rows, columns = found.rows, columns | dict(found.columns)
    return Statistics(rows, columns)


def statistics_of(frame: pl.DataFrame, _call: Call) -> bytes:
    """On a worker: statistics of these rows."""
    return to_json(profile_frame(frame), indent=None).encode("utf-8", "surrogatepass")


def deep_statistics_of(frame: pl.DataFrame, call: Call) -> bytes:
    """On a worker: statistics of these rows with all that was asked for."""
    found = deep_statistics(frame, from_json(Asked, call.given), first=call.begin)
    return to_json(found, indent=None).encode("utf-8", "surrogatepass")


def _added(total: Statistics, answer: bytes) -> Statistics:
    return total + from_json(Statistics, answer.decode("utf-8", "surrogatepass"), path="a worker's statistics")
