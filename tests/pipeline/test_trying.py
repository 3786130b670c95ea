"""A release is served for a trial, its verdict is on record, and a rollout heeds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from seakeep.core import Verdict
from seakeep.pipeline import trying
from seakeep.pipeline.rollouts import verbs as rollouts
from seakeep.pipeline.rollouts.errors import CannotRollOut
from seakeep.registry import Registry
from seakeep.serving.checking import Limits
from seakeep.testing.example_models import example_model

from .world import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A champion, and a release with a graph that no server can load."""
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path / ".seakeep")
    made.release(b"first")
    made.release(b"second")
    return made


@pytest.fixture
def tried(world):
    """The report of the second release's trial."""
    return trying.check(["tips@2"], home=world.home)


def start(world, **given):
    return rollouts.start("tips", home=world.home, now=world.now, **given)


def test_a_release_that_cannot_be_served_is_not_let_in(world, tried):
    assert tried.verdict is Verdict.FAIL
    with pytest.raises(CannotRollOut) as caught:
        start(world)
    assert str(caught.value) == (
        "tips@2 failed when it was served for a trial (rollout of tips@2)\n"
        "  A server of it did not start, answered otherwise than when it was made, or took too long or too much.\n"
        "  See why: seakeep serve tips@2 --check. To roll it out all the same, on record: --force REASON"
    )
    assert start(world, force="the trial's machine has no room").forced == "the trial's machine has no room"


@pytest.mark.slow
def test_the_latest_verdict_counts_and_all_are_in_the_journal(world, tried, monkeypatch):
    passed = tried.__class__("serving", "t", "tips@2", tuple(_passed(each) for each in tried.checks))
    monkeypatch.setattr(trying, "judge", lambda *_: passed)
    trying.check(["tips@2"], home=world.home)
    with Registry.existing(world.home) as registry:
        digest = registry.resolve("tips@2").release.digest
        assert trying.verdict_of(registry, digest) is Verdict.PASS
        assert trying.verdict_of(registry, "0" * 64) is None
        lines = registry.journal.entries(kind=trying.KIND, name="tips")
        assert [line.content["verdict"] for line in lines] == ["fail", "pass"]
        assert lines[0].content["checks"][0]["code"] == "serving.starts"
    assert start(world).rollout.name == "tips"


def _passed(check):
    return type(check)(check.code, check.subject, Verdict.PASS, check.message)


def test_a_trial_that_is_a_condition_is_made_when_the_rollout_is_started(world, tmp_path):
    (tmp_path / "seakeep.toml").write_text("[rollout]\nneeds_check = true\n")
    with pytest.raises(CannotRollOut, match="tips@2 failed when it was served for a trial"):
        start(world)
    with Registry.existing(world.home) as registry:
        digest = registry.resolve("tips@2").release.digest
        assert trying.verdict_of(registry, digest) is Verdict.FAIL
        registry.documents.put(trying.KIND, digest, {"verdict": "inconclusive"}, expected=1)
    with pytest.raises(CannotRollOut) as caught:
        start(world)
    assert str(caught.value) == (
        "the trial of tips@2 is inconclusive, expected one that passed (rollout.needs_check) (rollout of tips@2)\n"
        "  It holds no examples to answer, as releases that an older version registered.\n"
        "  Register it again: seakeep run. To roll it out all the same, on record: --force REASON"
    )


@pytest.mark.slow
def test_a_folder_is_tried_and_on_no_record_with_limits_of_the_settings(world, tmp_path, monkeypatch):
    (tmp_path / "seakeep.toml").write_text("[check]\nstart_seconds = 60.0\np99_ms = 5000\nmemory_mb = 4096\n")
    example_model(name="flights").save(tmp_path / "model")
    asked, judge = [], trying.judge
    monkeypatch.setattr(trying, "judge", lambda *given: asked.append(given) or judge(*given))
    report = trying.check([tmp_path / "model", "tips@1"], home=world.home)
    assert asked[0][2] == Limits(60, 5000, 4096)
    assert report.checks[0].subject == str(tmp_path / "model")
    assert report.subject.endswith(", tips@1")
    with Registry.existing(world.home) as registry:
        assert len(registry.journal.entries(kind=trying.KIND)) == 1
