"""Overview: what a log holds, counted by release, role and outcome, reading few columns.

What is hard is a log of ten million rows: quantiles and labels need more than counts, and Polars would have all texts of those columns
in memory at once. So the log is read in stretches of some hours, and only the latencies are kept, at four bytes a row.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    from collections.abc import Iterator

_GROUP = (names.VERSION, names.RELEASE, names.ROLE, names.OUTCOME)
_HOUR = dt.timedelta(hours=1)
_MOST_ROWS = 2_000_000
"""Of a stretch, unless one hour has more."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one release in one role with one outcome. asked: how many rows of the traffic they stand for, which is more where
    requests are sampled. labelled: how many have a label. median_ms, p95_ms, p99_ms: quantiles of the latency, each request
    counted once a row. first, last: when requests arrived, UTC.
    """

    release: str
    version: int
    role: str
    outcome: str
    rows: int
    asked: int
    labelled: int
    median_ms: float
    p95_ms: float
    p99_ms: float
    first: dt.datetime
    last: dt.datetime


def overview(scan: pl.LazyFrame) -> tuple[Group, ...]:
    """The groups of what PredictionLog.scan gives, by version, role and outcome. Reads seven columns."""
    counted = pl.concat([_counted(scan.filter(part)) for part in _stretches(scan)] or [_counted(scan)])
    latency = pl.col(names.LATENCY).explode()
    table = counted.group_by(_GROUP).agg(
        pl.col("rows").sum(),
        pl.col("asked").sum().round().cast(pl.Int64),
        pl.col("labelled").sum(),
        latency.quantile(0.5, "nearest").alias("median_ms"),
        latency.quantile(0.95, "nearest").alias("p95_ms"),
        latency.quantile(0.99, "nearest").alias("p99_ms"),
        pl.col("first").min(),
        pl.col("last").max(),
    )
    return tuple(Group(**row) for row in table.sort(_GROUP).rename(lambda name: name.lstrip(names.MARK)).to_dicts())


def _counted(scan: pl.LazyFrame) -> pl.DataFrame:
    """One stretch's groups, with every latency."""
    return (
        scan.group_by(_GROUP)
        .agg(
            pl.len().alias("rows"),
            (1 / pl.col(names.SAMPLED).fill_null(1.0)).sum().alias("asked"),
            pl.col(names.LABEL).count().alias("labelled"),
            pl.col(names.LATENCY),
            pl.col(names.TIME).min().alias("first"),
            pl.col(names.TIME).max().alias("last"),
        )
        .collect(engine="streaming")
    )


def _stretches(scan: pl.LazyFrame) -> Iterator[pl.Expr]:
    """What tells the rows of each stretch, in order of time: whole hours, so that few files are opened for two of them."""
    time, hour = pl.col(names.TIME), pl.col(names.TIME).dt.truncate("1h").alias("hour")
    hours = scan.group_by(hour).agg(pl.len().alias("rows")).sort("hour").collect(engine="streaming")
    grouped = hours.with_columns((pl.col("rows").cum_sum() - pl.col("rows")) // _MOST_ROWS)
    for (_,), part in grouped.group_by("rows", maintain_order=True):
        first: dt.datetime = part["hour"].item(0)
        last: dt.datetime = part["hour"].item(-1)
        yield (time >= first) & (time < last + _HOUR)
