"""Which flights from New York City will arrive more than a quarter of an hour late? Asked an hour before departure.

A whole Seakeep project: where the data arrives, what is known in time, the features, the estimator, and what must hold before a
model may answer anybody. Run it: seakeep run pipeline.py
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

import seakeep
from seakeep.features import Features, category, cross, number, timestamp

landed = pl.col("arr_delay").is_not_null()  # cancelled and diverted flights never arrived: neither late nor in time


def read_flights(months: Sequence[Path]) -> seakeep.Dataset:
    """The flights of some months, with the label derived from the real arrival delay."""
    return seakeep.read(
        months,
        label="late",
        time="scheduled",
        key="flight_id",
        derive={"late": pl.col("arr_delay") > 15},
        where=landed,
        drop=["year", "month", "day", "time_hour", "flight"],
    )


flights = seakeep.Pipeline(
    name="flight-delay",
    read=read_flights,
    spans=seakeep.Spans("arrived/flights-*.parquet", newest=8, held_out=1),  # the newest month is held out
    window="7d",  # production is watched by the week
    # What is known only once the aircraft has moved can never be a feature; the contract refuses it.
    after=["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"],
    features=Features(
        number("distance").log1p().standardize(),
        number("sched_dep_time"),
        number("sched_arr_time"),
        number("temp"),
        number("dewp"),
        number("humid"),
        number("wind_dir"),
        number("wind_speed"),
        number("precip"),
        number("pressure"),
        number("visib"),
        timestamp("scheduled").hour().cyclic(24),
        timestamp("scheduled").weekday(),
        category("carrier").one_hot(min_count=50),
        category("origin").one_hot(),
        cross("origin", "dest").hash(64),
    ),
    estimator=seakeep.estimator(
        "lightgbm.LGBMClassifier", n_estimators=200, learning_rate=0.05, num_leaves=31, n_jobs=1, verbose=-1
    ),
    slices=["carrier", "origin", ("origin", "carrier")],
    require=[
        seakeep.at_least("roc_auc", 0.70),
        seakeep.at_most("calibration_error", 0.10),
        seakeep.no_worse_than("champion", "roc_auc", margin=0.005),
        seakeep.gap_at_most("equal_opportunity", by="origin", most=0.20),
    ],
)
