"""Rollouts over a registry and a prediction log: what is let in, what is sent back, what is on record, what is refused."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from seakeep.core import Task, Verdict
from seakeep.core.errors import UsageError
from seakeep.monitoring.reading import TornLog
from seakeep.pipeline.rollouts import verbs as rollouts
from seakeep.pipeline.rollouts.errors import CannotRollOut
from seakeep.pipeline.rollouts.looking import Seen
from seakeep.prediction_log.damage import DamagedFile
from seakeep.registry import Registry
from seakeep.registry.errors import BadReference, TornRelease, UnreadableRegistry
from seakeep.rollout.errors import BadPlan, BadRollout

from .world import BEGAN, World

look = Seen.look
QUICK = {"copies": 200, "shadow_seconds": 10, "requests": 100, "seconds": 10, "shares": "0.2,0.5", "tolerance": 0.03}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two releases: the champion, and one to be let in."""
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path / ".seakeep")
    made.release(b"first")
    made.release(b"second")
    return made


def start(world: World, **given) -> rollouts.Status:
    settings = QUICK | given.pop("settings", {})
    return rollouts.start("tips", settings=settings, home=world.home, now=world.now, **given)


def advance(world: World, **given) -> rollouts.Status:
    """Ten seconds of traffic and a look at them."""
    world.serve(10, **{"rate": 40, **given})
    return rollouts.advance("tips", home=world.home, now=world.now + 2)


def until_it_ends(world: World, *, looks: int = 60, **given) -> rollouts.Status:
    for _ in range(looks):
        found = advance(world, **given)
        if found.rollout.ended:
            break
    return found


def test_a_good_release_becomes_champion_and_everything_is_on_record(world):
    assert start(world).rollout.title == "shadow"
    found = until_it_ends(world)
    assert (found.rollout.phase, found.verdict, found.next_look) == ("promoted", Verdict.PASS, None)
    with Registry(world.home) as registry:
        assert registry.champion("tips").version == 2
        assert registry.previous_champion("tips").version == 1
        assert registry.route("tips").releases == (found.rollout.challenger.release,)
        told = [entry.content["decision"] for entry in registry.journal.entries(kind="rollout", name="tips")]
        assert [each["after"] for each in told] == ["shadow", "canary", "canary", "promoted"]
        edges = registry.lineage("tips@2", "down").edges
        assert {(edge.target.kind, edge.stage) for edge in edges} == {("report", "rollout")}
        latest = registry.executions.reading(found.rollout.challenger.release)[0]
        assert (latest.verdict, latest.parameters["phase"]) == ("pass", "promoted")
        assert {each.name for each in latest.inputs} == {"tips@1", "tips@2"}


def test_the_server_follows_every_step_and_the_challenger_gets_its_share(world):
    start(world)
    shares = []
    while not rollouts.status("tips", home=world.home).rollout.ended:
        with Registry(world.home) as registry:
            route = registry.route("tips")
        shares.append([round(arm.share, 2) for arm in route.arms if arm.role == "challenger"])
        advance(world)
    assert [each for number, each in enumerate(shares) if not number or each != shares[number - 1]] == [
        [],
        [0.2],
        [0.5],
    ]


def test_a_bad_release_is_rolled_back_and_the_number_of_requests_is_told(world):
    start(world)
    found = until_it_ends(world, errors=lambda version: 0.3 if version == 2 else 0.0)
    assert (found.rollout.phase, found.verdict) == ("rolled_back", Verdict.FAIL)
    assert found.rollout.decisions[-1].code == "rollout.errors"
    assert f"after {found.rollout.evidence.requests.rows:,} requests" in found.report.checks[0].message
    with Registry(world.home) as registry:
        assert registry.champion("tips").version == 1
        assert registry.route("tips").releases == (found.rollout.champion.release,)


def test_a_slow_release_is_rolled_back(world):
    start(world, settings={"copies": 0, "slow_ms": 100})
    found = until_it_ends(world, slow=lambda version: 0.3 if version == 2 else 0.0)
    assert found.rollout.decisions[-1].code == "rollout.latency"


def test_the_limit_of_slow_requests_is_the_champions_own(world):
    start(world, settings={"copies": 0})
    found = until_it_ends(world, looks=5, slow=lambda version: 0.2 if version == 2 else 0.0)
    assert 2.9 < found.rollout.evidence.slow_ms <= 3.0
    rows = found.rollout.evidence.latency.champion.rows
    assert 0 < rows < found.rollout.evidence.errors.champion.rows
    assert until_it_ends(world, slow=lambda version: 0.2 if version == 2 else 0.0).rollout.phase == "rolled_back"


