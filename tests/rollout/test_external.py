"""The plan of which somebody else moves the traffic: what is watched, what its ends are, and who answers meanwhile."""

from __future__ import annotations

import math

import pytest

from seakeep.core import Verdict
from seakeep.rollout import Rollout, make_plan, report, route, verdict, waiting
from seakeep.rollout.errors import BadPlan
from seakeep.rollout.plan import Plan, Step

from .courses import CHALLENGER, CHAMPION, after, begun

QUICK = {"requests": 1000, "seconds": 60, "slow_ms": 100, "longest_seconds": 1000, "tolerance": 0.02}


def external(**given: object) -> Rollout:
    return begun(make_plan("external", QUICK | given))


def test_there_is_one_step_and_no_test_of_the_split():
    plan = make_plan("external", QUICK)
    assert [(step.kind, step.share, step.title) for step in plan.steps] == [("external", 0.0, "external")]
    assert plan.tests == ("errors", "latency", "goal")
    assert math.isclose(sum(map(plan.level, plan.tests)), plan.rules.alpha)


def test_the_champion_stays_on_the_route_until_the_challenger_is_let_in():
    assert route(external(), revision=3).releases == (CHAMPION.release,)
    promoted = after(external(), 20)
    assert (promoted.phase, route(promoted).releases) == ("promoted", (CHALLENGER.release,))


def test_the_verdict_is_open_until_all_that_is_watched_is_shown():
    young = after(external(), 1, requests=500)
    assert verdict(young) is Verdict.INCONCLUSIVE
    assert waiting(young)[:2] == ("100 of 1,000 requests of the challenger", "20 of 60 seconds")
    assert any("rate of slow requests" in each for each in waiting(young))
    assert verdict(after(young, 20)) is Verdict.PASS


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"errors": (0.005, 0.1)}, "rollout.errors"),
        ({"slow": (0.01, 0.2)}, "rollout.latency"),
        ({"losses": (0.1, 0.5)}, "rollout.goal"),
    ],
)
def test_it_fails_as_soon_as_one_measure_is_worse(given, code):
    failed = after(external(), 10, **given)
    assert (verdict(failed), failed.phase, failed.decisions[-1].code) == (Verdict.FAIL, "rolled_back", code)
    assert route(failed).releases == (CHAMPION.release,)


def test_after_the_longest_time_it_is_held_and_still_inconclusive_and_may_pass_after_all():
    late = after(external(), 60, requests=5)
    assert (late.phase, verdict(late), late.title) == ("held", Verdict.INCONCLUSIVE, "held at external")
    assert route(late).releases == (CHAMPION.release,)
    assert verdict(after(late, 20)) is Verdict.PASS


def test_it_can_be_told_to_send_back_what_is_not_shown_in_time():
    assert after(external(otherwise="roll_back"), 60, requests=5).phase == "rolled_back"


def test_a_split_that_nobody_dealt_out_is_no_evidence():
    assert after(external(), 2, mismatch=0.9).evidence.ratio is None
    assert "rollout.sample_ratio" not in {check.code for check in report(after(external(), 2)).checks}


def test_what_is_waited_for_is_inconclusive_in_the_report():
    found = {check.code: check.verdict for check in report(after(external(), 1, requests=100)).checks}
    assert found["rollout.latency"] is found["rollout.errors"] is Verdict.INCONCLUSIVE


def test_a_share_of_an_external_step_is_refused():
    with pytest.raises(BadPlan, match=r"share of an external step is 0\.2"):
        Plan("external", (Step("external", 0.2, 1, 1.0),))
