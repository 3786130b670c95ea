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
    from seakeep.registry.place import Place

FOLDER = str(__file__).rpartition("/")[0]
CHILD = """
import itertools, sys
sys.path.insert(0, sys.argv[1])
from conftest import model, report
from seakeep.registry import Registry
from pathlib import Path
from seakeep.registry.place import Place
registry = Registry(Place(Path(sys.argv[2]), *sys.argv[3:]))
print("ready", flush=True)
for number in itertools.count():
    made = model(b"%d " % number * 5000)
    registry.put(made)
    registry.register("tips", made, [report()], made_from={})
"""


def kill_while_registering(place: Place, seconds: float) -> None:
    process = subprocess.Popen(command(place), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    process.wait()
    process.stdout.close()


def command(place: Place) -> list[str]:
    return [sys.executable, "-c", CHILD, FOLDER, str(place.home), place.database, place.objects]


def check_whole(place: Place) -> None:
    with Registry(place) as registry:
        registry.clean()
        report = registry.verify()
        assert report.verdict is Verdict.PASS, report.failed
        versions = [each.version for each in registry.releases()]
        assert versions == list(range(1, len(versions) + 1))
        assert not versions or registry.resolve("tips").version == 1
    assert not list(place.home.rglob(".tmp-*"))


@pytest.mark.parametrize("seconds", [0.0, 0.004, 0.02])
def test_a_kill_leaves_a_whole_registry(place, seconds) -> None:
    kill_while_registering(place, seconds)
    check_whole(place)


@pytest.mark.slow
def test_forty_kills_of_two_processes_leave_a_whole_registry(place) -> None:
    moments = random.Random(1)
    other = subprocess.Popen(command(place), stdout=subprocess.DEVNULL)
    for _ in range(40):
        kill_while_registering(place, moments.uniform(0, 0.3))
    other.kill()
    other.wait()
    check_whole(place)
