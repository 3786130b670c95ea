"""The scribe tells each minute's statistics, a bounded number of values a column, and converts what is finished."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from dataclasses import replace

import msgspec
import polars as pl
import pytest

from seakeep.core import Task
from seakeep.data import profile_frame
from seakeep.prediction_log import Header, Layout, PredictionLog, Record, Spool
from seakeep.prediction_log.parts import convert
from seakeep.serving import minutes
from seakeep.serving.minutes import statistics_of, windows_of
from seakeep.serving.scribe import Scribe
from seakeep.serving.served import Served
from seakeep.serving.server.families import WINDOW_ROWS, WINDOW_VALUES
from seakeep.serving.server.logbook import describe
from seakeep.serving.server.windows import Window, told_windows, write_windows
from seakeep.testing.example_models import example_model

MINUTE = 1_700_000_040
MODEL = example_model(Task.BINARY)


@pytest.fixture
def log(tmp_path):
    return Layout.of(tmp_path, "flights")


def write(log, worker, seconds, *, release="a" * 64, version=1, role="champion", outcome="answered", close=True):
    """Rows at these seconds of the minute, as one worker writes them."""
    spool = Spool(log.spool, boot=worker, clock=lambda: MINUTE)
    spool.describe(Header.of(MODEL, name="flights", release=release, version=version))
    for number, second in enumerate(seconds):
        columns = [[float(second)], [number], [second % 2 == 0], ["AA" if second < 30 else None], [0]]
        record = Record(
            int((MINUTE + second) * 1e6),
            f"{worker}{number}",
            release,
            role,
            0,
            1.0,
            1,
            outcome,
            columns,
            [0.2, 0.8],
            [1],
        )
        spool.append(record)
    if close:
        spool.close()
    else:
        spool.flush()
    return spool


def window(log):
    begin = dt.datetime.fromtimestamp(MINUTE, dt.UTC)
    return windows_of(log, begin, begin + dt.timedelta(minutes=1))


def test_the_statistics_of_workers_add_up(log):
    write(log, "w1", range(40))
    spool = write(log, "w2", range(40, 60), close=False)
    write(log, "w3", range(60, 70))  # the next minute's
    (found,) = window(log)
    values = pl.Series("distance", range(60), dtype=pl.Float64)
    assert (found.release, found.rows, found.end) == ("a" * 64, 60, MINUTE + 60)
    own = found.columns["distance"]
    assert own["mean"] == values.mean()
    assert own["standard_deviation"] == pytest.approx(values.std())
    assert (own["minimum"], own["maximum"], own["missing_share"]) == (0, 59, 0)
    assert own["median"] == pytest.approx(values.median(), abs=1)
    assert own["q99"] == pytest.approx(values.quantile(0.99), abs=1)
    assert found.columns["carrier"] == {"missing_share": 0.5, "distinct": 1, "top_share": 1}
    assert found.columns["night"] == {"missing_share": 0, "distinct": 2, "top_share": 0.5}
    assert "@prediction" in found.columns
    spool.close()


def test_a_minute_of_more_rows_than_memory_holds_has_the_same_statistics(log, monkeypatch):
    write(log, "w1", range(60))
    write(log, "w2", range(30, 60), release="b" * 64, version=2, role="challenger")
    whole = window(log)
    monkeypatch.setattr(minutes, "MOST_ROWS", 7)
    assert window(log) == whole
    assert [found.rows for found in whole] == [60, 30]


def test_rows_that_were_sampled_weigh_what_they_stand_for(log):
    """Of 90 requests with distances below 30 a third was kept, of 30 others all: statistics are those of the 120."""
    spool = Spool(log.spool, boot="w1", clock=lambda: MINUTE)
    spool.describe(Header.of(MODEL, name="flights", release="a" * 64, version=1))
    for number in range(60):
        value, probability = float(number), 1 / 3 if number < 30 else None
        columns = [[value], [number], [True], ["AA" if number < 30 else "UA"], [0]]
        own = (int(MINUTE * 1e6), f"q{number}", "a" * 64, "champion", 0, 1.0, 1, "answered", columns, [0.2, 0.8], [1])
        spool.append(Record(*own, sampled=probability))
    spool.close()
    (found,) = window(log)
    values = pl.Series([float(number) for number in range(60) for _ in range(3 if number < 30 else 1)])
    assert found.rows == 120
    assert found.columns["distance"]["mean"] == pytest.approx(values.mean())
    assert found.columns["distance"]["standard_deviation"] == pytest.approx(values.std(ddof=0))
    assert found.columns["distance"]["median"] == pytest.approx(values.median(), abs=1)
    assert found.columns["carrier"] == {"missing_share": 0, "distinct": 2, "top_share": pytest.approx(0.75)}


def test_columns_that_are_hidden_have_no_statistics(log):
    spool = Spool(log.spool, boot="w1", clock=lambda: MINUTE)
    header = Header.of(MODEL, name="flights", release="a" * 64, version=1)
    header = msgspec.structs.replace(header, hidden=("seats", "carrier"))
    spool.describe(header)
    describe(log, header)
    columns = [[1.0], [2**60], [True], ["5f2c"], [0]]
    spool.append(Record(int(MINUTE * 1e6), "q", "a" * 64, "champion", 0, 1.0, 1, "answered", columns, [0.2, 0.8], [1]))
    spool.close()
    (found,) = window(log)
    assert not {"seats", "carrier", "@sampled"} & set(found.columns)
    assert "distance" in found.columns


def test_shadows_and_refusals_are_not_among_what_was_answered(log):
    write(log, "w1", range(5))
    write(log, "w2", range(5), release="b" * 64, version=2, role="shadow")
    write(log, "w3", range(5), outcome="refused")
    write(log, "w4", range(5), release="c" * 64, version=3, role="challenger")
    assert {(one.release[0], one.rows) for one in window(log)} == {("a", 5), ("c", 5)}


def test_a_minute_without_rows_has_no_window(log):
    assert window(log) == ()


def test_a_column_has_the_same_statistics_whatever_is_in_it():
    frame = pl.DataFrame(
        {"number": [1.5, None, float("nan")], "text": ["a", "a", "b"], "none": pl.Series([None] * 3, dtype=pl.Float64)}
    )
    found = {name: statistics_of(column) for name, column in profile_frame(frame).columns.items()}
    assert set(found["text"]) == {"missing_share", "distinct", "top_share"}
    assert set(found["none"]) == {"missing_share"}
    assert found["number"]["missing_share"] == pytest.approx(2 / 3)


def served(release, version):
    return replace(Served.of(MODEL), release=release, version=version)


def test_only_what_is_served_is_told(tmp_path):
    windows = tuple(Window(release, 60.0, 5, {"x": {"mean": 1.5}}) for release in ("a", "b"))
    write_windows(tmp_path, "flights", windows)
    told = list(told_windows(tmp_path, [served("b", "2")]))
    assert (WINDOW_ROWS, ("flights", "2"), 5.0) in told
    assert (WINDOW_VALUES, ("flights", "2", "x", "mean"), 1.5) in told
    assert {labels[1] for _, labels, _ in told} == {"2"}
    (tmp_path / "flights.window.json").write_bytes(b'[{"release": 1}]')
    assert list(told_windows(tmp_path, [served("b", "2")])) == []


def test_the_scribe_converts_and_tells_once_a_minute(log, tmp_path):
    scribe = Scribe([log], tmp_path)
    scribe._told["flights"] = 0
    scribe.look(MINUTE)
    write(log, "w1", range(5))
    scribe.look(MINUTE + 30)
    assert not list(log.spool.iterdir())
    release = served("a" * 64, "1")
    assert list(told_windows(tmp_path, [release])) == []
    scribe.look(MINUTE + 63)
    told = {labels[2:]: value for family, labels, value in told_windows(tmp_path, [release])}
    assert told["distance", "mean"] == 2
    assert PredictionLog(log).scan().collect().height == 5


def test_what_a_monitor_converted_is_told_as_well(log, tmp_path):
    """It may take every spool before the scribe, a process of its own that has not loaded Polars yet, saw one."""
    write(log, "w1", range(5))
    convert(log)
    look = (
        "import sys; from pathlib import Path; from seakeep.prediction_log import Layout; from seakeep.serving.scribe import Scribe\n"
        f"scribe = Scribe([Layout(Path({str(log.root)!r}))], Path({str(tmp_path)!r})); scribe._told['flights'] = 0\n"
        f"scribe.look({MINUTE} - 3600); assert 'polars' not in sys.modules\n"
        f"scribe.look({MINUTE} + 63)\n"
    )
    subprocess.run([sys.executable, "-c", look], check=True, timeout=60)
    assert (WINDOW_ROWS, ("flights", "1"), 5.0) in list(told_windows(tmp_path, [served("a" * 64, "1")]))


def test_a_spool_is_left_alone_while_its_worker_lives_and_taken_when_it_is_dead(log, tmp_path):
    """The worker is this process: a scribe of its own that loaded Polars for the file would take 60 MiB of an idle server."""
    spool = write(log, "w1", range(5), close=False)
    (opened,) = log.spool.iterdir()
    look = (
        "import sys; from pathlib import Path; from seakeep.prediction_log import Layout; from seakeep.serving.scribe import Scribe\n"
        f"Scribe([Layout(Path({str(log.root)!r}))], Path({str(tmp_path)!r})).look({MINUTE} + 3)\n"
        "assert 'polars' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", look], check=True, timeout=60)
    assert opened.exists()
    assert spool._segment is not None
    os.close(spool._segment.handle)  # the kernel lets go of a dead worker's file
    Scribe([log], tmp_path).look(MINUTE + 3)
    assert not opened.exists()
    assert PredictionLog(log).scan().collect().height == 5


def test_what_cannot_be_converted_is_told_once_and_tried_again(log, tmp_path, caplog):
    write(log, "w1", range(5))
    log.parts.write_bytes(b"a file where a folder should be")
    scribe = Scribe([log], tmp_path)
    for second in range(3):
        scribe.look(time.time() + second)
    assert len([record for record in caplog.records if "cannot be converted now" in record.message]) == 1
    log.parts.unlink()
    scribe.look(time.time() + 5)
    assert not list(log.spool.iterdir())


@pytest.mark.slow
def test_metrics_tell_of_the_last_whole_minute(start, release, keyed, row):
    made = release(keyed(1))
    with start("--follow", "flights", "--home", made.home, "--workers", "2") as server:
        begin = time.time()
        while time.time() // 60 == begin // 60:
            server.infer({"rows": [row] * 3})
            time.sleep(0.05)
        series = 'seakeep_window_value{column="distance",model="flights",statistic="mean",version="1"}'
        server.until(lambda: series in server.metrics(), seconds=30)
        told = server.metrics()
        assert told[series] == row["distance"]
        assert told['seakeep_window_rows{model="flights",version="1"}'] % 3 == 0
        assert told['seakeep_window_end_seconds{model="flights",version="1"}'] == (begin // 60 + 1) * 60


def test_hours_that_are_too_old_go_by_themselves_and_past_ones_become_one_part(log, tmp_path):
    for worker in ("w1", "w2"):
        write(log, worker, range(3))
    later = MINUTE + 2 * 3600
    clock = [later]
    scribe = Scribe([log], tmp_path, keep=86_400, passed=lambda: clock[0])
    scribe.look(later)
    assert len(list(log.parts.rglob("*.merged"))) == 1
    assert PredictionLog(log).scan().collect().height == 6
    scribe.look(later + 30)
    clock[0] = MINUTE + 86_400 + 2 * 3600
    scribe.look(clock[0])
    assert PredictionLog(log).scan().collect().height == 0


def test_a_clock_that_jumps_ahead_removes_nothing_for_a_day_and_one_that_goes_back_stops_nothing(log, tmp_path, caplog):
    write(log, "w1", range(3))
    passed, far = [0.0], MINUTE + 10 * 365 * 86_400
    scribe = Scribe([log], tmp_path, keep=86_400.0, passed=lambda: passed[0])
    scribe.look(MINUTE + 120)
    scribe.look(far)
    passed[0] = 86_000.0
    scribe.look(far + 86_000)
    assert PredictionLog(log).scan().collect().height == 3
    assert [line for line in caplog.messages if "hours ahead" in line] == [
        "the clock went 87600.0 hours ahead: no predictions are removed for their age for a day"
    ]
    write(log, "w2", range(60, 65))
    scribe.look(MINUTE + 122)  # back again
    told = {labels[2:]: value for family, labels, value in told_windows(tmp_path, [served("a" * 64, "1")])}
    assert told["distance", "mean"] == 62
    scribe.look(far)
    passed[0] += 90_000
    scribe.look(far + 90_000)
    assert PredictionLog(log).scan().collect().height == 0


def test_rows_of_a_scored_table_are_no_traffic_of_a_minute(log):
    write(log, "w1", range(5), role="batch")
    assert window(log) == ()


def test_a_damaged_file_is_told_once_and_keeps_nothing_else_from_being_done(log, tmp_path, caplog):
    for worker in ("w1", "w2"):
        write(log, worker, range(3))
        convert(log)
    damaged = next(log.parts.rglob("*.parquet"))
    damaged.write_bytes(b"torn")
    write(log, "w3", range(3))
    passed = [0.0]
    scribe = Scribe([log], tmp_path / "server", keep=10 * 86_400.0, passed=lambda: passed[0])
    for again in range(2):
        scribe.look(MINUTE + 7_200 + 60 * again)
    assert [line.split(": ")[1] for line in caplog.messages] == ["predictions cannot be put together now"]
    assert not list(log.spool.iterdir())
    passed[0] = 30 * 86_400
    scribe.look(MINUTE + 30 * 86_400)
    assert not damaged.exists()