def test_worse_predictions_are_found_when_their_labels_arrive(world):
    start(world, settings={"copies": 0})
    found = until_it_ends(world, good=lambda version: 0.8 if version == 1 else 0.3, label_after=15)
    assert found.rollout.decisions[-1].code == "rollout.goal"
    assert found.rollout.evidence.goal.champion.value == pytest.approx(0.04, abs=1e-6)
    assert found.rollout.evidence.goal.challenger.value == pytest.approx(0.49, abs=1e-6)


def test_a_shadows_predictions_are_judged_too(world):
    start(world, settings={"copies": 100_000})
    found = until_it_ends(world, looks=4, good=lambda version: 0.8 if version == 1 else 0.3, label_after=1)
    assert (found.rollout.phase, found.rollout.decisions[-1].code) == ("rolled_back", "rollout.goal")


def test_disagreement_is_counted_over_pairs(world):
    start(world, settings={"copies": 100_000, "disagree_at_most": 0.9})
    found = until_it_ends(world, looks=3, disagree=0.25)
    assert found.rollout.evidence.copies == 1200
    assert found.rollout.evidence.shadow.challenger.value == pytest.approx(0.25, abs=0.05)


def test_a_request_of_many_rows_counts_once(world):
    start(world, settings={"copies": 100_000})
    found = advance(world, rows=7)
    assert found.rollout.evidence.errors.champion.rows == found.rollout.evidence.copies == 400


def test_lost_requests_of_an_arm_stop_the_rollout(world):
    start(world, settings={"copies": 0, "requests": 100_000})
    found = until_it_ends(world, lost=lambda role: role == "challenger" and world.draw.random() < 0.5)
    assert (found.rollout.phase, found.rollout.decisions[-1].code) == ("rolled_back", "rollout.sample_ratio")


def test_a_few_keys_with_all_the_traffic_do_not_look_like_a_broken_split(world):
    start(world, settings={"copies": 0, "requests": 100_000})
    found = until_it_ends(world, looks=12, keys=30)
    assert found.rollout.phase == "canary"
    assert sum(found.rollout.evidence.units) == 30


def test_the_split_is_judged_by_the_keys_that_requests_named(world, monkeypatch):
    """Thirty customers with many flights each: the flights are the rows' own keys."""
    append, flights = world.spool.append, itertools.count()

    def named(frame):
        if getattr(frame, "keys", None):
            frame.dealt, frame.keys = frame.keys[0], [f"flight {next(flights)}"]
        append(frame)

    monkeypatch.setattr(world.spool, "append", named)
    start(world, settings={"copies": 0, "requests": 100_000})
    found = until_it_ends(world, looks=4, keys=30)
    assert sum(found.rollout.evidence.units) == 30


def test_what_any_release_would_refuse_is_nobodys_error(world):
    start(world, settings={"copies": 0})
    found = until_it_ends(world, refused=lambda version: 0.4 if version == 1 else 0.0, reason="missing_value")
    assert found.rollout.phase == "promoted"
    assert found.rollout.evidence.errors.champion.value == 0


def test_a_stricter_contract_is_judged_by_what_it_refuses(world):
    stricter = world.release(b"third", missing=0.5)
    start(world, release=stricter.label, settings={"copies": 0})
    found = until_it_ends(world, refused=lambda version: 0.3 if version == 3 else 0.0)
    assert (found.rollout.phase, found.rollout.decisions[-1].code) == ("rolled_back", "rollout.errors")


def test_requests_that_cannot_be_read_are_nobodys_error_under_any_contract(world):
    start(world, release=world.release(b"third", missing=0.5).label, settings={"copies": 0})
    found = until_it_ends(world, refused=lambda version: 0.5 if version == 1 else 0.0, reason="bad_json")
    assert found.rollout.phase == "promoted"
    assert found.rollout.evidence.errors.champion.value == 0


def test_the_refusals_that_count_are_the_servers():
    from seakeep.pipeline.rollouts.looking import CONTRACT
    from seakeep.serving.server.refusals import CODES

    assert set(CONTRACT) <= set(CODES)


