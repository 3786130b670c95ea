"""The machine under anything: looks of any kind and order, empty ones, restarts through the codec, clocks that jump, aborts.

Hypothesis draws the courses; the invariants are what no course may break. Which transitions were met is counted and printed
(pytest -s), and all that there are must be met.
"""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from seakeep.core.codec import from_json, to_json
from seakeep.rollout import Look, Plan, Rollout, Rules, Step, abort, make_plan, observe, report, route, verdict, waiting
from seakeep.rollout.judging import alarm
from seakeep.rollout.state import ENDED, TRANSITIONS, Phase

from .courses import CHALLENGER, CHAMPION, begun, look

MET: Counter[tuple[Phase, Phase]] = Counter()
RUNS: Counter[str] = Counter()
QUICK = {"copies": 100, "shadow_seconds": 1, "requests": 50, "seconds": 1, "slow_ms": 100, "longest_seconds": 100}
PLANS = {
    "canary": make_plan("canary", QUICK),
    "strict": make_plan("canary", QUICK | {"otherwise": "roll_back", "disagree_at_most": 0.1, "labelled": 50}),
    "uncalibrated": make_plan("canary", QUICK | {"slow_ms": None, "copies": 0, "shares": "0.5"}),
    "shadow": Plan("shadow", (Step("shadow", 0.0, 100, 1.0),), Rules(longest_seconds=100.0)),
    "experiment": make_plan("experiment", {"requests": 50, "seconds": 1, "slow_ms": 100, "longest_seconds": 100}),
    "errors": make_plan(
        "experiment", {"requests": 50, "seconds": 1, "slow_ms": 100, "measure": "errors", "share": 0.2}
    ),
    "external": make_plan("external", {"requests": 50, "seconds": 1, "slow_ms": 100, "longest_seconds": 100}),
    "immediate": make_plan("immediate", {"reason": "a test"}),
}
RATES = st.sampled_from([0.0, 0.005, 0.05, 0.3])
LOOKS = st.fixed_dictionaries(
    {
        "requests": st.sampled_from([0, 1, 30, 4000]),
        "errors": st.tuples(RATES, RATES),
        "slow": st.tuples(RATES, RATES),
        "losses": st.sampled_from([None, (0.2, 0.2), (0.2, 0.5), (0.5, 0.2), (0.0, 1.0)]),
        "labelled": st.sampled_from([1, 300]),
        "differing": RATES,
        "mismatch": st.sampled_from([0.0, 0.0, 0.0, 0.6]),
        "p99": st.sampled_from([None, 50.0]),
    }
)


