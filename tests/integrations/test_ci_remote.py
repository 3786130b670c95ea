"""The workflows of GitHub with the registry on a real PostgreSQL and in a real bucket: runners keep nothing, and a check may only read."""

from __future__ import annotations

import pytest

from ..registry.servers import Servers  # noqa: TID252  (started there as well)
from .hosted import branch, merge, parcels
from .runner import GitHub

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def servers():
    with Servers.started() as started:
        yield started


@pytest.fixture
def platform(servers, tmp_path, monkeypatch):
    """A platform whose runners write to the registry as `ann` and, in checks, read it as `reader`."""
    place = servers.place(tmp_path / "unused")
    name = place.database.rpartition("/")[2]
    found = GitHub(tmp_path)
    reading = servers.postgres.address(name, user="reader", password="looks")
    found.secrets = {
        "SEAKEEP_DATABASE": place.database,
        "SEAKEEP_DATABASE_READ": reading,
        "SEAKEEP_OBJECTS": place.objects,
    }

    def identity(who: str) -> None:
        for variable, value in servers.bucket.environment(who).items():
            monkeypatch.setenv(variable, value)

    return found, name, identity


def test_runners_that_keep_nothing_find_the_champion_and_a_check_only_reads_it(servers, platform, tmp_path):
    hosted, database, identity = platform
    project = parcels(tmp_path, "github-actions", state="remote")
    identity("writer")
    first = hosted.run("seakeep-release", "release", event="push", branch="main")
    assert first.code == 0, first.output
    assert not hosted.caches
    servers.postgres.ask(
        "CREATE ROLE reader LOGIN PASSWORD 'looks'",
        "GRANT USAGE ON SCHEMA seakeep TO reader",
        "GRANT SELECT ON ALL TABLES IN SCHEMA seakeep TO reader",
        database=database,
    )
    branch(project, "good", {"pipeline.py": ("n_estimators=120", "n_estimators=119")})
    identity("reader")
    checked = hosted.run("seakeep-check", "check", event="pull_request", branch="good", base="main")
    assert checked.code == 0, checked.output
    assert "beside the champion parcels@1" in checked.summary

    told, hosted.secrets = hosted.secrets, {}  # a fork's
    fork = hosted.run("seakeep-check", "check", event="pull_request", branch="good", base="main")
    assert fork.code == 0, fork.output
    assert "with no champion on record" in fork.summary

    hosted.secrets = told
    merge(project, "good")
    identity("writer")
    merged = hosted.run("seakeep-release", "release", event="push", branch="main")
    assert merged.code == 0, merged.output
    assert "the rollout of parcels@2 is open" in merged.output
    for text in (first, checked, merged):
        assert "tiger" not in text.output
        assert "looks" not in text.output
