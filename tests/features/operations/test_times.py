"""Parts of a time against Polars and the standard library, for years 1 to 9999."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seakeep.features import Features, Session, feeds, fit, timestamp
from seakeep.features.nulls import MISSING_TIME

FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)
PARTS = {
    "year": pl.col("t").dt.year(),
    "month": pl.col("t").dt.month(),
    "day_of_year": pl.col("t").dt.ordinal_day(),
    "weekday": pl.col("t").dt.weekday(),
    "hour": pl.col("t").dt.hour(),
    "minute": pl.col("t").dt.minute(),
}


@pytest.fixture(scope="module")
def parts():
    """Runs a frame's column t through the graph of all parts."""
    from seakeep.data import profile, read

    dataset = read(pl.DataFrame({"t": [FIRST]}))
    features = Features(*(timestamp("t").then(part) for part in PARTS))
    fitted = fit(features, profile(dataset), dataset)
    session = Session(fitted.lower().SerializeToString())
    return lambda frame: session.run(["features"], feeds(frame, fitted.inputs))[0]


def expected(frame: pl.DataFrame) -> np.ndarray:
    return frame.select(expression.cast(pl.Float32).alias(part) for part, expression in PARTS.items()).to_numpy()


def test_parts_are_polars_on_every_day_of_four_centuries_and_at_both_ends(parts):
    days = [FIRST + timedelta(days=day, hours=day % 24, minutes=day % 60) for day in range(0, 3_652_059, 23)]
    days += [datetime(1896, 1, 1) + timedelta(days=day) for day in range(4_000)]
    frame = pl.DataFrame({"t": [*days, LAST, None]})
    np.testing.assert_array_equal(parts(frame), np.vstack([expected(frame[:-1]), [[np.nan] * 6]]))


@given(st.lists(st.datetimes(FIRST, LAST), min_size=1, max_size=20))
def test_parts_are_the_standard_librarys_for_any_time(parts, times):
    rows = [[t.year, t.month, t.timetuple().tm_yday, t.isoweekday(), t.hour, t.minute] for t in times]
    np.testing.assert_array_equal(parts(pl.DataFrame({"t": times})), np.array(rows, np.float32))


@given(st.integers(MISSING_TIME + 1, 2**63 - 1))
def test_what_lies_outside_of_the_years_1_to_9999_is_missing(parts, microseconds):
    answer = parts(pl.DataFrame({"t": pl.Series([microseconds]).cast(pl.Datetime("us"))}))
    epoch = datetime(1970, 1, 1)
    inside = (FIRST - epoch) // timedelta(microseconds=1) <= microseconds <= (LAST - epoch) // timedelta(microseconds=1)
    assert np.isnan(answer).all() == (not inside)
    assert np.isnan(answer).any() == (not inside)


def test_a_time_with_a_zone_is_read_in_utc(parts):
    local = pl.Series([datetime(2012, 12, 31, 20, 30)]).dt.replace_time_zone("America/New_York")
    utc = datetime(2013, 1, 1, 1, 30, tzinfo=UTC)
    np.testing.assert_array_equal(
        parts(pl.DataFrame({"t": local})), [[2013, 1, 1, utc.isoweekday(), utc.hour, utc.minute]]
    )
