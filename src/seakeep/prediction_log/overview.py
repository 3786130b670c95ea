"""Overview: what a log holds, counted by release, role and outcome, in one pass over few columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.prediction_log import columns as names

if TYPE_CHECKING:
    import datetime as dt

_GROUP = (names.VERSION, names.RELEASE, names.ROLE, names.OUTCOME)


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
    """The groups of what PredictionLog.scan gives, by version, role and outcome. Reads six columns."""
    latency = pl.col(names.LATENCY)
    counted = scan.group_by(_GROUP).agg(
        pl.len().alias("rows"),
        (1 / pl.col(names.SAMPLED).fill_null(1.0)).sum().round().cast(pl.Int64).alias("asked"),
        pl.col(names.LABEL).count().alias("labelled"),
        latency.quantile(0.5, "nearest").alias("median_ms"),
        latency.quantile(0.95, "nearest").alias("p95_ms"),
        latency.quantile(0.99, "nearest").alias("p99_ms"),
        pl.col(names.TIME).min().alias("first"),
        pl.col(names.TIME).max().alias("last"),
    )
    table = counted.sort(_GROUP).collect(engine="streaming")
    return tuple(Group(**row) for row in table.rename(lambda name: name.lstrip(names.MARK)).to_dicts())
