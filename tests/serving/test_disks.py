"""Disks that are stuck, die, or are taken away under a running server: it answers, counts, says so, and logs again after."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import time

import pytest

from seakeep.prediction_log import PredictionLog

SHUTDOWN, NO_FLUSH = 0x8004587D, 2  # EXT4_IOC_SHUTDOWN and its flag
SAMPLED = pytest.param("sampled", marks=pytest.mark.slow)
SERIES = 'seakeep_log_{}{{model="flights"}}'


@pytest.fixture
def disk(tmp_path):
    """A file system of its own, of 16 MiB."""
    image, place = tmp_path / "image", tmp_path / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    made = subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=False, capture_output=True)
    mounted = made.returncode or subprocess.run(["mount", "-o", "loop", image, place], check=False).returncode
    if mounted:
        pytest.skip("mounting a file system needs more rights than there are here")
    try:
        yield place
    finally:
        subprocess.run(["fsfreeze", "-u", str(place)], check=False, capture_output=True)
        subprocess.run(["umount", "-l", str(place)], check=True)


@contextlib.contextmanager
def served(start, made, disk, *arguments):
    (made.home / "predictions").symlink_to(disk)
    with start("--follow", "flights", "--home", made.home, "--log-seconds", "0.2", *arguments) as server:
        yield server


def logs(answer, made):
    """Whether an answer's row is in the log."""
    found = PredictionLog.of(made.home, "flights").scan(labels=False).collect()
    return f"{answer['prediction_id']}.0" in set(found["@id"])


def is_writable(server):
    return server.metrics()[SERIES.format("writable")] == 1


@pytest.mark.slow
def test_a_disk_that_is_stuck_holds_no_answer_up_and_loses_none(start, release, keyed, row, disk):
    made = release(keyed(1))
    with served(start, made, disk) as server:
        first = server.infer({"rows": [row]})[1]
        server.until(lambda: logs(first, made))
        subprocess.run(["fsfreeze", "-f", str(disk)], check=True)
        try:
            slowest, answers = 0.0, []
            until = time.monotonic() + 4
            while time.monotonic() < until:
                began = time.monotonic()
                answers.append(server.infer({"rows": [row]})[1])
                slowest = max(slowest, time.monotonic() - began)
            told = is_writable(server)
        finally:
            subprocess.run(["fsfreeze", "-u", str(disk)], check=True)
        assert not told
        assert slowest < 1
        server.until(lambda: is_writable(server))
        server.until(lambda: all(logs(one, made) for one in (answers[0], answers[-1])))
        assert server.metrics()[SERIES.format("lost_rows_total")] == 0
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
    found = set(PredictionLog.of(made.home, "flights").scan(labels=False).collect()["@id"])
    assert {f"{one['prediction_id']}.0" for one in answers} <= found


@pytest.mark.parametrize("mode", ["interval", "acknowledged", SAMPLED])
def test_a_disk_that_dies_stops_logging_and_not_serving(start, release, keyed, row, disk, mode):
    """By ext4's own switch: from then on every write ends with EIO or EROFS."""
    made = release(keyed(1))
    with served(start, made, disk, "--log", mode, "--log-sample-seconds", "1") as server:
        assert server.infer({"rows": [row]})[0] == 200
        server.until(lambda: server.metrics()[SERIES.format("rows_total")] > 0)
        handle = os.open(disk, os.O_RDONLY)
        fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", NO_FLUSH))
        os.close(handle)
        lost = SERIES.format("lost_rows_total")
        server.until(lambda: server.infer({"rows": [row]})[0] == 200 and server.metrics()[lost] > 0)
        assert not is_writable(server)
        subprocess.run(["umount", "-l", str(disk)], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "another", str(disk)], check=True)
        server.until(lambda: server.infer({"rows": [row]})[0] == 200 and is_writable(server))
        answer = server.infer({"rows": [row]})[1]
        server.until(lambda: logs(answer, made))


@pytest.mark.parametrize("mode", ["interval", SAMPLED])
def test_a_disk_that_was_taken_away_stops_logging_until_another_is_there(start, release, keyed, row, tmp_path, mode):
    made = release(keyed(1))
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with served(start, made, first, "--log", mode, "--log-sample-seconds", "1") as server:
        assert server.infer({"rows": [row]})[0] == 200
        server.until(lambda: server.metrics()[SERIES.format("rows_total")] > 0)
        (made.home / "predictions").unlink()
        (made.home / "predictions").write_text("nothing is mounted here")
        server.until(lambda: (server.infer({"rows": [row]})[0] == 200) and not is_writable(server))
        (made.home / "predictions").unlink()
        (made.home / "predictions").symlink_to(second)
        server.until(lambda: (server.infer({"rows": [row]})[0] == 200) and is_writable(server))
        answer = server.infer({"rows": [row]})[1]
        server.until(lambda: logs(answer, made))
