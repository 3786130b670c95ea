"""Reports: the verdict in every phase, checks with their codes, and the tables they rest on."""

from __future__ import annotations

import math

import pytest

from seakeep.core import Report, Verdict
from seakeep.core.codec import from_json, to_json
from seakeep.rollout import Look, Rollout, abort, make_plan, observe, report, verdict
from seakeep.rollout.codes import CODES, REASONS

from .courses import after, begun


def codes(found: Report) -> dict[str, Verdict]:
    return {check.code: check.verdict for check in found.checks}


def test_a_promoted_release_passes_everything():
    rollout = after(begun(disagree_at_most=0.1), 20, losses=(0.2, 0.2), differing=0.02)
    found = report(rollout)
    assert rollout.phase == "promoted"
    assert set(codes(found)) == {f"rollout.{each}" for each in (*rollout.plan.tests, "decision")}
    assert found.verdict is verdict(rollout) is Verdict.PASS
    assert all(check.fix == "" for check in found.checks)
    assert "promoted: canary 50 % ended well" in found.checks[0].message
    assert f"after {rollout.evidence.requests.rows:,} requests of the challenger" in found.checks[0].message


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        (begun(), Verdict.INCONCLUSIVE),
        (after(begun(), 3), Verdict.INCONCLUSIVE),
        (observe(begun(), Look(), at=5000), Verdict.INCONCLUSIVE),
        (after(begun(), 5, errors=(0.0, 0.2)), Verdict.FAIL),
        (abort(begun(), reason="x", at=1), Verdict.FAIL),
        (begun(make_plan("immediate", {"reason": "x"})), Verdict.PASS),
    ],
)
def test_the_verdict_is_that_of_the_phase(rollout, expected):
    found = report(rollout)
    assert verdict(rollout) is found.checks[0].verdict is expected
    assert found.verdict is expected
    assert (found.checks[0].fix == "") == (expected is Verdict.PASS)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [((0.4, 0.2), Verdict.PASS), ((0.3, 0.3), Verdict.PASS), ((0.2, 0.4), Verdict.FAIL), (None, Verdict.INCONCLUSIVE)],
)
def test_an_experiments_verdict_is_what_it_found(losses, expected):
    plan = make_plan("experiment", {"requests": 100, "seconds": 10, "slow_ms": 100, "longest_seconds": 2000})
    rollout = after(begun(plan), 100, losses=losses)
    assert rollout.phase == "concluded"
    assert report(rollout).verdict is verdict(rollout) is expected
    assert f"({rollout.outcome.replace('_', ' ')})" in report(rollout).checks[0].message


def test_an_open_experiment_waits_for_a_verdict():
    plan = make_plan("experiment", {"slow_ms": 100})
    found = report(after(begun(plan), losses=(0.3, 0.3)))
    assert "experiment 50 %, waits for a verdict" in found.checks[0].message
    assert codes(found)["rollout.errors"] is Verdict.PASS
    assert codes(found)["rollout.goal"] is Verdict.INCONCLUSIVE


def test_a_failed_check_says_both_rates_and_what_to_do():
    found = report(after(after(begun()), 9, errors=(0.01, 0.1)))
    failed = next(check for check in found.failed if check.code == "rollout.errors")
    assert "(58 of 7,800) of the champion" in failed.message
    assert failed.fix == "seakeep rollout status m"
    assert failed.evidence["log_e_worse"] >= failed.evidence["rolls_back_at"]
    assert failed.evidence["low"] > 0


def test_a_broken_split_and_a_differing_shadow_fail_their_checks():
    assert codes(report(after(after(begun()), 9, mismatch=0.5)))["rollout.sample_ratio"] is Verdict.FAIL
    found = report(after(begun(disagree_at_most=0.1), differing=0.5))
    assert codes(found)["rollout.shadow"] is Verdict.FAIL
    assert "rollout.shadow" not in codes(report(after(begun(), differing=0.5)))
    assert "copies answered otherwise" in [row[0] for row in report(after(begun())).table("effects").rows]


def test_a_step_that_may_end_waits_for_the_next_look():
    canary = after(begun(), requests=4000)
    assert "waits for 0 of 100 requests of the challenger" in report(canary).checks[0].message
    assert report(canary).checks[0].fix == "seakeep rollout advance m"
    assert "rollout abort m" in report(observe(begun(), Look(), at=5000)).checks[0].fix


def test_the_tables_say_what_was_seen_and_decided():
    rollout = after(begun(), 4, losses=(0.25, 0.2))
    found = report(rollout)
    looks, decisions, effects = (found.table(name) for name in ("looks", "decisions", "effects"))
    assert [row[0] for row in looks.rows] == [20, 40, 60, 80]
    assert [row[6] for row in decisions.rows[:2]] == [
        "m@2 begins beside m@1: shadow",
        "shadow ended well; next is canary 5 %",
    ]
    loss = effects.records()[2]
    assert loss["measure"] == "loss"
    assert math.isclose(loss["difference"], -0.05)
    assert loss["low"] < -0.05 < loss["high"]
    assert "errors 3.91" in looks.note


def test_an_arm_without_rows_has_no_rate():
    rollout = observe(begun(copies=0), look_of_the_champion_alone(), at=10)
    found = report(rollout)
    assert "rate of errors unknown (no requests) against 1 % (1 of 100)" in found.checks[1].message
    assert found.table("effects").records()[0]["difference"] is None
    assert found.checks[-1].observed is None


def look_of_the_champion_alone() -> Look:
    from seakeep.rollout import Stratum, Tally

    return Look((Stratum(champion=Tally(100, 1, 0, 0, 0)),))


def test_the_report_is_the_same_after_saving_and_loading_the_state():
    rollout = after(begun(), 4, losses=(0.25, 0.2), differing=0.01)
    assert report(from_json(Rollout, to_json(rollout))).digest == report(rollout).digest


def test_codes_are_known():
    rollouts = (after(begun(), 9), after(after(begun()), 9, errors=(0, 0.2)), observe(begun(), Look(), at=5000))
    for rollout in rollouts:
        assert {each.code for each in rollout.decisions} <= set(CODES) | set(REASONS)
        assert set(codes(report(rollout))) <= set(CODES)
