"""Natural variation: how far windows of the training rows themselves lie from the whole. The measure of what is usual.

Called by the pipeline when a release is made from a table with a time column; the report goes with the release, and `drift` alarms
beyond it only. Rows of one week share their weather, their sales and their bugs, so weeks of one year differ by far more than samples
of it do, and a threshold that knows of sampling alone would alarm every week. What is hard: a window is part of the whole that it is
compared with, which makes it look nearer by its share of the rows; that is taken back. And a year has 8,760 hours: at most
WINDOWS of a length are looked at, spread evenly.

One pass over the table; memory for the Statistics of WINDOWS windows and one batch.
"""

from __future__ import annotations

import functools
import statistics as numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core import plugins
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.core.statistics import Statistics, common_kind
from seakeep.data.frames import batches, known_columns, schema_of
from seakeep.data.statistics.profile import profile_frame
from seakeep.monitoring.drift import measured, wanted
from seakeep.monitoring.windows import started

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seakeep.core.dataset import Dataset
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import ColumnStatistics

KIND = "reference"
TABLE = "windows"
COLUMNS = ("column", "distance", "window_hours", "windows", "median", "largest")
WINDOWS = 60
FEWEST_WINDOWS = 3
FULL = 0.5
"""Windows with less than this share of the median window's rows are left out: the first and last are cut off, some are holidays."""
_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Usual:
    """How far windows of the training rows lay from the whole by one distance. windows: how many were looked at."""

    hours: float
    windows: int
    median: float
    largest: float


def natural_variation(
    dataset: Dataset,
    statistics: Statistics,
    *,
    window_hours: Sequence[float],
    schema: Schema,
    columns: Sequence[str] | None = None,
) -> Report:
    """How far windows of a table lie from the whole table, column by column.

    Parameters: dataset: the training rows, with a time column. statistics: of those rows. window_hours: lengths to look at.
        schema: its key and time columns are judged by their missing rate only, and its stated distances are measured too.
        columns: those to look at, the model's inputs say; None for all that the statistics have.
    Returns: report of kind "reference" with a table "windows". Inconclusive, with an empty table, where the dataset has no
        time column or spans fewer than FEWEST_WINDOWS windows.
    Raises: UsageError, for an unknown column; DataError from reading.
    """
    names = known_columns(list(columns if columns is not None else statistics.columns), dataset)
    rows: list[tuple[str, str, float, int, float, float]] = []
    for hours in window_hours:
        parts = _profiled(dataset, names, round(hours * _HOUR)) if dataset.time else ()
        rows += _rows(statistics, parts, hours, schema, names) if len(parts) >= FEWEST_WINDOWS else []
    note = "largest: the farthest that a window of the training rows lay from all of them; drift alarms beyond it only."
    table = Table(TABLE, "Windows of the training rows against all of them", COLUMNS, tuple(rows), note)
    return Report(KIND, "Natural variation", dataset.description, (_check(dataset, rows, window_hours),), (table,))


def usual(report: Report | None, hours: float) -> dict[tuple[str, str], Usual]:
    """What is usual by column and distance for windows of `hours`, from a report that `natural_variation` made.

    Of several lengths the one asked for counts, or else the longest that is shorter (shorter windows vary more), or else the
    shortest. Empty where there is no report.
    """
    tables = () if report is None else (table for table in report.tables if table.name == TABLE)
    rows: list[Any] = [[record[name] for name in COLUMNS] for table in tables for record in table.records()]
    lengths = {float(row[2]) for row in rows}
    if not lengths:
        return {}
    chosen = max((each for each in lengths if each <= hours), default=min(lengths))
    return {
        (str(column), str(distance)): Usual(float(of), int(windows), float(median), float(largest))
        for column, distance, of, windows, median, largest in rows
        if of == chosen
    }


