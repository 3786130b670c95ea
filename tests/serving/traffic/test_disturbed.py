"""Short forms of the benchmarks that disturb a server: it goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BENCHMARKS = Path(__file__).parents[3] / "benchmarks/serving"


def figures(name, *options):
    command = [sys.executable, str(BENCHMARKS / name), "--json", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert done.returncode == 0, found
    return found


def test_a_soaked_server_mixes_no_answers_and_fails_none():
    found = figures("soak.py", "--minutes", 0.08, "--swap-seconds", 1, "--kill-seconds", 2, "--clients", 3)
    assert found["workers killed"] >= 1
    assert len(found["answers by release"]) == 2
    assert found["answers that were another's"] == found["failures"] == found["connections that broke otherwise"] == 0


def test_killed_workers_are_replaced_and_killed_servers_leave_nothing():
    found = figures("kills.py", "--workers-killed", 3, "--servers-killed", 3)
    assert found["answered meanwhile"] > 0
    assert found["processes left"] == 0
