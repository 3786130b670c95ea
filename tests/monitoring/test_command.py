"""`seakeep monitor`: once and as a service, in words and as JSON; ended by SIGTERM, killed at any moment, locked out."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seakeep.core import Verdict, locks
from seakeep.monitoring import MonitorSettings
from seakeep.pipeline.control.alerts import Alert, receive
from seakeep.registry import Registry

from .conftest import NAME, Watched, raw

SETTINGS = ("--window", "1h", "--grace", "1s")


def command(watched: Watched, *arguments: str) -> list[str]:
    home = ("--home", str(watched.registry.home))
    return [sys.executable, "-m", "seakeep", "monitor", NAME, *SETTINGS, *home, *arguments]


def run(watched: Watched, *arguments: str, name: str = NAME) -> subprocess.CompletedProcess[str]:
    words = [name if word == NAME else word for word in command(watched, *arguments)]
    return subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=watched.registry.home.parent, timeout=120
    )


def test_once_judges_what_is_due_and_ends_with_the_verdicts_code(watched):
    watched.log(raw(2000, warmer=0.6), 0)
    done = run(watched, "--once")
    assert done.returncode == 1, done.stderr
    assert (
        "2026-03-02T00:00:00Z to 2026-03-02T01:00:00Z  flights@1  2,000 rows  fail: drift.kolmogorov_smirnov temp"
        in done.stdout
    )
    assert "opened: Column 'temp' moved" in done.stdout
    again = run(watched, "--once")
    assert (again.returncode, again.stdout.strip()) == (2, "no window has closed since the last look")


def test_once_as_json_is_one_document(watched):
    watched.log(raw(2000, warmer=0.6), 0)
    done = run(watched, "--once", "--json")
    told = json.loads(done.stdout)
    assert told["verdict"] == "fail"
    assert told["windows"][0]["failed"][0]["subject"] == "temp"
    assert told["windows"][0]["incidents"][0]["event"] == "opened"
    assert Path(told["windows"][0]["page"]).exists()


def test_alerts_that_fire_are_shown_and_move_no_cursor(watched):
    alert = Alert("8f2a", NAME, "Slow", "firing", 1_780_315_200.0, annotations={"summary": "p99\x1b[2J\nabove 1 s"})
    receive(watched.registry, (alert,), now=1_780_315_260.0)
    done = run(watched, "--once")
    assert "alert firing since 2026-06-01T12:00:00Z: Slow: p99 [2J above 1 s\n" in done.stdout
    (told,) = json.loads(run(watched, "--once", "--json").stdout)["alerts"]
    assert (told["fingerprint"], told["title"], told["began"]) == ("8f2a", "Slow", 1_780_315_200.0)


def test_a_log_that_is_not_there_yet_is_said_in_words(watched):
    done = run(watched, "--once")
    assert done.returncode == 2
    assert "no prediction of flights is on record yet; answer some: seakeep serve flights" in done.stdout


def test_an_unknown_name_is_told_the_nearest(watched):
    done = run(watched, "--once", name="flihgts")
    assert done.returncode == 3
    assert "Did you mean 'flights'?" in done.stderr


def test_a_wrong_length_is_told_with_an_example(watched):
    done = run(watched, "--once", "--window", "an hour")
    assert done.returncode == 3
    assert "a length of time in quotes" in done.stderr


def test_a_locked_registry_is_said_in_words(watched, monkeypatch):
    from seakeep.registry import database
    from seakeep.registry.errors import UnreadableRegistry

    watched.log(raw(300), 0)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    with Registry(watched.registry.home) as registry:
        from seakeep.monitoring import Monitor

        monitor = Monitor(registry, NAME, MonitorSettings(window="1h", grace="1s"))
        other = sqlite3.connect(watched.registry.home / "registry.sqlite", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UnreadableRegistry, match="locked"):
            monitor.tick(time.time())
        other.execute("ROLLBACK")
        other.close()
        assert monitor.tick(time.time())[0].rows == 300


def test_a_service_prints_a_line_a_window_and_ends_at_once_on_sigterm(watched):
    watched.log(raw(300), 0)
    process = subprocess.Popen(
        command(watched, "--every", "300"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert "300 rows" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert time.monotonic() - started < 30


def test_a_second_service_says_that_it_waits(watched):
    watched.log(raw(300), 0)
    with locks.alone(watched.registry.home / "locks" / f"monitor-{NAME}"):
        process = subprocess.Popen(
            command(watched, "--once"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        assert f"another monitor of flights is at work (process {os.getpid()}); waiting" in process.stderr.readline()
    out, _ = process.communicate(timeout=60)
    assert "300 rows" in out


@pytest.mark.slow
def test_a_monitor_killed_20_times_misses_no_window_and_doubles_none(watched):
    hours = 60
    labels = [watched.log(raw(1500, number, warmer=0.6 * (number % 7 == 3)), number) for number in range(hours)]
    for each in labels[::2]:
        watched.label(each)
    draw = random.Random(5)
    for _ in range(20):
        process = subprocess.Popen(command(watched, "--every", "0.1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        select.select([process.stdout], [], [], draw.uniform(0.5, 6.0))  # the first window's line, or this long
        time.sleep(draw.uniform(0.0, 0.4))
        assert process.poll() is None, process.communicate()[1]
        process.kill()
        process.communicate()
    assert run(watched, "--once").returncode in (0, 1, 2)
    lines = watched.lines()
    assert len({(line["window"]["start"], line["revision"]) for line in lines}) == len(lines)
    first = [line for line in lines if line["revision"] == 0]
    starts = [line["window"]["start"] for line in first]
    assert starts == sorted(starts)
    ends = [line["window"]["end"] for line in first]
    assert all(end == start for end, start in zip(ends, starts[1:], strict=False))
    assert len([line for line in first if line["rows"]]) == hours
    assert watched.registry.verify().verdict is Verdict.PASS
    assert not list(watched.registry.home.rglob("*.sqlite-journal"))
    opened = [line for line in watched.lines("incident") if line["event"] == "opened" and line["subject"] == "temp"]
    assert len(opened) == len({line["id"] for line in opened})
