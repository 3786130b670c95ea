"""Retention: old hours, labels and damaged spools go, whole or not at all, and nothing newer does."""

from __future__ import annotations

import datetime as dt
import os

import polars as pl
import pytest

from seakeep.core import locks
from seakeep.prediction_log import Label, PredictionLog, retention
from seakeep.prediction_log.retention import Removed, remove

from .examples import HOUR, NOON, TWO, asked, ids, written

DAY = 24 * HOUR


def moment(micro: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=micro)


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    return PredictionLog.of(tmp_path, "late")


def test_hours_that_ended_before_go_and_later_ones_stay(log):
    written(
        log, [asked(1), asked(2, time=NOON + HOUR), asked(3, time=NOON + HOUR, release=TWO), asked(4, time=NOON + DAY)]
    )
    gone = remove(log.layout, before=moment(NOON + 2 * HOUR))
    assert (gone.hours, gone.files, gone.first, gone.last) == (2, 3, moment(NOON), moment(NOON + HOUR))
    assert gone.bytes > 0
    assert ids(log) == ["q4.0"]
    assert not list(log.layout.parts.glob("date=2013-11-04"))
    assert remove(log.layout, before=moment(NOON + 2 * HOUR)) == Removed("late")


def test_an_hour_that_is_not_over_stays_whole(log):
    written(log, [asked(1), asked(2, time=NOON + HOUR - 1)])
    assert remove(log.layout, before=moment(NOON + HOUR - 1)).hours == 0
    assert ids(log) == ["q1.0", "q2.0"]
    assert remove(log.layout, before=moment(NOON + HOUR)).hours == 1


def test_an_old_spool_brings_nothing_back_and_a_live_one_is_left_alone(log):
    live = written(log, [asked(9, time=NOON + DAY)], close=False)
    written(log, [asked(1)])
    assert remove(log.layout, before=moment(NOON + DAY)).hours == 1
    live.append(asked(10, time=NOON + DAY))
    assert live.close()
    log.convert()
    assert ids(log) == ["q10.0", "q9.0"]


def test_labels_go_a_day_later_than_predictions_and_others_stay(log):
    written(log, [asked(1), Label(NOON, "id", "q1.0", True), Label(NOON + 2 * DAY, "key", "k", True)])
    frame = pl.DataFrame({"id": ["q1.0"], "late": [True]})
    log.add_labels(frame, label="late", id="id", arrived=moment(NOON))
    assert remove(log.layout, before=moment(NOON + DAY)).labels == 0
    assert remove(log.layout, before=moment(NOON + DAY + 1)).labels == 2
    (left,) = log.layout.labels.iterdir()
    assert pl.read_parquet(left)["@key"].to_list() == ["k"]


def test_damaged_spools_go_with_their_reason(log):
    log.layout.spool.mkdir(parents=True)
    (log.layout.spool / "20130101T000000-a-b.closed").write_bytes(b"torn")
    log.convert()
    assert remove(log.layout, before=moment(NOON)).torn == 0
    for path in log.layout.torn.iterdir():
        os.utime(path, (NOON / 1e6 - 1,) * 2)
    assert remove(log.layout, before=moment(NOON)).torn == 1
    assert not list(log.layout.torn.iterdir())


def test_a_log_that_is_not_there_is_nothing_to_remove(log):
    assert remove(log.layout, before=moment(NOON)) == Removed("late")
    assert not log.layout.root.exists()


def test_a_kill_in_the_middle_of_an_hour_leaves_none_of_it(log, monkeypatch):
    written(log, [asked(1), asked(2, release=TWO)])

    def killed(path):
        next(path.rglob("*.parquet")).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(retention.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove(log.layout, before=moment(NOON + DAY))
    assert ids(log) == []
    written(log, [asked(3)], boot="late")  # rows of that hour that come now
    assert remove(log.layout, before=moment(NOON + DAY)).hours == 1
    assert ids(log) == []
    assert not list(log.layout.parts.rglob(".tmp-*"))


def test_a_scan_that_began_before_fails_and_is_not_short_of_rows(log):
    written(log, [asked(1), asked(2, time=NOON + DAY)])
    log.convert()
    scan = log.scan()
    remove(log.layout, before=moment(NOON + DAY))
    with pytest.raises((OSError, pl.exceptions.PolarsError)):
        scan.collect()
    assert ids(log) == ["q2.0"]


def test_a_snapshot_that_is_being_taken_is_waited_for(log, monkeypatch):
    written(log, [asked(1)])
    log.convert()
    held = []
    whole = locks.alone

    def noted(path, **given):
        held.append(path.name)
        return whole(path, **given)

    monkeypatch.setattr(retention.locks, "alone", noted)
    remove(log.layout, before=moment(NOON + DAY))
    assert held[-3:] == ["converting.lock", "publishing.lock", "publishing.lock"]