def test_requests_that_hang_count_when_they_are_over(world):
    start(world, settings={"copies": 100_000})
    arrived = world.now
    advance(world)
    with Registry(world.home) as registry:
        route = registry.route("tips")
    world.spool.append(hung(world, route, arrived + 1))
    world.spool.flush()
    before = rollouts.status("tips", home=world.home).rollout.evidence.errors.champion.rows
    found = advance(world, rate=1)
    assert found.rollout.evidence.errors.champion.rows == before + 10 + 1
    assert found.rollout.evidence.errors.champion.total == 1


def hung(world: World, route, at: float):
    """A request that arrived at `at`, failed after 15 seconds and was logged only then."""
    from seakeep.prediction_log import Record

    return Record(
        *(round(at * 1e6), "hung-for-long", route.arms[0].release, "champion", route.revision, 15_000.0, 1),
        outcome="failed",
        reason="timeout",
    )


def test_each_label_counts_once_also_when_it_is_corrected(world):
    from seakeep.prediction_log import Label

    start(world, settings={"copies": 100_000, "longest_seconds": 10_000})
    first = advance(world, label_after=3).rollout.evidence.goal.champion.rows
    for number in range(50):
        world.spool.append(Label(round((world.now + 1) * 1e6), "id", f"r{number:08}.0", True))
    world.spool.append(Label(round((world.now + 1) * 1e6), "id", "nobody.0", True))
    found = advance(world)
    assert 250 < first < 400
    assert found.rollout.evidence.goal.champion.rows == 400


def test_rows_of_one_request_count_as_one_loss_since_they_are_alike(world):
    start(world, settings={"copies": 100_000, "longest_seconds": 10_000})
    found = advance(world, label_after=1, rows=5).rollout.evidence.goal.champion
    assert 250 < found.rows < 400  # requests with labels so far, not five times as many rows
    assert found.value == pytest.approx(0.2**2, abs=1e-6)


@pytest.mark.parametrize("classes", [(0, 1), ("False", "True"), ("0", "1"), (0.0, 1.0)])
def test_releases_that_write_their_classes_differently_are_compared_by_what_they_mean(world, classes):
    other = world.release(b"third", classes=classes)
    start(world, release=other.label, settings={"copies": 100_000, "longest_seconds": 10_000})
    found = advance(world, label_after=1, good=lambda version: 0.8 if version == 1 else 0.7)
    goal = found.rollout.evidence.goal
    assert goal.champion.value == pytest.approx(0.2**2, abs=1e-6)
    assert goal.challenger.value == pytest.approx(0.3**2, abs=1e-6)
    assert found.rollout.evidence.shadow.challenger.value == 0


def test_a_class_that_one_release_does_not_know_is_a_miss_of_that_release(world):
    from seakeep.prediction_log import Label

    other = world.release(b"third", classes=("no", "yes"))
    start(world, release=other.label, settings={"copies": 100_000, "longest_seconds": 10_000})
    world.serve(10, rate=40)
    for number in range(400):
        world.spool.append(Label(round((world.now - 1) * 1e6), "id", f"r{number:08}.0", "yes"))
    world.spool.flush()
    goal = rollouts.advance("tips", home=world.home, now=world.now + 2).rollout.evidence.goal
    assert goal.champion.value == pytest.approx((1 + 0.8**2 + 0.2**2) / 2, abs=1e-6)
    assert goal.champion.rows == goal.challenger.rows > 0


def test_a_label_that_is_a_class_of_neither_release_is_no_evidence_and_takes_no_place(world):
    from seakeep.prediction_log import Label

    start(world, settings={"copies": 100_000, "longest_seconds": 10_000})
    world.serve(10, rate=40)
    for number in range(400):
        world.spool.append(Label(round((world.now - 1) * 1e6), "id", f"r{number:08}.0", "perhaps"))
    world.spool.flush()
    assert rollouts.advance("tips", home=world.home, now=world.now + 2).rollout.evidence.goal.champion.rows == 0
    world.now += 5
    for number in range(100):
        world.spool.append(Label(round(world.now * 1e6), "id", f"r{number:08}.0", True))
    assert advance(world).rollout.evidence.goal.champion.rows == 100


