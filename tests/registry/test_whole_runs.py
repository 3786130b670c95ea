"""Whole runs on PostgreSQL and S3, killed at any moment, or with the server killed under them: the next run comes to the same end."""

from __future__ import annotations

import random
import shutil
import time

import pytest

from seakeep.core import Verdict
from seakeep.registry import Registry

from . import projects

pytestmark = pytest.mark.platform
ROUNDS, KILLS = 4, 5


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.new_project(tmp_path_factory.mktemp("project") / "parcels")


def check_ended(place, release: str) -> None:
    """One release, the same as on files; everything on record is there, and nothing else after a sweep."""
    assert release == projects.release_on_files()
    with Registry.existing(place) as registry:
        assert [each.release.digest for each in registry.releases()] == [release]
        assert registry.champion("parcels").release.digest == release
        registry.clean()
        assert registry.verify().verdict is Verdict.PASS
        registry.sweep(hours=0)
        assert set(registry._objects) == registry._nouns.used() | registry._releases.used()
        assert registry.verify().verdict is Verdict.PASS
    assert not list(place.home.rglob(".tmp-*"))


def test_twenty_kills_of_whole_runs_come_to_the_same_release(project, new_place, servers, tmp_path):
    moments, died = random.Random(5), 0
    begun = time.monotonic()
    projects.release_on_files()
    whole = time.monotonic() - begun
    for number in range(ROUNDS):
        copy = shutil.copytree(project, tmp_path / f"parcels-{number}")
        place = new_place(tmp_path / f"home-{number}")
        given = projects.environment(place, servers.bucket.environment())
        for _ in range(KILLS):
            died += projects.killed_after(moments.uniform(0.1, 0.5) * whole, copy, given)
        check_ended(place, projects.run(copy, given)["release"])
    print(f"{died} of {ROUNDS * KILLS} were killed before they had ended")
    assert died >= ROUNDS * KILLS // 3


def test_a_run_outlives_the_database_or_tells_what_to_do(project, new_place, servers, tmp_path):
    moments, told = random.Random(6), []
    for number in range(2):
        copy = shutil.copytree(project, tmp_path / f"parcels-{number}")
        place = new_place(tmp_path / f"home-{number}")
        given = projects.environment(place, servers.bucket.environment())
        process = projects.begun(copy, given)
        time.sleep(moments.uniform(0.8, 2.5))
        servers.postgres.kill()
        time.sleep(moments.uniform(0, 0.5))
        servers.postgres.start()
        _, errors = process.communicate(timeout=projects.RUN_SECONDS)
        told.append((process.returncode, errors))
        assert "Traceback" not in errors
        assert process.returncode == 0 or "run it again" in errors.lower(), errors
        check_ended(place, projects.run(copy, given)["release"])
    print([(code, errors[-600:]) for code, errors in told])
