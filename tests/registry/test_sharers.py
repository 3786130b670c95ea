"""Processes that change one thing at once, on PostgreSQL: nothing is lost, nothing is done twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from tests.pipeline import world as worlds

from seakeep.core import Verdict
from seakeep.pipeline.rollouts import verbs as rollouts
from seakeep.registry import Registry
from seakeep.registry.place import Place

from . import projects

pytestmark = pytest.mark.platform
PROCESSES, CHANGES = 8, 25
COUNTER = """
import sys
from pathlib import Path
from seakeep.registry import Registry
from seakeep.registry.documents import DocumentChanged
from seakeep.registry.place import Place
lost = 0
with Registry(Place(Path(sys.argv[1]), sys.argv[2])) as registry:
    for _ in range(int(sys.argv[3])):
        while True:
            found = registry.documents.get("cursor", "count")
            try:
                registry.documents.put("cursor", "count", found.content + 1, expected=found.revision)
            except DocumentChanged:
                lost += 1
            else:
                break
print(lost)
"""
SETTINGS = {
    "copies": 300,
    "shadow_seconds": 20,
    "requests": 150,
    "seconds": 20,
    "shares": "0.1,0.3,0.5",
    "tolerance": 0.03,
}


def test_eight_processes_count_together(new_place, tmp_path):
    place = new_place(tmp_path / "home")
    with Registry(place) as registry:
        registry.documents.put("cursor", "count", 0, expected=None)
        argv = [sys.executable, "-c", COUNTER, str(place.home), place.database, str(CHANGES)]
        writers = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        refused = [int(writer.communicate(timeout=120)[0]) for writer in writers]
        assert [writer.returncode for writer in writers] == [0] * PROCESSES
        found = registry.documents.get("cursor", "count")
        assert (found.content, found.revision) == (PROCESSES * CHANGES, PROCESSES * CHANGES + 1)
    print(f"{sum(refused)} changes were refused and made again")


@pytest.mark.parametrize("worse", [0.2, 0.01])
def test_two_processes_that_serve_a_rollout_decide_as_one(new_place, servers, tmp_path, monkeypatch, worse):
    whole = new_place(tmp_path / "whole")
    use(whole, monkeypatch)
    begun = play(whole, servers, worse, tmp_path, monkeypatch)
    given = os.environ | projects.environment(begun, servers.bucket.environment())
    argv = [*projects.SEAKEEP, "rollout", "serve", "tips", "--every", "0.1", "--json"]
    both = [
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=given) for _ in range(2)
    ]
    for process in both:
        answer, errors = process.communicate(timeout=120)
        assert json.loads(answer)["verdict"] == ("pass" if process.returncode == 0 else "fail"), errors
    expected, found = (ended(place, monkeypatch) for place in (whole, begun))
    assert found == expected
    assert expected["decisions"]


def use(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAKEEP_DATABASE", place.database)
    monkeypatch.setenv("SEAKEEP_OBJECTS", place.objects)
    monkeypatch.setattr(worlds, "Registry", lambda home: Registry(Place(home, place.database, place.objects)))


def play(whole: Place, servers, worse: float, tmp_path, monkeypatch) -> Place:
    """Play a rollout to its end; returns the same one as it had begun, with its whole log."""
    world = worlds.World(whole.home, seed=7)
    world.now = time.time() - 3600
    world.release(b"first")
    world.release(b"second")
    rollouts.start("tips", settings=SETTINGS, home=world.home, now=world.now)
    begun = Place(tmp_path / "begun", whole.database + "_begun", whole.objects)
    names = (whole.database.rpartition("/")[2], begun.database.rpartition("/")[2])
    servers.postgres.ask(f"CREATE DATABASE {names[1]} TEMPLATE {names[0]}")
    shutil.copytree(whole.home, begun.home)
    for _ in range(60):
        world.serve(10, rate=40, errors=lambda version: worse if version == 2 else 0.01, label_after=7)
        if rollouts.advance("tips", home=world.home, now=world.now + 2).rollout.ended:
            break
    shutil.copytree(whole.home / "predictions", begun.home / "predictions", dirs_exist_ok=True)
    return begun


def ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """All that two rollouts to the same end have in common."""
    use(place, monkeypatch)
    status = rollouts.status("tips", home=place.home)
    with Registry.existing(place) as registry:
        assert registry.verify().verdict is Verdict.PASS
        return {
            "decisions": status.rollout.decisions,
            "rollout": status.rollout,
            "report": status.report.digest,
            "champion": registry.champion("tips").version,
            "route": registry.route("tips"),
            "journal": [each.content for each in registry.journal.entries(kind="rollout")],
            "executions": len(registry.executions.reading(status.rollout.challenger.release)),
        }