def test_a_number_is_judged_by_its_error_within_a_range(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path / ".seakeep", task=Task.REGRESSION)
    world.release(b"first")
    world.release(b"second")
    found = start(world, settings={"copies": 100_000, "loss_range": 40})
    assert found.rollout.plan.rules.loss_range == 40
    from seakeep.prediction_log import Label

    world.serve(10, rate=40, good=lambda version: 0.5 if version == 2 else 1.0)
    for number in range(400):
        world.spool.append(Label(round((world.now - 1) * 1e6), "id", f"r{number:08}.0", 10.0))
    world.spool.flush()
    found = rollouts.advance("tips", home=world.home, now=world.now + 2)
    goal = found.rollout.evidence.goal
    draws = found.rollout.evidence.shadow.challenger.value
    assert 0.4 < draws < 0.6
    assert goal.champion.value == pytest.approx(draws * 10 / 40)
    assert goal.challenger.value == pytest.approx(draws * 25 / 40)


def test_without_a_stated_range_the_training_labels_give_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    world = World(tmp_path / ".seakeep", task=Task.REGRESSION)
    world.release(b"first")
    world.release(b"second")
    assert start(world).rollout.plan.rules.loss_range == 1.0  # no statistics of the label at all


def test_looks_are_the_same_however_late_the_log_is_read(world, tmp_path):
    start(world)
    shutil.copytree(world.home, tmp_path / "late")
    found = until_it_ends(world, errors=lambda _: 0.01, label_after=7, keys=500)
    shutil.rmtree(tmp_path / "late" / "predictions", ignore_errors=True)
    shutil.copytree(world.home / "predictions", tmp_path / "late" / "predictions")
    late = rollouts.advance("tips", home=tmp_path / "late", now=world.now + 2)
    assert late.rollout == found.rollout
    assert late.report.digest == found.report.digest


def test_looking_twice_changes_nothing(world):
    start(world)
    first = advance(world)
    again = rollouts.advance("tips", home=world.home, now=world.now + 2)
    assert again.rollout == first.rollout
    assert rollouts.advance("tips", home=world.home, now=world.now - 500).rollout == first.rollout


def test_an_experiment_ends_with_a_verdict_and_the_champion_in_charge(world):
    settings = {"requests": 100, "seconds": 10, "share": 0.5, "slow_ms": 100}
    rollouts.start("tips", plan="experiment", settings=settings, home=world.home, now=world.now)
    found = until_it_ends(world, good=lambda version: 0.8 if version == 2 else 0.6, label_after=1)
    assert (found.rollout.outcome, found.verdict) == ("better", Verdict.PASS)
    with Registry(world.home) as registry:
        assert registry.champion("tips").version == 1
        assert len(registry.route("tips").arms) == 1


def test_a_step_without_evidence_is_held_and_aborted_by_a_person(world):
    start(world, settings={"longest_seconds": 20, "copies": 100_000})
    advance(world)
    assert advance(world).rollout.phase == "held"
    found = rollouts.abort("tips", reason="no traffic", home=world.home, now=world.now)
    assert (found.rollout.phase, found.verdict) == ("aborted", Verdict.FAIL)
    with Registry(world.home) as registry:
        assert registry.route("tips").shadows == ()
        assert registry.journal.entries(kind="rollout")[-1].content["decision"]["why"] == "no traffic"


def test_a_later_rollout_takes_the_place_of_one_that_is_over(world):
    start(world)
    rollouts.abort("tips", reason="x", home=world.home, now=world.now)
    world.now += 60
    assert start(world).rollout.began == world.now


def test_going_back_brings_the_earlier_release_back_whole(world):
    rollouts.start("tips", plan="immediate", settings={"reason": "a test"}, home=world.home, now=world.now)
    with Registry(world.home) as registry:
        assert registry.champion("tips").version == 2
    back = rollouts.rollback("tips", reason="complaints", home=world.home, now=world.now + 1)
    with Registry(world.home) as registry:
        assert back.version == registry.champion("tips").version == 1
        assert registry.route("tips").releases == (back.release.digest,)
        assert registry.journal.entries(kind="rollout")[-1].content == {"rollback": "complaints", "from": 2, "to": 1}
        assert registry.executions.reading(back.release.digest)[0].parameters["rollback"] == "complaints"
    with pytest.raises(CannotRollOut, match="tips has no earlier champion to go back to"):
        rollouts.rollback("tips", reason="again", home=world.home)


def test_a_champion_put_in_charge_by_somebody_else_ends_the_rollout_and_stays(world):
    start(world)
    advance(world)
    third = world.release(b"third")
    with Registry(world.home) as registry:
        registry.promote("tips", third.version, why="by hand")
    found = advance(world)
    assert found.rollout.phase == "aborted"
    assert found.rollout.decisions[-1].why == "another release was put in charge meanwhile"
    with Registry(world.home) as registry:
        assert registry.champion("tips").version == 3
        assert registry.route("tips").releases == (third.release.digest,)


