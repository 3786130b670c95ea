"""Natural variation: how far windows of a table lie from the whole of it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from seakeep.core import ColumnSchema, Kind, Schema, Verdict
from seakeep.data import profile, read
from seakeep.monitoring.natural import FEWEST_WINDOWS, WINDOWS, natural_variation, usual

START = dt.datetime(2013, 1, 7, tzinfo=dt.UTC)
SCHEMA = Schema("weather", {"temp": ColumnSchema(Kind.NUMBER)}, time="at")


def weather(days: int, *, per_day: int = 24, season: float = 10.0, noise: float = 3.0) -> pl.DataFrame:
    random = np.random.default_rng(1)
    moments = [START + dt.timedelta(hours=i * 24 / per_day) for i in range(days * per_day)]
    turn = np.sin(np.arange(days * per_day) / (days * per_day) * 2 * np.pi)
    return pl.DataFrame(
        {
            "at": pl.Series(moments, dtype=pl.Datetime("us", "UTC")),
            "temp": season * turn + random.normal(0, noise, len(turn)),
            "steady": random.normal(size=len(turn)),
        }
    )


def variation(frame: pl.DataFrame, hours=(168.0,), **options):
    dataset = read(frame, time="at")
    return natural_variation(dataset, profile(dataset), window_hours=hours, schema=SCHEMA, **options)


def test_a_season_makes_windows_lie_far_and_a_steady_column_near():
    report = variation(weather(140))
    found = usual(report, 168)
    assert report.verdict is Verdict.PASS
    assert found["temp", "kolmogorov_smirnov"].largest > 0.5
    assert found["steady", "kolmogorov_smirnov"].largest < 0.15
    assert found["temp", "kolmogorov_smirnov"].windows == 20
    assert ("at", "kolmogorov_smirnov") not in found


def test_a_window_is_compared_with_the_rows_outside_of_it():
    """Two halves, each constant: each lies 1 from the other, though only 0.5 from the whole."""
    moments = [START + dt.timedelta(days=i) for i in range(28)]
    frame = pl.DataFrame(
        {"at": pl.Series(moments, dtype=pl.Datetime("us", "UTC")), "temp": [float(i // 7 % 2) for i in range(28)]}
    )
    found = usual(variation(frame), 168)["temp", "kolmogorov_smirnov"]
    assert found.largest == pytest.approx(0.5 / 0.75)


def test_windows_cut_off_at_the_ends_are_left_out():
    frame = weather(71)  # ten weeks and a day
    assert usual(variation(frame), 168)["temp", "kolmogorov_smirnov"].windows == 10


def test_many_windows_are_thinned():
    report = variation(weather(30), hours=(1.0,))
    assert {row["windows"] for row in report.table("windows").records()} == {WINDOWS}


def test_several_lengths_are_kept_apart():
    report = variation(weather(70), hours=(24.0, 168.0))
    assert {row["window_hours"] for row in report.table("windows").records()} == {24.0, 168.0}


@pytest.mark.parametrize(("asked", "chosen"), [(168, 168.0), (200, 168.0), (100, 24.0), (24, 24.0), (1, 24.0)])
def test_of_several_lengths_the_longest_that_is_not_longer_counts(asked, chosen):
    found = usual(variation(weather(70), hours=(24.0, 168.0)), asked)
    assert {each.hours for each in found.values()} == {chosen}


def test_a_table_without_time_or_with_few_windows_is_inconclusive():
    frame = weather(70)
    dataset = read(frame)
    report = natural_variation(dataset, profile(dataset), window_hours=[168], schema=SCHEMA)
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "no time column" in report.checks[0].message
    assert usual(report, 168) == {}
    short = variation(weather(7 * (FEWEST_WINDOWS - 1)))
    assert short.verdict is Verdict.INCONCLUSIVE
    assert short.table("windows").rows == ()


def test_no_report_has_nothing_usual():
    assert usual(None, 24) == {}


def test_only_the_columns_asked_for_are_looked_at():
    assert {row["column"] for row in variation(weather(70), columns=["temp"]).table("windows").records()} == {"temp"}


def test_rows_without_a_time_and_dates_in_place_of_times_are_read():
    frame = weather(70, per_day=1).with_columns(at=pl.col("at").dt.date())
    frame = pl.concat([frame, frame.head(5).with_columns(at=pl.lit(None, pl.Date))])
    assert usual(variation(frame), 168)["temp", "kolmogorov_smirnov"].windows == 10


def test_the_order_and_files_of_the_rows_leave_no_trace(tmp_path):
    frame = weather(70)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3)
    for number, part in enumerate(shuffled.iter_slices(200)):
        part.write_parquet(tmp_path / f"{number:03}.parquet")
    dataset = read(tmp_path, time="at")
    report = natural_variation(dataset, profile(dataset), window_hours=[168], schema=SCHEMA)
    assert report.tables == variation(frame).tables