class Machine(RuleBasedStateMachine):
    """A rollout, and the journal of all that was done to it."""

    @initialize(plan=st.sampled_from(sorted(PLANS)))
    def begins(self, plan: str) -> None:
        RUNS["courses"] += 1
        self.first = self.rollout = begun(PLANS[plan])
        self.journal: list[tuple[str, object, float]] = []

    @rule(given=LOOKS, seconds=st.sampled_from([0.0, 1.0, 5.0, -50.0]))
    def looks(self, given: dict, seconds: float) -> None:
        self._observe(look(self.rollout, **given), self.rollout.last + seconds)

    @rule(times=st.integers(1, 6), labelled=st.booleans())
    def looks_at_a_good_release(self, times: int, labelled: bool) -> None:
        for _ in range(times):
            losses = (0.2, 0.2) if labelled else None
            self._observe(look(self.rollout, losses=losses, p99=50.0), self.rollout.last + 5)

    @rule(seconds=st.sampled_from([0.0, 1.0, 60.0, 150.0, -10.0]))
    def sees_nothing(self, seconds: float) -> None:
        self._observe(Look(), self.rollout.last + seconds)

    @rule()
    def restarts(self) -> None:
        self.rollout = from_json(Rollout, to_json(self.rollout))

    @precondition(lambda self: len(self.journal) > 3)
    @rule(seconds=st.sampled_from([0.0, 1.0, -10.0]))
    def is_aborted(self, seconds: float) -> None:
        at = self.rollout.last + seconds
        before = self.rollout
        self.rollout = abort(before, reason="a test", at=at)
        self.journal.append(("abort", None, at))
        self._count(before)

    def _observe(self, seen: Look, at: float) -> None:
        before = self.rollout
        self.rollout = observe(before, seen, at=at)
        self.journal.append(("look", seen, at))
        self._count(before)
        self._check_promotion(before)

    def _count(self, before: Rollout) -> None:
        MET[before.phase, self.rollout.phase] += 1
        RUNS["steps"] += 1
        assert self.rollout.phase in TRANSITIONS[before.phase]
        if before.ended:
            assert self.rollout is before
        assert self.rollout.last >= before.last

    def _check_promotion(self, before: Rollout) -> None:
        """Nothing is let in, and no step ends, but by the rules."""
        after = self.rollout
        if after is before or after.phase not in ("promoted", "canary") or after.step == before.step == 0:
            return
        if after.phase == "canary" and after.step == before.step:
            return
        step, rules = before.plan.steps[before.step], before.plan.rules
        assert after.step in (before.step, before.step + 1)
        assert after.last - before.step_began >= step.seconds
        assert after.evidence.errors.is_fine(rules.alpha)
        assert alarm(after) is None
        if step.kind in ("canary", "external"):
            assert after.evidence.latency.is_fine(rules.alpha)
            assert after.evidence.slow_ms is not None
        if after.phase == "promoted":
            assert before.step == len(before.plan.steps) - 1
            assert after.evidence.step_requests >= step.requests
            assert after.evidence.goal.challenger.rows >= rules.labelled

    @invariant()
    def shares_sum_to_one_and_the_champion_answers(self) -> None:
        found = route(self.rollout)
        assert math.isclose(sum(arm.share for arm in found.arms), 1)
        champion = CHALLENGER if self.rollout.phase == "promoted" else CHAMPION
        assert [arm.release for arm in found.arms if arm.role == "champion"] == [champion.release]
        if self.rollout.ended:
            assert found.releases == (champion.release,)

    @invariant()
    def who_waits_is_under_way(self) -> None:
        assert not (self.rollout.ended and waiting(self.rollout))
        assert self.rollout.ended == (self.rollout.phase in ENDED)
        assert (self.rollout.outcome is not None) == (self.rollout.phase == "concluded")

    @invariant()
    def alpha_is_not_overspent(self) -> None:
        plan = self.rollout.plan
        assert sum(plan.level(test) for test in plan.tests) <= plan.rules.alpha * (1 + 1e-9)

    @invariant()
    def the_report_says_what_the_state_says(self) -> None:
        found = report(self.rollout)
        assert found.checks[0].verdict is verdict(self.rollout)
        assert found.checks[0].observed == self.rollout.phase
        assert len(found.table("decisions").rows) == len(self.rollout.decisions)

    def teardown(self) -> None:
        if not hasattr(self, "first"):
            return
        again = self.first
        for what, seen, at in self.journal:
            again = observe(again, seen, at=at) if isinstance(seen, Look) else abort(again, reason="a test", at=at)
            assert what in ("look", "abort")
        assert again == self.rollout


def run(examples: int, steps: int) -> set[tuple[Phase, Phase]]:
    run_state_machine_as_test(Machine, settings=settings(settings(), max_examples=examples, stateful_step_count=steps))
    return set(MET)


def told() -> str:
    lines = [f"{before:>12} -> {after:<12} {count:>8,}" for (before, after), count in sorted(MET.items())]
    return "\n".join([f"{RUNS['courses']:,} courses, {RUNS['steps']:,} steps", *lines])


def test_no_course_breaks_the_machine() -> None:
    assert run(60, 25) <= {(before, after) for before, following in TRANSITIONS.items() for after in following}


@pytest.mark.slow
def test_every_transition_is_met() -> None:
    met = run(1300, 30)
    print(told())
    assert met == {(before, after) for before, following in TRANSITIONS.items() for after in following}