def test_a_route_changed_by_hand_ends_the_rollout_and_stays(world):
    start(world)
    with Registry(world.home) as registry:
        present = registry.route("tips")
        by_hand = registry.set_route(replace(present, shadows=()), why="by hand")
    found = advance(world)
    assert (found.rollout.phase, found.rollout.decisions[-1].why) == (
        "aborted",
        "its route was changed by hand meanwhile",
    )
    with Registry(world.home) as registry:
        assert registry.route("tips") == by_hand


@pytest.mark.parametrize("after", ["shadow", "canary"])
def test_a_challenger_whose_files_are_gone_gets_no_more_traffic(world, after):
    start(world)
    while rollouts.status("tips", home=world.home).rollout.phase != after:
        advance(world)
    shutil.rmtree(next(each.folder for each in world.releases.values() if each.version == 2))
    found = until_it_ends(world)
    assert (found.rollout.phase, found.verdict) == ("aborted", Verdict.FAIL)
    assert found.rollout.decisions[-1].why == (
        "tips@2 cannot be served any more: the release's folder is absent or has no manifest"
    )
    with Registry(world.home) as registry:
        champion = registry.champion("tips")
        assert (champion.version, registry.route("tips").releases) == (1, (champion.release.digest,))


def test_a_clock_that_went_far_back_ends_the_rollout_and_a_small_step_does_not(world):
    start(world)
    advance(world)
    assert rollouts.advance("tips", home=world.home, now=world.now - 600).rollout.phase == "canary"
    found = rollouts.advance("tips", home=world.home, now=world.now - 86_400)
    assert found.rollout.phase == "aborted"
    assert found.rollout.decisions[-1].why == (
        "the clock went back by 24.0 hours, to before what was looked at: nothing new can be seen"
    )
    with Registry(world.home) as registry:
        assert [arm.version for arm in registry.route("tips").arms] == [1]


@pytest.mark.parametrize("task", [Task.BINARY, Task.REGRESSION])
@pytest.mark.parametrize("refused", [False, True])
def test_a_rollout_before_the_first_answer_waits(tmp_path, task, refused):
    world = World(tmp_path / ".seakeep", task=task)
    world.release(b"first")
    world.release(b"second")
    start(world)
    if refused:
        world.serve(10, errors=lambda version: 1.0, refused=lambda version: 1.0)
    found = rollouts.advance("tips", home=world.home, now=world.now + 60)
    assert (found.rollout.phase, found.verdict) == ("shadow", Verdict.INCONCLUSIVE)


def test_a_torn_log_is_told_and_nothing_is_looked_at_until_it_is_whole(world):
    start(world)
    world.serve(10, rate=40)
    world.spool.close()
    world.log.convert()
    part = next((world.home / "predictions").rglob("*.parquet"))
    whole = part.read_bytes()
    part.write_bytes(whole[:100])
    with pytest.raises(DamagedFile, match=f"{part.name} is damaged"):
        rollouts.advance("tips", home=world.home, now=world.now + 2)
    part.write_bytes(whole)
    found = rollouts.advance("tips", home=world.home, now=world.now + 2)
    assert found.rollout.evidence.errors.champion.rows == 400


def test_a_served_rollout_outlives_a_torn_log(world, monkeypatch):
    begun = start(world).rollout
    ended = rollouts.abort("tips", reason="a test", home=world.home)
    looks = iter([TornLog.because(world.log, OSError("cut")), ended])

    def next_look(*given, **named):
        found = next(looks)
        if isinstance(found, TornLog):
            raise found
        return found

    monkeypatch.setattr(rollouts, "status", lambda *given, **named: replace(ended, rollout=begun))
    monkeypatch.setattr(rollouts, "advance", next_look)
    troubles: list[Exception] = []
    assert rollouts.serve("tips", every=0.01, home=world.home, troubled=troubles.append) is ended
    assert [str(each) for each in troubles] == [str(TornLog.because(world.log, OSError("cut")))]


def test_an_hour_without_traffic_is_looked_at_once(world, monkeypatch):
    start(world)
    advance(world)
    looks = []
    monkeypatch.setattr(Seen, "look", lambda *given, **named: looks.append(named["end"]) or look(*given, **named))
    found = rollouts.advance("tips", home=world.home, now=world.now + 2 + 20 * 3600)
    assert found.rollout.phase == "canary"
    assert len(looks) < 100


