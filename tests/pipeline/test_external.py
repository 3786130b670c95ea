"""A rollout whose traffic a platform moves: arms are told apart by release, whatever shares and roles the servers had."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seakeep.core import Verdict
from seakeep.core.route import Arm, Route
from seakeep.pipeline.rollouts import verbs as rollouts
from seakeep.registry import Registry

from .world import World

QUICK = {"requests": 300, "seconds": 30, "tolerance": 0.03, "slow_ms": 100}


class Platform(World):
    """Pods that serve one release each, behind a weighted route that the registry knows nothing of."""

    share = 0.2
    role = "champion"

    def serve(self, seconds: float, **given) -> None:
        """As World does, by the platform's own shares; every pod logs the same role and revision 0."""
        with Registry(self.home) as registry:
            first, second = sorted(self.releases.values(), key=lambda each: each.version)
            kept = registry.route("tips")
            arms = (
                Arm("champion", first.release.digest, 1, 1 - self.share),
                Arm("challenger", second.release.digest, 2, self.share),
            )
            dealt = registry.set_route(replace(kept, arms=arms, shadows=()), why="the platform", at=self.now)
        super().serve(seconds, **given)
        with Registry(self.home) as registry:
            registry.documents.remove("route", "tips")
        assert dealt

    def _log(self, arm: Arm, route: Route, *rest) -> None:
        super()._log(replace(arm, role=self.role), replace(route, revision=0), *rest)


@pytest.fixture
def world(tmp_path, monkeypatch) -> Platform:
    monkeypatch.chdir(tmp_path)
    made = Platform(tmp_path / ".seakeep")
    made.release(b"first")
    made.release(b"second")
    return made


def start(world: World, **given) -> rollouts.Status:
    return rollouts.start("tips", plan="external", settings=QUICK | given, home=world.home, now=world.now)


def until_it_ends(world: World, *, looks: int = 60, **given) -> rollouts.Status:
    for _ in range(looks):
        world.serve(10, **{"rate": 40, **given})
        found = rollouts.advance("tips", home=world.home, now=world.now + 2)
        if found.rollout.ended:
            break
    return found


@pytest.mark.parametrize("role", ["champion", "challenger"])
def test_a_good_release_becomes_champion_whatever_its_pods_are_called(world, role):
    world.role = role
    assert start(world).rollout.phase == "external"
    found = until_it_ends(world)
    assert (found.rollout.phase, found.verdict) == ("promoted", Verdict.PASS)
    arms = found.rollout.evidence.errors
    assert 0.15 < arms.challenger.rows / (arms.challenger.rows + arms.champion.rows) < 0.25
    with Registry(world.home) as registry:
        assert registry.champion("tips").version == 2
        assert registry.route("tips").releases == (found.rollout.challenger.release,)


def test_a_release_that_errs_is_rolled_back(world):
    start(world)
    found = until_it_ends(world, errors=lambda version: 0.3 if version == 2 else 0.0)
    assert (found.verdict, found.rollout.decisions[-1].code) == (Verdict.FAIL, "rollout.errors")
    with Registry(world.home) as registry:
        assert registry.champion("tips").version == 1


def test_a_release_that_predicts_worse_is_rolled_back_when_labels_come(world):
    start(world)
    found = until_it_ends(world, good=lambda version: 0.8 if version == 1 else 0.3, label_after=15)
    assert found.rollout.decisions[-1].code == "rollout.goal"


def test_shares_that_grow_while_the_world_gets_harder_do_not_make_a_good_release_worse(world):
    """Labels of an hour come at once, the challenger answered mostly in its bad end; both are equally good at any time."""
    start(world, requests=100_000)
    for number in range(12):
        world.share = 0.05 if number < 6 else 0.6
        good = 0.9 if number < 6 else 0.55
        world.serve(300, rate=2, good=lambda version, good=good: good, label_after=3700 - number * 300)
    world.serve(600, rate=2)
    found = rollouts.advance("tips", home=world.home, now=world.now + 2)
    goal = found.rollout.evidence.goal
    assert goal.challenger.value > goal.champion.value + 0.05, "pooled, it looks worse"
    assert not goal.is_worse(0.05)
    assert found.rollout.phase == "external"


def test_a_route_that_somebody_changes_by_hand_ends_it(world):
    start(world)
    with Registry(world.home) as registry:
        second = max(world.releases.values(), key=lambda each: each.version)
        alone = Arm("champion", second.release.digest, 2)
        registry.set_route(replace(registry.route("tips"), arms=(alone,)), why="by hand", at=world.now)
    found = rollouts.advance("tips", home=world.home, now=world.now + 20)
    assert (found.rollout.phase, found.verdict) == ("aborted", Verdict.FAIL)
