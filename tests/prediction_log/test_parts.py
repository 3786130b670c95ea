"""Parts: no row is lost or doubled, wherever a conversion is cut off; damage is set aside; a stuck one waits."""

from __future__ import annotations

import errno
import gc
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from seakeep.core import locks
from seakeep.prediction_log import Label, Layout, PredictionLog, convert, frames, parts, snapshot

from .examples import HOUR, LATE, MINUTES, NOON, ONE, TWO, asked, ids, written

CONVERT = (
    "import sys; from seakeep.prediction_log import PredictionLog; PredictionLog.of(sys.argv[1], 'late').convert()"
)


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    return PredictionLog.of(tmp_path, "late")


def files(log: PredictionLog) -> list[str]:
    return sorted(str(path.relative_to(log.layout.parts)) for path in log.layout.parts.rglob("*.parquet"))


def test_a_closed_spool_becomes_parts_by_date_hour_and_release(log):
    written(log, [asked(1), asked(2, time=NOON + HOUR), asked(3, release=TWO), asked(4, time=NOON + 24 * HOUR)])
    done = log.convert()
    assert (done.spools, done.rows, done.left, done.torn) == (1, 4, 0, 0)
    assert [name.rpartition("/")[0] for name in files(log)] == [
        f"date=2013-11-04/hour=12/release={ONE[:12]}",
        f"date=2013-11-04/hour=12/release={TWO[:12]}",
        f"date=2013-11-04/hour=13/release={ONE[:12]}",
        f"date=2013-11-05/hour=12/release={ONE[:12]}",
    ]
    assert list(log.layout.spool.iterdir()) == []
    assert parts.described(log.layout) == {ONE: LATE, TWO: MINUTES}


def test_a_part_of_a_file_holds_the_columns_in_order_with_their_types(log):
    written(log, [asked(1, key="k")])
    log.convert()
    (path,) = log.layout.parts.rglob("*.parquet")
    utc = pl.Datetime("us", "UTC")
    assert dict(pl.read_parquet(path, hive_partitioning=False).schema) == {
        "@id": pl.String, "@time": utc, "@key": pl.String, "@dealt": pl.String, "@release": pl.String, "@version": pl.Int64,
        "@role": pl.String, "@revision": pl.Int64, "@latency_ms": pl.Float32, "@outcome": pl.String,
        "@reason": pl.String, "@sampled": pl.Float64, "@broken": pl.String, "@prediction": pl.Boolean, "@probability_false": pl.Float32,
        "@probability_true": pl.Float32, "distance": pl.Float64, "carrier": pl.String, "seats": pl.Int64,
        "fresh": pl.Boolean, "due": utc,
    }  # fmt: skip


def test_nothing_to_convert_is_no_work(log):
    assert log.convert() == parts.Conversion()
    written(log, [asked(1)])
    log.convert()
    assert not list(log.layout.spool.iterdir())
    log.layout.spool.rmdir()
    assert parts.spools(log.layout) == []
    assert ids(log) == ["q1.0"]
    assert log.convert() == parts.Conversion()


def test_a_spool_that_is_being_written_to_is_left_alone(log):
    spool = written(log, [asked(1)], close=False)
    assert log.convert().spools == 0
    assert ids(log) == ["q1.0"]
    spool.close()
    assert log.convert().rows == 1
    assert ids(log) == ["q1.0"]


