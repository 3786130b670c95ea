"""Kill -9 while registering, at random moments: what is on record is whole, and what is left over is removed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from seakeep.core import Verdict
from seakeep.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = str(__file__).rpartition("/")[0]
CHILD = """
import itertools, sys
sys.path.insert(0, sys.argv[1])
from conftest import model, report
from seakeep.registry import Registry
registry = Registry(sys.argv[2])
print("ready", flush=True)
for number in itertools.count():
    made = model(b"%d " % number * 5000)
    registry.put(made)
    registry.register("tips", made, [report()], made_from={})
"""


def kill_while_registering(home: Path, seconds: float) -> None:
    process = subprocess.Popen([sys.executable, "-c", CHILD, FOLDER, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    process.wait()
    process.stdout.close()


def check_whole(home: Path) -> None:
    with Registry(home) as registry:
        registry.clean()
        report = registry.verify()
        assert report.verdict is Verdict.PASS, report.failed
        versions = [each.version for each in registry.releases()]
        assert versions == list(range(1, len(versions) + 1))
        assert not versions or registry.resolve("tips").version == 1
    assert not list(home.rglob(".tmp-*"))


@pytest.mark.parametrize("seconds", [0.0, 0.004, 0.02])
def test_a_kill_leaves_a_whole_registry(home, seconds) -> None:
    kill_while_registering(home, seconds)
    check_whole(home)


@pytest.mark.slow
def test_forty_kills_of_two_processes_leave_a_whole_registry(home) -> None:
    moments = random.Random(1)
    other = subprocess.Popen([sys.executable, "-c", CHILD, FOLDER, str(home)], stdout=subprocess.DEVNULL)
    for _ in range(40):
        kill_while_registering(home, moments.uniform(0, 0.3))
    other.kill()
    other.wait()
    check_whole(home)