def _check(dataset: Dataset, rows: Sequence[object], window_hours: Sequence[float]) -> Check:
    told = ", ".join(f"{hours:g} h" for hours in window_hours)
    if rows:
        message = f"The variation of windows of {told} is on record."
        return Check("reference.windows", str(dataset.time), Verdict.PASS, message)
    message = f"The table has no {FEWEST_WINDOWS} windows of {told} to compare."
    if not dataset.time:
        message = "The table has no time column, so it has no windows."
    fix = 'Name the time column on reading, seakeep.read(…, time="…"), or declare a shorter window.'
    return Check(
        "reference.windows", str(dataset.time or "time"), Verdict.INCONCLUSIVE, message, 0, FEWEST_WINDOWS, fix
    )


def _profiled(dataset: Dataset, names: Sequence[str], length: int) -> tuple[Statistics, ...]:
    """Statistics of at most WINDOWS full windows, in order of time."""
    assert dataset.time is not None
    counts = _counted(dataset, length)
    chosen = _spread(counts)
    found: dict[int, Statistics] = {}
    read = list(dict.fromkeys((*names, dataset.time)))
    for batch in batches(dataset, columns=read):
        marked = batch.with_columns(_window(dataset, length)).filter(pl.col("@window").is_in(chosen))
        for (start,), part in marked.group_by("@window"):
            profiled = profile_frame(part.select(names))
            found[int(start)] = found[int(start)] + profiled if int(start) in found else profiled
    return tuple(found[start] for start in sorted(found))


def _counted(dataset: Dataset, length: int) -> dict[int, int]:
    counts: dict[int, int] = {}
    for batch in batches(dataset, columns=[str(dataset.time)]):
        told = batch.select(_window(dataset, length)).drop_nulls().group_by("@window").len()
        for start, rows in told.iter_rows():
            counts[start] = counts.get(start, 0) + rows
    return counts


def _spread(counts: Mapping[int, int]) -> list[int]:
    """Starts of full windows, at most WINDOWS of them, evenly spread."""
    least = FULL * numbers.median(counts.values()) if counts else 0
    full = sorted(start for start, rows in counts.items() if rows >= least)
    if len(full) <= WINDOWS:
        return full
    return [full[round(i * (len(full) - 1) / (WINDOWS - 1))] for i in range(WINDOWS)]


def _window(dataset: Dataset, length: int) -> pl.Expr:
    """The start of each row's window in microseconds, as the column "@window"; null where its time is."""
    dtype = schema_of(dataset)[str(dataset.time)]
    zone = getattr(dtype, "time_zone", None)
    moments = pl.col(str(dataset.time)).cast(pl.Datetime("us", zone)).cast(pl.Int64)
    return started(moments, length).alias("@window")


def _rows(
    whole: Statistics, parts: Sequence[Statistics], hours: float, schema: Schema, names: Sequence[str]
) -> Iterator[tuple[str, str, float, int, float, float]]:
    for name in names:
        before = whole.columns[name]
        for distance in _asked(name, whole, parts, schema):
            found = [each for part in parts if (each := apart(distance, before, part[name])) is not None]
            if len(found) >= FEWEST_WINDOWS:
                yield name, distance, hours, len(found), numbers.median(found), max(found)


def _asked(name: str, whole: Statistics, parts: Sequence[Statistics], schema: Schema) -> tuple[str, ...]:
    kinds = [common_kind(whole.columns[name].kind, part[name].kind) for part in parts]
    kind = next((kind for kind in kinds if kind is not None), None)
    if kind is None:
        return ()
    stated = schema.columns[name].drift if name in schema.columns else {}
    return tuple(wanted(kind, stated, by_nature=name in (schema.key, schema.time)))


def apart(distance: str, whole: ColumnStatistics, part: ColumnStatistics) -> float | None:
    """How far a part of a column lies from the rows outside of it, estimated from its distance to the whole.

    None where kinds differ, or one of them has nothing that the distance compares.
    """
    found = measured(distance, whole, part) if common_kind(whole.kind, part.kind) else None
    outside = 1 - part.rows / max(whole.rows, part.rows + 1)
    return None if found is None else min(found / outside, float(_load(distance).LARGEST))


@functools.cache
def _load(distance: str) -> Any:
    return plugins.load("evidence.distances", distance)