def test_aborting_leaves_a_champion_alone_that_somebody_else_put_in_charge(world):
    start(world)
    third = world.release(b"third")
    with Registry(world.home) as registry:
        registry.promote("tips", third.version, why="by hand")
    rollouts.abort("tips", reason="x", home=world.home, now=world.now)
    with Registry(world.home) as registry:
        assert registry.route("tips").releases == (third.release.digest,)


def test_two_that_advance_at_once_count_the_log_once(world, monkeypatch):
    from seakeep.pipeline.rollouts import looking

    start(world)
    seen, entered = looking.see, []

    def interrupted(*arguments, **given):
        found = seen(*arguments, **given)
        if not entered:
            entered.append(1)
            rollouts.advance("tips", home=world.home, now=world.now + 2)
        return found

    monkeypatch.setattr(looking, "see", interrupted)
    found = advance(world)
    assert entered
    assert found.rollout.evidence.errors.champion.rows == 400


def test_serving_goes_on_until_the_end_and_over_a_locked_registry(world, monkeypatch):
    start(world)
    told, troubled, rounds = [], [], []
    real = rollouts.advance

    def traffic(seconds: float) -> None:
        rounds.append(seconds)
        world.serve(10, rate=40)

    def at_world_time(name, *, home):
        if len(rounds) == 2:
            raise UnreadableRegistry.unusable(home, "database is locked")
        return real(name, home=home, now=world.now + 2)

    monkeypatch.setattr(rollouts.time, "sleep", traffic)
    monkeypatch.setattr(rollouts, "advance", at_world_time)
    found = rollouts.serve("tips", every=7, home=world.home, told=told.append, troubled=troubled.append)
    assert found.rollout.phase == "promoted"
    assert [each.rollout.title for each in told] == ["shadow", "canary 20 %", "canary 50 %", "promoted"]
    assert len(troubled) == 1
    assert set(rounds) == {7}


