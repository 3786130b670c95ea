"""The machine: what one look leads to, in every phase."""

from __future__ import annotations

import pytest

from seakeep.core.codec import from_json, to_json
from seakeep.rollout import Look, Party, Plan, Rollout, Rules, Step, Stratum, Tally, abort, begin, make_plan, observe
from seakeep.rollout.codes import MOVES
from seakeep.rollout.errors import BadRollout
from seakeep.rollout.evidence import CALIBRATION
from seakeep.rollout.judging import waiting
from seakeep.rollout.state import KEPT_LOOKS, TRANSITIONS, kept

from .courses import CHALLENGER, CHAMPION, QUICK, after, begun, look


def test_a_good_release_goes_from_shadow_over_every_share_to_champion():
    rollout, titles = begun(), []
    while not rollout.ended:
        rollout = after(rollout)
        titles.append(rollout.title)
    assert list(dict.fromkeys(titles)) == ["canary 5 %", "canary 25 %", "canary 50 %", "promoted"]
    assert [each.code for each in rollout.decisions] == ["rollout.begin", *["rollout.step"] * 4]
    assert rollout.decisions[-1].rows == rollout.evidence.requests.rows


@pytest.mark.parametrize(
    ("course", "code", "why"),
    [
        ({"errors": (0.005, 0.05)}, "rollout.errors", "the challenger's rate of errors is"),
        ({"slow": (0.01, 0.2)}, "rollout.latency", "the challenger's rate of slow requests is"),
        ({"losses": (0.1, 0.4)}, "rollout.goal", "the challenger's loss is 0.4000"),
        ({"mismatch": 0.5}, "rollout.sample_ratio", "requests do not fall on the arms as they were dealt out"),
    ],
)
def test_what_is_worse_is_rolled_back_and_told(course, code, why):
    canary = after(begun())
    rollout = after(canary, 12, **course)
    assert rollout.phase == "rolled_back"
    assert rollout.decisions[-1].code == code
    assert why in rollout.decisions[-1].why
    assert rollout.decisions[-1].step == rollout.step


def test_a_broken_split_is_named_before_what_it_spoils():
    rollout = after(after(begun()), 12, mismatch=0.5, errors=(0.005, 0.05))
    assert rollout.decisions[-1].code == "rollout.sample_ratio"


def test_a_shadow_that_answers_otherwise_is_rolled_back_only_where_that_is_limited():
    assert after(begun(), differing=0.5).phase == "canary"
    rollout = after(begun(disagree_at_most=0.1), differing=0.5)
    assert (rollout.phase, rollout.decisions[-1].code) == ("rolled_back", "rollout.shadow")
    assert (
        "50 % (2,000 of 4,000) of the copies were answered otherwise, at most 10 % are allowed"
        in rollout.decisions[-1].why
    )
    waits = after(begun(disagree_at_most=0.1, copies=10), requests=40, differing=0.2, errors=(0, 0))
    assert any("fewer copies answered otherwise: 20 %" in each for each in waiting(waits))


def test_a_step_needs_its_requests_its_time_and_its_evidence():
    rollout = begun(shadow_seconds=30)
    assert waiting(after(rollout, requests=60)) == (
        "60 of 100 copies",
        "20 of 30 seconds",
        "evidence that the rate of errors is less than 0.01 above the champion's",
    )
    assert waiting(after(rollout)) == ("20 of 30 seconds",)
    assert after(rollout, seconds=40).phase == "canary"


def test_more_requests_of_an_earlier_route_do_not_end_a_step():
    canary = after(begun())
    tally = Tally(4000, 20, 4000, 40, 4000)
    late = observe(canary, Look((Stratum(tally, tally, present=False),)), at=100)
    assert late.evidence.step_requests == 0
    assert late.evidence.units == (0, 0)
    assert late.evidence.errors.challenger.rows == 8000


def test_labels_are_waited_for_where_the_plan_says_so():
    rollout = begun(labelled=1000, shares="0.5", copies=0)
    rollout = after(rollout, 3)
    assert waiting(rollout) == (
        "0 of 1,000 labelled requests",
        "evidence that the loss is less than 0.02 above the champion's",
    )
    assert after(rollout, 8, losses=(0.2, 0.2)).phase == "promoted"


