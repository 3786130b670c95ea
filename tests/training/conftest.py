"""A small table with every kind of column, as `train` takes it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from seakeep import data
from seakeep.features import Features, boolean, category, number, timestamp
from seakeep.training import train

FEATURES = Features(
    number("fare"),
    number("distance").log1p().standardize(),
    number("ident"),
    category("carrier").one_hot(min_count=2),
    boolean("paid"),
    timestamp("at").hour().cyclic(24),
)
FILLED = Features(
    number("distance").fill("mean").standardize(),
    category("carrier").one_hot(min_count=2),
    number("fare").fill(0).min_max(),
)


def make_frame(rows: int = 800, seed: int = 0) -> pl.DataFrame:
    """Labels: late (boolean), grade (three strings), tip (a number)."""
    rng = np.random.default_rng(seed)
    fare = np.round(rng.exponential(20, rows), 2)
    distance = rng.integers(0, 3000, rows)
    carrier = rng.choice(["AA", "UA", "DL", "9E"], rows)
    start = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
    at = [start + dt.timedelta(hours=int(hour)) for hour in rng.integers(0, 24 * 300, rows)]
    score = fare / 20 + distance / 1500 + (carrier == "AA") + rng.normal(0, 0.7, rows)
    frame = pl.DataFrame(
        {
            "fare": fare,
            "distance": distance,
            "ident": rng.integers(100_000_000, 100_001_000, rows),
            "carrier": carrier,
            "paid": rng.random(rows) < 0.5,
            "at": at,
            "late": score > 2.2,
            "grade": np.array(["a", "b", "c"])[np.digitize(score, [1.5, 2.6])],
            "tip": score * 3,
        }
    )
    gaps = {name: pl.Series(rng.random(rows) < 0.05) for name in ("fare", "distance", "carrier", "paid", "at")}
    return frame.with_columns(pl.when(~gap).then(pl.col(name)).alias(name) for name, gap in gaps.items())


@pytest.fixture(scope="session")
def frame() -> pl.DataFrame:
    return make_frame()


@pytest.fixture(scope="session")
def make():
    """make(rows, seed): another such table."""
    return make_frame


@pytest.fixture(scope="session")
def filled() -> Features:
    """Features that are never missing, as linear models need them."""
    return FILLED


@pytest.fixture(scope="session")
def train_on():
    """train_on(frame, estimator, …): `train` on a table in memory, with its own statistics and schema."""
    return _trained


def _trained(frame, estimator, *, label="late", features=FEATURES, held_out=None, **options):
    dataset = data.read(frame, label=label)
    statistics = data.profile(dataset)
    schema = data.infer_schema(statistics, label=label)
    other = None if held_out is None else data.read(held_out, label=label)
    return train(dataset, features, estimator, schema=schema, statistics=statistics, held_out=other, **options)