class TestRefusals:
    """What is not done, and what the message says to do instead."""

    def test_a_release_that_failed_its_checks_is_let_in_only_with_a_reason(self, world):
        for verdict, words in ((Verdict.FAIL, "failed its checks"), (Verdict.INCONCLUSIVE, "are inconclusive")):
            bad = world.release(verdict.value.encode(), verdict)
            with pytest.raises(CannotRollOut, match=words) as caught:
                start(world, release=bad.label)
            assert "--force REASON" in caught.value.fix
            assert caught.value.verdict is verdict
        with pytest.raises(CannotRollOut, match="forcing a release needs a reason"):
            start(world, release=bad.label, force=" ")
        found = start(world, release=bad.label, force="the check is wrong")
        assert found.forced == "the check is wrong"
        with Registry(world.home) as registry:
            assert registry.journal.entries(kind="rollout")[0].content["forced"] == "the check is wrong"
            assert registry.executions.reading(bad.release.digest)[0].parameters["forced"] == "the check is wrong"

    def test_the_champion_does_not_roll_out_beside_itself(self, world):
        with pytest.raises(BadRollout, match="tips@1 is the champion already"):
            start(world, release="tips@1")

    def test_one_name_has_one_rollout(self, world):
        start(world)
        with pytest.raises(CannotRollOut, match="a rollout of tips@2 is under way: shadow") as caught:
            start(world)
        assert 'seakeep rollout abort tips --reason "…"' in caught.value.fix
        with pytest.raises(CannotRollOut, match="is under way"):
            rollouts.rollback("tips", reason="x", home=world.home)

    def test_without_a_champion_there_is_nothing_to_compare_with(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        world = World(tmp_path / ".seakeep")
        world.release(b"first", Verdict.FAIL)
        with pytest.raises(CannotRollOut, match="tips has no champion to roll out beside") as caught:
            start(world)
        assert "seakeep show tips@1" in caught.value.fix

    def test_without_a_later_release_there_is_nothing_to_let_in(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        world = World(tmp_path / ".seakeep")
        world.release(b"first")
        with pytest.raises(CannotRollOut, match="tips has no release after its champion, tips@1"):
            start(world)

    def test_an_unknown_plan_setting_and_release_name_the_nearest(self, world):
        with pytest.raises(UsageError, match="Did you mean 'canary'"):
            start(world, plan="canarry")
        with pytest.raises(BadPlan, match="Did you mean 'shares'"):
            start(world, settings={"share": 0.1})
        with pytest.raises(BadReference):
            start(world, release="tops@3")
        with pytest.raises(BadReference):
            rollouts.start("tops", home=world.home)

    def test_a_release_of_another_name_or_of_other_answers_is_refused(self, world):
        other = world.release(b"number", task=Task.REGRESSION)
        with pytest.raises(CannotRollOut, match="tips@3 answers regression, the champion tips@1 answers binary"):
            start(world, release=other.label)
        from .world import model

        with Registry(world.home) as registry:
            registry.register("tops", model(b"x", name="tops"), [], made_from={}, force=True)
        with pytest.raises(CannotRollOut, match="tops@1 is not a release of tips"):
            start(world, release="tops@1", force="x")

    def test_a_torn_release_meets_no_traffic(self, world):
        folder = next(each.folder for each in world.releases.values() if each.version == 2)
        (folder / "model.onnx").write_bytes(b"cut")
        with pytest.raises(TornRelease):
            start(world)

    def test_beside_a_torn_champion_nothing_is_rolled_out(self, world):
        shutil.rmtree(next(each.folder for each in world.releases.values() if each.version == 1))
        with pytest.raises(TornRelease, match="the release's folder is absent"):
            start(world)

    def test_what_is_not_there_or_over_cannot_be_moved(self, world):
        for call in (rollouts.status, rollouts.advance):
            with pytest.raises(CannotRollOut, match="there is no rollout of tips"):
                call("tips", home=world.home)
        start(world)
        rollouts.abort("tips", reason="x", home=world.home, now=world.now)
        with pytest.raises(CannotRollOut, match="the rollout of tips@2 is over already: aborted") as caught:
            rollouts.abort("tips", reason="x", home=world.home)
        assert caught.value.fix == "Start another: seakeep rollout start tips"
        rollouts.start("tips", plan="immediate", settings={"reason": "x"}, home=world.home, now=world.now)
        with pytest.raises(CannotRollOut) as caught:
            rollouts.abort("tips", reason="x", home=world.home)
        assert caught.value.fix == 'To undo it: seakeep rollout rollback tips --reason "…"'

    def test_what_is_done_by_hand_needs_a_reason(self, world):
        start(world)
        with pytest.raises(CannotRollOut, match="aborting a rollout needs a reason, found none"):
            rollouts.abort("tips", reason=" ", home=world.home)
        with pytest.raises(CannotRollOut, match="going back needs a reason, found none"):
            rollouts.rollback("tips", reason="", home=world.home)

    def test_a_locked_registry_is_told_and_nothing_is_changed(self, world, monkeypatch):
        start(world)
        world.serve(10, rate=40)
        monkeypatch.setattr("seakeep.registry.database.BUSY_SECONDS", 0.05)
        holder = sqlite3.connect(world.home / "registry.sqlite", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UnreadableRegistry, match="the registry is locked: another process has held it") as caught:
            rollouts.advance("tips", home=world.home, now=world.now + 2)
        assert caught.value.fix.startswith("See who it is and end it, then try again: fuser ")
        holder.execute("ROLLBACK")
        holder.close()
        found = rollouts.advance("tips", home=world.home, now=world.now + 2)
        assert found.rollout.evidence.errors.champion.rows == 400


def test_settings_of_the_project_are_the_plans_and_arguments_come_first(world, tmp_path):
    Path("seakeep.toml").write_text(
        '[rollout]\nshares = "0.1,0.3"\nrequests = 7\nslow_ms = 250\nalpha = 0.01\nlook_seconds = 5\n'
    )
    found = rollouts.start("tips", settings={"requests": 9}, home=world.home, now=BEGAN)
    plan = found.rollout.plan
    assert [(step.share, step.requests) for step in plan.steps[1:]] == [(0.1, 9), (0.3, 9)]
    assert (plan.rules.slow_ms, plan.rules.alpha) == (250.0, 0.01)
    assert found.next_look == BEGAN + 7


def test_where_requests_are_sampled_a_look_waits_until_their_minute_is_on_the_disk(world):
    Path("seakeep.toml").write_text('[serve]\nlog = "sampled"\nlog_sample_seconds = 30\n')
    assert rollouts.start("tips", home=world.home, now=BEGAN).next_look == BEGAN + 10 + 2 + 30