def test_slow_requests_are_judged_once_the_champions_own_are_known():
    canary = after(begun(slow_ms=None, tolerance=0.1), requests=CALIBRATION // 2, errors=(0, 0))
    assert canary.phase == "canary"
    assert any("to know slow ones" in each for each in waiting(canary))
    known = after(canary, p99=80.0)
    assert known.evidence.slow_ms == 80.0
    assert known.evidence.latency.challenger.rows == 0
    assert after(known, p99=5.0).evidence.slow_ms == 80.0


@pytest.mark.parametrize(("otherwise", "phase"), [("hold", "held"), ("roll_back", "rolled_back")])
def test_a_step_without_evidence_in_its_time_ends_as_the_rules_say(otherwise, phase):
    rollout = observe(begun(otherwise=otherwise), Look(), at=1000)
    assert rollout.phase == phase
    assert rollout.decisions[-1].code == "rollout.time"
    assert "shadow took 1,000 seconds and still waits for: 0 of 100 copies" in rollout.decisions[-1].why


def test_a_held_rollout_is_watched_on():
    held = observe(begun(), Look(), at=1000)
    assert held.title == "held at shadow"
    assert observe(held, Look(), at=9000).phase == "held"
    assert after(held).title == "canary 5 %"
    assert after(held).decisions[-1].before == "held"
    assert after(held, 5, errors=(0.0, 0.2)).phase == "rolled_back"


@pytest.mark.parametrize(
    ("losses", "outcome"),
    [((0.4, 0.2), "better"), ((0.2, 0.4), "worse"), ((0.3, 0.3), "no_difference")],
)
def test_an_experiment_ends_with_what_it_found(losses, outcome):
    plan = make_plan("experiment", {"requests": 100, "seconds": 10, "slow_ms": 100})
    rollout = after(begun(plan), 60, losses=losses)
    assert (rollout.phase, rollout.outcome) == ("concluded", outcome)
    assert rollout.decisions[-1].code == "rollout.goal"
    assert rollout.decisions[-1].why.startswith("the challenger's loss minus the champion's is between ")


def test_an_experiment_is_undecided_when_its_time_is_up_and_guarded_until_then():
    plan = make_plan("experiment", {"requests": 100, "seconds": 10, "slow_ms": 100, "longest_seconds": 100})
    assert after(begun(plan), losses=(0.3, 0.3), labelled=5).phase == "experiment"
    assert after(begun(plan), 5, losses=(0.3, 0.3), labelled=5).outcome == "undecided"
    assert after(begun(plan), 5, errors=(0.0, 0.2)).phase == "rolled_back"


def test_an_experiment_gives_no_verdict_before_its_least_requests_and_time():
    plan = make_plan("experiment", {"requests": 100_000, "seconds": 10, "slow_ms": 100})
    assert after(begun(plan), 5, losses=(0.2, 0.4)).phase == "experiment"


def test_immediate_promotes_at_once_and_keeps_the_reason():
    rollout = begun(make_plan("immediate", {"reason": "the champion leaks"}))
    assert rollout.phase == "promoted"
    assert rollout.decisions[0].why == "the champion leaks"
    assert observe(rollout, Look(), at=10) is rollout


def test_a_plan_may_promote_straight_from_the_shadow():
    plan = Plan("x", (Step("shadow", 0.0, 10, 1.0),), Rules(labelled=100))
    assert after(begun(plan), losses=(0.2, 0.2)).phase in ("shadow", "promoted")
    assert after(begun(plan), 10, losses=(0.2, 0.2)).phase == "promoted"


def test_aborting_ends_once():
    rollout = abort(after(begun()), reason="the feed is being repaired", at=50)
    assert (rollout.phase, rollout.last, rollout.decisions[-1].why) == ("aborted", 50, "the feed is being repaired")
    assert abort(rollout, reason="again", at=60) is rollout
    assert waiting(rollout) == ()


def test_a_release_does_not_roll_out_beside_itself():
    with pytest.raises(BadRollout, match="m@1 is the champion already") as caught:
        begin(make_plan("canary"), name="m", champion=CHAMPION, challenger=Party(CHAMPION.release, 1), at=0)
    assert caught.value.fix == "Name another release: seakeep releases m"


def test_time_never_runs_back():
    rollout = after(begun())
    assert observe(rollout, Look(), at=-1e9).last == rollout.last
    assert abort(rollout, reason="x", at=-1e9).decisions[-1].at == rollout.last


def test_empty_looks_leave_no_trace_but_the_time():
    rollout = after(begun())
    quiet = rollout
    for second in range(1000):
        quiet = observe(quiet, Look(), at=rollout.last + second / 10)
    assert (quiet.looks, quiet.evidence) == (rollout.looks, rollout.evidence)


def test_the_state_stays_small_and_sums_stay_whole():
    rollout = begun(requests=10**9, longest_seconds=1e9)
    for _ in range(1100):
        rollout = after(rollout, requests=100)
    assert len(rollout.looks) <= KEPT_LOOKS
    assert sum(each.challenger_requests for each in rollout.looks) == rollout.evidence.errors.challenger.rows
    assert len(to_json(rollout)) < 250_000
    assert kept(rollout.looks[:5]) == rollout.looks[:5]


def test_the_state_is_written_and_read_whole():
    for rollout in (begun(), after(begun(), 3), abort(after(begun()), reason="x", at=9)):
        assert from_json(Rollout, to_json(rollout)) == rollout


def test_two_rollouts_of_the_same_release_deal_keys_anew():
    first = begun()
    second = begin(make_plan("canary", QUICK), name="m", champion=CHAMPION, challenger=CHALLENGER, at=1)
    assert first.id != second.id


def test_every_transition_is_explained():
    assert set(MOVES) == {(before, after) for before, following in TRANSITIONS.items() for after in following}


def test_a_look_knows_whether_it_is_empty():
    assert Look().is_empty
    assert Look((Stratum(),)).is_empty
    assert not Look(copies=1).is_empty
    assert not Look((Stratum(challenger=Tally(losses=(0.1,))),)).is_empty
    assert not look(begun()).is_empty