def test_the_spool_of_a_killed_worker_is_converted(log):
    program = (
        "import os, sys, signal; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from examples import asked, written; from seakeep.prediction_log import PredictionLog\n"
        "spool = written(PredictionLog.of(sys.argv[1], 'late'), [asked(1), asked(2)], close=False)\n"
        "spool.append(asked(3)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    home = log.layout.root.parent.parent
    done = subprocess.run([sys.executable, "-c", program, str(home), str(Path(__file__).parent)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.suffix for path in log.layout.spool.iterdir()] == [".open"]
    assert ids(log) == ["q1.0", "q2.0"]
    assert log.convert().rows == 2
    assert ids(log) == ["q1.0", "q2.0"]


def test_a_spool_that_its_owner_closed_between_listing_and_opening_waits_for_the_next_time(log, monkeypatch):
    written(log, [asked(1)])
    (closed,) = log.layout.spool.iterdir()
    monkeypatch.setattr(parts, "spools", lambda _: [closed.with_suffix(".open")])
    assert log.convert().spools == 0
    monkeypatch.undo()
    assert log.convert().spools == 1


def test_a_spool_that_its_owner_closed_after_it_was_opened_waits_for_the_next_time(log, monkeypatch):
    written(log, [asked(1)])
    (closed,) = log.layout.spool.iterdir()
    opened = closed.rename(closed.with_suffix(".open"))
    flock = parts.fcntl.flock

    def closing(handle: int, how: int) -> None:
        if opened.exists():
            opened.rename(closed)
        flock(handle, how)

    with monkeypatch.context() as patched:
        patched.setattr(parts.fcntl, "flock", closing)
        assert parts._converted(log.layout, opened, parts.Conversion()) == parts.Conversion()
    assert log.convert().spools == 1
    assert ids(log) == ["q1.0"]


def test_a_spool_that_is_closed_while_a_reader_lists_is_read_under_its_new_name(log, monkeypatch):
    written(log, [asked(1)])
    (closed,) = log.layout.spool.iterdir()
    monkeypatch.setattr(snapshot, "spools", lambda _: [closed.with_suffix(".open")])
    assert ids(log) == ["q1.0"]


def test_garbage_collection_stays_off_where_it_was_off(log):
    written(log, [asked(1)])
    gc.disable()
    try:
        log.convert()
        assert not gc.isenabled()
    finally:
        gc.enable()
    log.scan()
    assert gc.isenabled()


def test_labels_that_came_by_rest_become_a_file_of_labels(log):
    written(log, [asked(1), Label(NOON + 5, "id", "q1.0", True), Label(NOON + 6, "key", "k", "maybe")])
    done = log.convert()
    assert (done.rows, done.labels) == (1, 2)
    (path,) = log.layout.labels.iterdir()
    assert pl.read_parquet(path)["@label"].to_list() == ["true", "maybe"]


def test_one_converter_works_at_a_time(log):
    written(log, [asked(1)])
    with locks.alone(log.layout.converting):
        assert log.convert(wait=False) == parts.Conversion(busy=True)
    assert log.convert(wait=False).spools == 1


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", range(12))
def test_a_conversion_cut_off_at_any_step_loses_and_doubles_nothing(log, monkeypatch, step):
    written(log, [asked(1), asked(2, time=NOON + HOUR), asked(3, release=TWO), Label(NOON, "id", "q1.0", True)])
    expected = ids(log)
    left = [step]

    def cutting(function):
        def called(*given, **options):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return function(*given, **options)

        return called

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", cutting(os.replace))
        patched.setattr(Path, "unlink", cutting(Path.unlink))
        patched.setattr(pl.DataFrame, "write_parquet", cutting(pl.DataFrame.write_parquet))
        try:
            log.convert()
        except Killed:
            assert ids(log) == expected
    assert ids(log) == expected
    log.convert()
    assert ids(log) == expected
    assert list(log.layout.spool.iterdir()) == []
    assert not list(log.layout.root.rglob(".tmp-*"))


@pytest.mark.slow
def test_forty_real_kills_of_a_converter_lose_and_double_nothing(log):
    seed = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)
    print("SEED", seed)
    draw = random.Random(seed)
    number = kills = 0
    expected: list[str] = []
    while kills < 40:
        for _ in range(3):
            batch = [asked(number + i, time=NOON + i * HOUR // 50, release=(ONE, TWO)[i % 2]) for i in range(200)]
            number += len(batch)
            expected += [f"{record.id}.0" for record in batch]
            written(log, batch)
        process = subprocess.Popen([sys.executable, "-c", CONVERT, str(log.layout.root.parent.parent)])
        while not log.layout.converting.exists() or locks.holder(log.layout.converting) != process.pid:
            time.sleep(0.001)
            if process.poll() is not None:
                break
        time.sleep(draw.random() * 0.08)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        assert ids(log) == sorted(expected)
    log.convert()
    assert ids(log) == sorted(expected)
    assert not list(log.layout.root.rglob(".tmp-*"))


@pytest.mark.slow
def test_readers_beside_workers_and_converters_see_every_row_once(log):
    home = str(log.layout.root.parent.parent)
    loop = "import sys, time; from seakeep.prediction_log import PredictionLog\nwhile True: PredictionLog.of(sys.argv[1], 'late').convert()"
    converters = [subprocess.Popen([sys.executable, "-c", loop, home]) for _ in range(2)]
    try:
        before = 0
        for number in range(60):
            spool = written(
                log, [asked(number * 10 + i, time=NOON + i * HOUR) for i in range(10)], close=number % 2 == 0
            )
            found = log.scan().collect()["@id"]
            assert found.n_unique() == len(found) == (number + 1) * 10
            assert len(found) > before
            before = len(found)
            spool.close()
    finally:
        for process in converters:
            process.kill()
            process.wait()
    log.convert()
    assert len(ids(log)) == 600


def test_a_damaged_spool_gives_its_whole_frames_and_is_set_aside_with_the_reason(log):
    written(log, [asked(1), asked(2), asked(3)])
    (path,) = log.layout.spool.iterdir()
    content = bytearray(path.read_bytes())
    start = content.index(b"q2")
    content[start] ^= 1
    path.write_bytes(bytes(content))
    assert ids(log) == ["q1.0", "q3.0"]
    done = log.convert()
    assert (done.rows, done.torn, done.lost_bytes) == (2, 1, len(frames.encode(asked(2))))
    assert ids(log) == ["q1.0", "q3.0"]
    reason = json.loads((log.layout.torn / f"{path.stem}.json").read_text())
    assert reason["rows_kept"] == 2
    assert reason["damaged"][0]["reason"] == "the checksum differs"
    assert (log.layout.torn / f"{path.stem}.spool").read_bytes() == content
    assert log.convert() == parts.Conversion()


def test_a_spool_cut_anywhere_gives_the_rows_before_the_cut(log):
    written(log, [asked(1), asked(2)])
    (path,) = log.layout.spool.iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    assert log.convert().torn == 1
    assert ids(log) == ["q1.0"]


def test_an_empty_spool_is_taken_away(log):
    written(log, [asked(1)])
    (path,) = log.layout.spool.iterdir()
    path.write_bytes(b"")
    assert log.convert() == parts.Conversion(spools=1)
    assert ids(log) == []


def test_records_whose_header_was_damaged_are_read_by_an_earlier_description(log):
    written(log, [asked(1)])
    log.convert()
    written(log, [asked(2)])
    (path,) = log.layout.spool.iterdir()
    path.write_bytes(path.read_bytes()[len(frames.encode(LATE)) :])
    assert (log.convert().rows, ids(log)) == (1, ["q1.0", "q2.0"])


def test_records_without_any_header_are_counted_and_set_aside(log):
    written(log, [asked(1)])
    (path,) = log.layout.spool.iterdir()
    path.write_bytes(path.read_bytes()[len(frames.encode(LATE)) :])
    assert ids(log) == []
    assert (log.convert().torn, log.convert().torn) == (1, 0)
    assert json.loads((log.layout.torn / f"{path.stem}.json").read_text())["records_without_header"] == 1


def test_a_disk_that_takes_no_more_leaves_the_spool_for_later(log):
    written(log, [asked(number) for number in range(500)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, before[1]))
    try:
        done = log.convert()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (done.spools, done.left) == (0, 1)
    assert done.problem
    assert len(ids(log)) == 500
    assert not list(log.layout.root.rglob(".tmp-*"))
    assert log.convert().rows == 500
    assert len(ids(log)) == 500


def test_a_lock_that_cannot_be_made_is_a_problem_and_no_exception(log, monkeypatch):
    written(log, [asked(1)])

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(locks.os, "open", refuse)
    assert "read-only" in convert(log.layout).problem


def test_a_clock_far_off_gets_a_folder_of_its_own(log):
    written(log, [asked(1, time=0), asked(2, time=250_000_000_000_000_000), asked(3, time=-1)])
    assert log.convert().rows == 3
    assert ids(log) == ["q1.0", "q2.0", "q3.0"]
    assert ids(log, since="2013-11-04", until="2013-11-05") == []
    assert ids(log, until="1970-01-01") == ["q3.0"]
    assert Layout.all_of(log.layout.root.parent.parent) == (log.layout,)


def test_a_spool_that_is_renamed_while_the_folder_is_listed_is_seen(log, monkeypatch):
    """A folder that changes may show a renamed file under neither name."""
    written(log, [asked(1)])
    listings, listed = [[]], Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(listings.pop()) if listings else listed(self))
    assert [path.suffix for path in parts.spools(log.layout)] == [".closed"]


def test_more_spools_than_a_process_may_open_are_read(log, monkeypatch):
    for number in range(5):
        written(log, [asked(number)], boot=f"b{number}")
    monkeypatch.setattr(snapshot, "_MOST_OPEN", 2)
    assert ids(log) == [f"q{number}.0" for number in range(5)]


def test_a_spool_that_cannot_be_made_a_table_keeps_no_other_from_being_converted(log, monkeypatch):
    """No record that a server writes is such a one."""
    written(log, [asked(1)], boot="a")
    written(log, [asked(2)], boot="b")
    faults, whole = [pl.exceptions.DuplicateError("two columns of one name")], parts.tabulate

    def tabulate(*given):
        if faults:
            raise faults.pop()
        return whole(*given)

    monkeypatch.setattr(parts, "tabulate", tabulate)
    done = log.convert()
    assert (done.spools, done.left, done.problem) == (1, 1, "two columns of one name")
