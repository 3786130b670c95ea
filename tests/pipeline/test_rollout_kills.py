"""Kill -9 of `seakeep rollout serve` at random moments: what it ends at is what an undisturbed one ends at, on the same log."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seakeep.core import Verdict
from seakeep.pipeline.rollouts import verbs as rollouts
from seakeep.registry import Registry

from .world import World

SETTINGS = {
    "copies": 300,
    "shadow_seconds": 20,
    "requests": 150,
    "seconds": 20,
    "shares": "0.1,0.3,0.5",
    "tolerance": 0.03,
}
SERVE = [sys.executable, "-m", "seakeep", "rollout", "serve", "tips", "--every", "0.1", "--json", "--home"]


@pytest.fixture(params=["bad", pytest.param("good", marks=pytest.mark.slow)])
def played(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A home with a rollout that has begun and its whole log, as it was played; and the one where it ended."""
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path / "whole", seed=7)
    world.now = time.time() - 3600
    world.release(b"first")
    world.release(b"second")
    rollouts.start("tips", settings=SETTINGS, home=world.home, now=world.now)
    shutil.copytree(world.home, tmp_path / "begun")
    worse = 0.2 if request.param == "bad" else 0.01
    for _ in range(60):
        world.serve(10, rate=40, errors=lambda version: worse if version == 2 else 0.01, label_after=7)
        if rollouts.advance("tips", home=world.home, now=world.now + 2).rollout.ended:
            break
    shutil.copytree(world.home / "predictions", tmp_path / "begun" / "predictions", dirs_exist_ok=True)
    return tmp_path / "begun", tmp_path / "whole"


def lifetime(home: Path) -> float:
    """Seconds that an undisturbed serve takes from its start to the rollout's end."""
    started = time.monotonic()
    finish(home)
    return time.monotonic() - started


def killed(home: Path, moments: list[float]) -> int:
    """Serve, killed at these moments, then left to end; returns how many were killed before they had ended."""
    died = 0
    for moment in moments:
        process = subprocess.Popen([*SERVE, str(home)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            died += 1
    finish(home)
    return died


def finish(home: Path) -> None:
    done = subprocess.run([*SERVE, str(home)], capture_output=True, text=True, timeout=120, check=False)
    assert json.loads(done.stdout)["verdict"] == ("pass" if done.returncode == 0 else "fail"), done.stderr


def check_same(whole: Path, other: Path) -> None:
    first, second = (rollouts.status("tips", home=home) for home in (whole, other))
    assert second.rollout.decisions == first.rollout.decisions
    assert second.report.digest == first.report.digest
    assert second.rollout == first.rollout
    with Registry(whole) as expected, Registry(other) as found:
        assert found.champion("tips").version == expected.champion("tips").version
        assert found.route("tips") == expected.route("tips")
        journals = [[each.content for each in one.journal.entries(kind="rollout")] for one in (expected, found)]
        assert journals[0] == journals[1]
        assert found.verify().verdict is Verdict.PASS
        release = second.rollout.challenger.release
        assert len(found.executions.reading(release)) == len(expected.executions.reading(release))


def test_a_killed_rollout_goes_on_to_the_same_end(played, tmp_path):
    begun, whole = played
    shutil.copytree(begun, tmp_path / "undisturbed")
    whole_life = lifetime(tmp_path / "undisturbed")
    check_same(whole, tmp_path / "undisturbed")
    killed(begun, [random.Random(3).uniform(0.3, 0.9) * whole_life])
    check_same(whole, begun)


@pytest.mark.slow
def test_twenty_kills_of_a_rollout(played, tmp_path):
    begun, whole = played
    shutil.copytree(begun, tmp_path / "undisturbed")
    whole_life = lifetime(tmp_path / "undisturbed")
    draw, died = random.Random(4), 0
    for number in range(20):
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(begun, copy)
        died += killed(copy, [draw.uniform(0.2, 1.0) * whole_life])
        check_same(whole, copy)
    print(f"{died} of 20 were killed before they had ended")
    assert died >= 5
