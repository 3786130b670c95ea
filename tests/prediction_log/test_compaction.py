"""Compaction: fewer files, the same rows, for every reader at every moment, also beside a kill."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time

import polars as pl
import pytest

from seakeep.core import locks
from seakeep.core.files import CannotWrite
from seakeep.prediction_log import PredictionLog, compaction
from seakeep.prediction_log.compaction import compact
from seakeep.prediction_log.retention import remove

from .examples import HOUR, MINUTE, NOON, TWO, asked, ids, written

EVENING = dt.datetime(2013, 11, 4, 18, tzinfo=dt.UTC)


@pytest.fixture
def log(tmp_path):
    return PredictionLog.of(tmp_path, "late")


def fill(log, files=10, *, each=5, hour=NOON, **given):
    before = len(list(log.layout.parts.rglob("*.parquet")))
    for number in range(files):
        time = hour + number % 60 * MINUTE
        first = hour // HOUR * 10**6 + (before + number) * each
        written(log, [asked(first + one, time=time, **given) for one in range(each)], boot=f"b{number}")
    log.convert()


def parts(log):
    return sorted(path.name for path in log.layout.parts.rglob("*.parquet"))


def age(log, seconds):
    """Make everything so much older than it is."""
    for path in log.layout.parts.rglob("*"):
        os.utime(path, (EVENING.timestamp() - seconds,) * 2)


def test_an_hours_parts_become_one_and_rows_stay_as_they_were(log):
    fill(log)
    fill(log, 3, release=TWO)
    before = log.scan().collect().sort("@id")
    assert compact(log.layout, now=EVENING) == 2
    assert log.scan().collect().sort("@id").equals(before)
    assert len(parts(log)) == 15
    age(log, compaction.KEEP_SECONDS + 1)
    assert compact(log.layout, now=EVENING) == 0
    assert len(parts(log)) == 2
    assert not list(log.layout.parts.rglob("*.merged"))
    assert log.scan().collect().sort("@id").equals(before)
    assert log.as_dataset().source.digest() == PredictionLog(log.layout).as_dataset().source.digest()


def test_an_hour_that_is_not_over_is_left_alone(log):
    fill(log)
    assert compact(log.layout, now=dt.datetime(2013, 11, 4, 13, 4, tzinfo=dt.UTC)) == 0
    assert compact(log.layout, now=dt.datetime(2013, 11, 4, 13, 6, tzinfo=dt.UTC)) == 1


def test_a_scan_that_began_before_is_not_short_of_rows(log):
    fill(log)
    scan = log.scan()
    compact(log.layout, now=EVENING)
    compact(log.layout, now=EVENING)
    assert scan.collect().height == 50


def test_rows_that_come_late_are_put_to_the_others(log):
    fill(log)
    compact(log.layout, now=EVENING)
    fill(log, 1)
    assert compact(log.layout, now=EVENING) == 0  # while what was replaced is still there
    for _ in range(2):
        age(log, compaction.KEEP_SECONDS + 1)
        compact(log.layout, now=EVENING)
        assert len(ids(log)) == 55
    age(log, compaction.KEEP_SECONDS + 1)
    compact(log.layout, now=EVENING)
    assert len(parts(log)) == 1
    assert len(set(ids(log))) == len(ids(log)) == 55


def test_a_part_holds_at_most_so_many_rows(log, monkeypatch):
    monkeypatch.setattr(compaction, "MOST_ROWS", 20)
    fill(log)
    assert compact(log.layout, now=EVENING) == 3  # 4, 4 and 2 parts of 5 rows
    age(log, compaction.KEEP_SECONDS + 1)
    assert compact(log.layout, now=EVENING) == 0  # 20, 20 and 10 rows: too many to be small
    assert len(parts(log)) == 3
    assert len(set(ids(log))) == 50


def test_parts_of_before_there_was_such_a_column_are_put_to_later_ones(log):
    fill(log, 2)
    for path in list(log.layout.parts.rglob("*.parquet"))[:1]:
        pl.read_parquet(path, hive_partitioning=False).drop("@sampled", "@broken").write_parquet(path)
    before = log.scan().collect().sort("@id")
    assert compact(log.layout, now=EVENING) == 1
    assert log.scan().collect().sort("@id").equals(before)


def test_a_part_whose_spool_stands_is_not_taken(log):
    """A converter was killed between the two: the spool counts, and will be written again."""
    fill(log, 3)
    stem = parts(log)[0].removesuffix(".parquet")
    (log.layout.spool / f"{stem}.closed").write_bytes(b"")
    compact(log.layout, now=EVENING)
    (listed,) = log.layout.parts.rglob("*.merged")
    assert stem not in listed.read_text()


def test_a_list_without_its_part_counts_for_nothing_and_goes(log):
    fill(log, 3)
    folder = next(log.layout.parts.rglob("*.parquet")).parent
    (folder / "20131104T120000-merged-0123456789ab.merged").write_text(f'["{parts(log)[0]}"]')
    assert len(ids(log)) == 15
    compact(log.layout, now=EVENING)
    assert len(list(folder.glob("*.merged"))) == 1
    assert len(ids(log)) == 15


def test_a_disk_that_cannot_be_written_changes_nothing(log, monkeypatch):
    fill(log, 3)
    before = parts(log)

    def full(*given, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(CannotWrite, match="No space left"):
        compact(log.layout, now=EVENING)
    assert parts(log) == before
    assert len(ids(log)) == 15


def test_an_hour_that_was_compacted_is_removed_whole(log):
    fill(log, 3)
    compact(log.layout, now=EVENING)
    assert remove(log.layout, before=EVENING).hours == 1
    assert not list(log.layout.parts.rglob("*"))


@pytest.mark.slow
def test_readers_beside_kills_of_a_compactor_see_every_row_once(log):
    for hour in range(12):
        fill(log, 4, hour=NOON + hour * HOUR)
    expected = ids(log)
    code = (
        "import datetime as dt, sys; from pathlib import Path; from seakeep.prediction_log import Layout\n"
        "from seakeep.prediction_log import compaction as c\n"
        "print('ready', flush=True)\n"
        f"c.compact(Layout(Path({str(log.layout.root)!r})), now=dt.datetime(2013, 11, 5, 6, tzinfo=dt.UTC))\n"
    )
    wrong, over = [], threading.Event()

    def look():
        while not over.is_set():
            found = ids(log)
            if found != expected:
                wrong.append(found)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for turn in range(5):
            with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
                process.stdout.readline()
                time.sleep(0.004 * turn)
                process.send_signal(signal.SIGKILL)
    finally:
        over.set()
        reader.join()
    assert wrong == []
    compact(log.layout, now=dt.datetime(2013, 11, 5, 6, tzinfo=dt.UTC))
    assert ids(log) == expected


def test_files_go_while_no_snapshot_is_taken(log):
    """One that is being taken would see the small parts and no list any more."""
    fill(log)
    compact(log.layout, now=EVENING)
    age(log, compaction.KEEP_SECONDS + 1)
    cleared = threading.Event()
    with locks.shared(log.layout.publishing):
        thread = threading.Thread(target=lambda: (compact(log.layout, now=EVENING), cleared.set()))
        thread.start()
        assert not cleared.wait(0.3)
        assert len(list(log.layout.parts.rglob("*.merged"))) == 1
    thread.join()
    assert len(parts(log)) == 1


def test_what_a_killed_compactor_left_half_written_goes(log):
    fill(log)
    (folder,) = log.layout.parts.rglob("release=*")
    (folder / ".tmp-0123456789ab-20131104T120000-merged-00.parquet").write_bytes(b"half")
    compact(log.layout, now=EVENING)
    assert not list(folder.glob(".tmp-*"))


def test_hours_that_were_missed_for_days_are_put_together_when_all_are_looked_at(log):
    fill(log)
    later = EVENING + dt.timedelta(days=9)
    assert compact(log.layout, now=later) == 0
    assert compact(log.layout, now=later, back=None) == 1


def test_folders_that_need_nothing_are_not_opened_again_until_something_changes(log, monkeypatch):
    fill(log, 1)
    idle, opened, scan = {}, [], pl.scan_parquet
    monkeypatch.setattr(
        compaction.pl, "scan_parquet", lambda *given, **named: opened.append(1) or scan(*given, **named)
    )
    for _ in range(3):
        assert compact(log.layout, now=EVENING, idle=idle) == 0
    assert len(opened) == 1
    fill(log, 2)
    assert compact(log.layout, now=EVENING, idle=idle) == 1
