"""Spool: what was flushed can be read, files end in time, and nothing that happens to a disk reaches the caller."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shutil
import threading
from contextlib import contextmanager

import pytest

from seakeep.prediction_log import Label, Record, Spool, frames

from .examples import LATE, MINUTES, NOON, ONE, TWO, asked


class Clock:
    now = 1_383_566_400.0

    def __call__(self) -> float:
        return self.now


def spool_in(folder, **given) -> Spool:
    spool = Spool(folder / "spool", boot="boot", **given)
    spool.describe(LATE)
    spool.describe(MINUTES)
    return spool


def files(folder, ending: str) -> list:
    return sorted((folder / "spool").glob(f"*{ending}"))


def records(path) -> list:
    reading = frames.read(path.read_bytes())
    assert not reading.gaps
    return [frame for frame in reading.frames if isinstance(frame, Record)]


@contextmanager
def largest_file(size: int):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_nothing_is_written_before_there_is_something_to_write(tmp_path):
    spool = spool_in(tmp_path)
    assert spool.flush()
    assert spool.sync()
    assert spool.close()
    assert not (tmp_path / "spool").exists()


def test_what_was_flushed_can_be_read_while_the_file_is_open(tmp_path):
    spool = spool_in(tmp_path)
    spool.append(asked(1))
    assert spool.waiting == 1
    assert spool.flush()
    assert spool.waiting == 0
    (path,) = files(tmp_path, ".open")
    assert frames.read(path.read_bytes()).frames == [LATE, asked(1)]
    assert spool.close()


def test_a_release_is_described_once_a_file_before_its_first_record(tmp_path):
    spool = spool_in(tmp_path)
    for frame in (asked(1), asked(2, release=TWO), asked(3), Label(NOON, "id", "q1.0", True)):
        spool.append(frame)
        spool.flush()
    spool.close()
    (path,) = files(tmp_path, ".closed")
    found = frames.read(path.read_bytes()).frames
    assert found == [LATE, asked(1), MINUTES, asked(2, release=TWO), asked(3), Label(NOON, "id", "q1.0", True)]
    assert spool.counts.written == 4


def test_a_release_that_was_not_described_is_an_error_of_the_caller(tmp_path):
    spool = spool_in(tmp_path)
    with pytest.raises(KeyError):
        spool.append(asked(1, release="c" * 64))


def test_a_new_minute_begins_a_new_file_and_the_old_one_is_closed_by_the_sync(tmp_path):
    clock = Clock()
    spool = spool_in(tmp_path, clock=clock)
    spool.append(asked(1))
    spool.flush()
    clock.now += 60
    spool.append(asked(2))
    spool.flush()
    assert len(files(tmp_path, ".open")) == 2
    assert spool.sync()
    assert [records(path) for path in files(tmp_path, ".closed")] == [[asked(1)]]
    assert [records(path) for path in files(tmp_path, ".open")] == [[asked(2)]]


def test_a_minute_without_requests_closes_the_file_too(tmp_path):
    clock = Clock()
    spool = spool_in(tmp_path, clock=clock)
    spool.append(asked(1))
    spool.flush()
    clock.now += 60
    assert spool.flush()
    assert spool.sync()
    assert len(files(tmp_path, ".closed")) == 1
    assert not files(tmp_path, ".open")


def test_a_clock_that_jumps_back_ends_a_minute_too(tmp_path):
    clock = Clock()
    spool = spool_in(tmp_path, clock=clock)
    for step in (0, -7200, 7200, 10**7):
        clock.now += step
        spool.append(asked(1))
        spool.flush()
    assert spool.close()
    assert [len(records(path)) for path in files(tmp_path, ".closed")] == [1, 1, 1, 1]


def test_a_full_file_is_followed_by_another(tmp_path):
    spool = spool_in(tmp_path, rotate_bytes=1000)
    for number in range(20):
        spool.append(asked(number))
        spool.flush()
    spool.close()
    found = [records(path) for path in files(tmp_path, ".closed")]
    assert len(found) > 3
    assert sorted(record.id for each in found for record in each) == sorted(f"q{number}" for number in range(20))


def test_every_file_can_be_read_by_itself_when_a_flush_rotates_with_records_waiting(tmp_path):
    clock = Clock()
    spool = spool_in(tmp_path, clock=clock)
    spool.append(asked(1))
    spool.append(asked(2, release=TWO))
    spool.flush()
    spool.append(asked(3))
    spool.append(asked(4, release=TWO))
    clock.now += 60
    spool.flush()
    spool.close()
    for path in files(tmp_path, ".closed"):
        assert {frame.release for frame in frames.read(path.read_bytes()).frames[:1]} <= {ONE, TWO}
        described: set[str] = set()
        for frame in frames.read(path.read_bytes()).frames:
            if isinstance(frame, Record):
                assert frame.release in described
            else:
                described.add(frame.release)


def test_much_that_waits_is_told_and_too_much_is_lost_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("seakeep.prediction_log.spool.MOST_BYTES", 6 << 20)
    spool = spool_in(tmp_path)
    big = "x" * (1 << 20)
    told = [spool.append(asked(number, reason=big)) for number in range(8)]
    assert told == [False] * 3 + [True] * 5
    assert (spool.waiting, spool.counts.lost) == (6, 2)
    assert "the disk is too slow" in str(spool.problem)
    assert spool.flush()
    assert spool.problem is None
    assert not spool.append(asked(9))
    spool.close()
    assert spool.counts.written == 7


def test_appending_goes_on_while_a_write_waits_for_the_disk(tmp_path, monkeypatch):
    spool = spool_in(tmp_path)
    may, write = threading.Event(), os.write

    def slow(handle, content):
        assert may.wait(20)
        return write(handle, content)

    monkeypatch.setattr(os, "write", slow)
    spool.append(asked(1))
    batch = spool.take()
    disk = threading.Thread(target=spool.commit, args=(batch,))
    disk.start()
    for number in range(2, 500):
        spool.append(asked(number, release=TWO if number % 2 else ONE))
    assert spool.counts.written == 0
    may.set()
    disk.join()
    assert spool.close()
    assert [one.id for one in records(*files(tmp_path, ".closed"))] == [f"q{number}" for number in range(1, 500)]


def test_the_owner_holds_the_lock_while_the_file_is_open(tmp_path):
    spool = spool_in(tmp_path)
    spool.append(asked(1))
    spool.flush()
    handle = os.open(files(tmp_path, ".open")[0], os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    spool.close()
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


def test_a_disk_that_takes_no_more_costs_the_rows_at_hand_and_leaves_whole_frames(tmp_path):
    spool = spool_in(tmp_path)
    spool.append(asked(1))
    assert spool.flush()
    (path,) = files(tmp_path, ".open")
    with largest_file(path.stat().st_size + 100):  # so that a part of the write is taken
        spool.append(asked(2, release=TWO))
        spool.append(asked(3))
        assert not spool.flush()
        assert (spool.counts.lost, spool.counts.failures, spool.waiting) == (2, 1, 0)
        assert spool.problem is not None
        assert spool.problem.errno == errno.EFBIG
        assert records(path) == [asked(1)]
    spool.append(asked(4, release=TWO))
    assert spool.flush()
    assert spool.problem is None
    assert frames.read(path.read_bytes()).frames == [LATE, asked(1), MINUTES, asked(4, release=TWO)]
    assert (spool.counts.written, spool.counts.lost) == (2, 2)
    spool.close()


def test_a_folder_that_cannot_be_made_stops_logging_until_it_can(tmp_path):
    (tmp_path / "spool").write_text("in the way")
    spool = spool_in(tmp_path)
    spool.append(asked(1))
    assert not spool.flush()
    assert spool.problem is not None
    assert spool.counts.lost == 1
    (tmp_path / "spool").unlink()
    spool.append(asked(2))
    assert spool.flush()
    assert spool.close()
    assert records(files(tmp_path, ".closed")[0]) == [asked(2)]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
def test_no_error_of_the_disk_reaches_the_caller(tmp_path, monkeypatch, code):
    spool = spool_in(tmp_path)
    spool.append(asked(1))
    spool.flush()

    is_full = code in (errno.ENOSPC, errno.EDQUOT)

    def broken(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", broken)
        if not is_full:
            patched.setattr(os, "fdatasync", broken)
            patched.setattr(os, "ftruncate", broken)
        spool.append(asked(2))
        assert not spool.flush()
        assert spool.sync() == is_full
    assert spool.problem is not None
    assert spool.problem.errno == code
    spool.append(asked(3))
    assert spool.flush()
    assert spool.sync()
    assert spool.close()
    left = sorted([*files(tmp_path, ".closed"), *files(tmp_path, ".open")], key=lambda path: path.stat().st_mtime_ns)
    found = [one for path in left for one in records(path)]
    assert sorted(one.id for one in found) == ["q1", "q3"]
    assert len(left) == (1 if is_full else 2)  # after others the disk may be another one


def test_a_process_that_may_open_no_more_files_is_told_and_syncs_later(tmp_path):
    spool = spool_in(tmp_path)
    spool.append(asked(1))
    spool.flush()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        spool.append(asked(2))
        kept = spool.commit(spool.take())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not kept
    assert spool.problem is not None
    assert spool.problem.errno == errno.EMFILE
    assert spool.close()
    assert records(files(tmp_path, ".closed")[0]) == [asked(1), asked(2)]


def test_a_file_that_cannot_be_synced_at_its_end_is_left_open_without_an_owner(tmp_path, monkeypatch):
    spool = spool_in(tmp_path)
    spool.append(asked(1))
    spool.flush()

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", broken)
        assert not spool.close()
    (path,) = files(tmp_path, ".open")
    handle = os.open(path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


def test_a_file_that_cannot_be_locked_leaves_nothing_behind(tmp_path, monkeypatch):
    spool = spool_in(tmp_path)

    def broken(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", broken)
        spool.append(asked(1))
        assert not spool.flush()
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize("harm", ["unlinked", "folder removed", "folder is a file", "another file"])
def test_a_sync_finds_that_the_file_is_gone_and_the_next_flush_begins_another(tmp_path, harm):
    spool = Spool(tmp_path / "log" / "spool", boot="boot")
    spool.describe(LATE)
    spool.append(asked(1))
    assert spool.flush()
    assert spool.sync()
    if harm in ("unlinked", "another file"):
        (path,) = (tmp_path / "log" / "spool").iterdir()
        path.unlink()
        if harm == "another file":
            path.write_bytes(b"")
    else:
        shutil.rmtree(tmp_path / "log")
    if harm == "folder is a file":
        (tmp_path / "log").write_text("")
    spool.append(asked(2))
    assert spool.flush()
    assert not spool.sync()
    assert (spool.counts.lost, isinstance(spool.problem, OSError)) == (2, True)
    if harm == "folder is a file":
        (tmp_path / "log").unlink()
    spool.append(asked(3))
    assert spool.flush()
    assert spool.sync()
    assert (spool.counts.lost, spool.problem) == (2, None)
    (content,) = [path.read_bytes() for path in (tmp_path / "log" / "spool").iterdir() if path.stat().st_size]
    assert [frame.id for frame in frames.read(content).frames[1:]] == ["q3"]
    assert spool.close()


def test_the_rows_of_a_file_that_somebody_removed_are_counted_as_lost(tmp_path):
    spool = spool_in(tmp_path)
    spool.append(asked(1))
    spool.flush()
    files(tmp_path, ".open")[0].unlink()
    assert not spool.close()
    assert spool.counts.lost == 1


def test_syncing_from_another_thread_while_files_turn_loses_nothing(tmp_path):
    spool = spool_in(tmp_path, rotate_bytes=2000)
    stop = threading.Event()

    def sync() -> None:
        while not stop.is_set():
            spool.sync()

    thread = threading.Thread(target=sync)
    thread.start()
    for number in range(2000):
        spool.append(asked(number))
        if number % 3 == 0:
            spool.flush()
    stop.set()
    thread.join()
    assert spool.close()
    found = [record.id for path in files(tmp_path, ".closed") for record in records(path)]
    assert sorted(found) == sorted(f"q{number}" for number in range(2000))
    assert spool.counts.lost == 0


@pytest.mark.parametrize("call", ["fdatasync", "ftruncate"])
def test_a_file_of_which_nobody_knows_what_it_holds_takes_no_more(tmp_path, monkeypatch, call):
    """A disk that refused to flush says that all is well the next time; and half a frame would be cut off with what follows."""
    spool = spool_in(tmp_path)
    spool.append(asked(1))
    assert spool.commit(spool.take())

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    def half(handle, content, write=os.write):
        write(handle, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        if call == "ftruncate":
            patched.setattr(os, "write", half)
        spool.append(asked(2))
        assert not spool.commit(spool.take())
    spool.append(asked(3))
    assert spool.commit(spool.take())
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half)
        spool.append(asked(4))
        assert not spool.commit(spool.take())
    assert spool.close()
    read = [frames.read(path.read_bytes()).frames for path in files(tmp_path, ".closed")]
    found = [[one.id for one in each if isinstance(one, Record)] for each in read]
    assert sorted(found) == [["q1"] if call == "ftruncate" else ["q1", "q2"], ["q3"]]
    assert spool.counts.lost == 2  # q2 was promised by nobody, whether it can be read or not


def test_a_files_name_is_on_the_disk_with_its_first_row(tmp_path, monkeypatch):
    """A file that is flushed in a folder that is not may be nowhere after a loss of power."""
    flushed = []
    monkeypatch.setattr("seakeep.prediction_log.segments.flush", flushed.append)
    spool = spool_in(tmp_path)
    for number in range(3):
        spool.append(asked(number))
        assert spool.commit(spool.take())
    (opened,) = files(tmp_path, ".open")
    assert flushed[-1] == opened.parent
    assert flushed.count(opened.parent) == 1
    assert flushed[:-1] == list(opened.parent.parents[:3])
    spool.close()
