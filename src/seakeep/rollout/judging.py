"""What the evidence says: which test rolls a rollout back, what a step still waits for, what an experiment has found.

A release is let in when every watched measure is shown to be within the tolerance. Each of those must hold, so each may use
the whole of alpha; the tests that roll back are alternatives, so they share it (see plan).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.rollout.evidence import CALIBRATION

if TYPE_CHECKING:
    from seakeep.rollout.guards import Guard, Mean
    from seakeep.rollout.plan import Measure, Step, Test
    from seakeep.rollout.state import Outcome, Rollout

NAMES: dict[Measure, str] = {"errors": "rate of errors", "latency": "rate of slow requests", "goal": "loss"}


def alarm(rollout: Rollout) -> tuple[str, str] | None:
    """The code of the first test that says that the challenger must go, and why; None where none does."""
    return next(((f"rollout.{test}", why) for test in rollout.plan.tests if (why := _against(rollout, test))), None)


def waiting(rollout: Rollout) -> tuple[str, ...]:
    """What the present step still waits for, in words; empty where it may end."""
    step = rollout.present
    if step is None:
        return ()
    return tuple(told for told in (*_least(rollout, step), *_shown(rollout, step)) if told)


def verdict(rollout: Rollout) -> tuple[Outcome, str] | None:
    """What an experiment has found so far: better, worse, no difference; None while that is open or too early."""
    measure, step = rollout.plan.measure, rollout.present
    if measure is None or step is None or any(_least(rollout, step)):
        return None
    low, high = rollout.evidence.guard(measure).interval(1 - rollout.plan.rules.alpha)
    told = f"the challenger's {NAMES[measure]} minus the champion's is between {_signed(low)} and {_signed(high)}"
    if high < 0:
        return "better", told
    if low > 0:
        return "worse", told
    margin = tolerance(rollout, measure)
    return ("no_difference", f"{told}, within ±{margin:g}") if -margin <= low and high <= margin else None


def tolerance(rollout: Rollout, measure: Measure) -> float:
    """By how much a measure may be higher than the champion's and still end a step."""
    rules = rollout.plan.rules
    return rules.goal_tolerance if measure == "goal" else rules.tolerance


def _against(rollout: Rollout, test: Test) -> str:
    """Why a test says that the challenger must go; empty where it does not."""
    evidence, level = rollout.evidence, rollout.plan.level(test)
    if test == "sample_ratio":
        broken = evidence.log_e_ratio >= -math.log(level)
        return f"requests do not fall on the arms as they were dealt out ({_split(rollout)})" if broken else ""
    guard = evidence.shadow if test == "shadow" else evidence.guard(test)
    if not guard.is_worse(level):
        return ""
    if test == "shadow":
        return f"{disagreement(guard)} of the copies were answered otherwise, at most {_limit(rollout)} are allowed"
    ours, theirs = compared(guard, test)
    return f"the challenger's {NAMES[test]} is {ours}, the champion's {theirs}"


def _least(rollout: Rollout, step: Step) -> tuple[str, ...]:
    """The least of a step that is not reached."""
    found, seconds = rollout.evidence.step_requests, rollout.last - rollout.step_began
    what = "copies" if step.kind == "shadow" else "requests of the challenger"
    return (
        f"{found:,} of {step.requests:,} {what}" if found < step.requests else "",
        f"{seconds:,.0f} of {step.seconds:,.0f} seconds" if seconds < step.seconds else "",
    )


def _shown(rollout: Rollout, step: Step) -> tuple[str, ...]:
    """What has to be shown before a step ends, and is not."""
    rules, evidence = rollout.plan.rules, rollout.evidence
    open_ = [_open(rollout, "errors")]
    if step.kind in ("canary", "external"):
        known = evidence.slow_ms is not None
        open_.append(
            _open(rollout, "latency") if known else f"{CALIBRATION:,} requests of the champion, to know slow ones"
        )
    if rules.labelled and rollout.step == len(rollout.plan.steps) - 1:
        rows = evidence.goal.challenger.rows
        open_.append(f"{rows:,} of {rules.labelled:,} labelled requests" if rows < rules.labelled else "")
        open_.append(_open(rollout, "goal"))
    if step.kind == "shadow" and rules.disagree_at_most is not None:
        above = (evidence.shadow.challenger.value or 0.0) > rules.disagree_at_most
        found = f"fewer copies answered otherwise: {disagreement(evidence.shadow)}, at most {_limit(rollout)}"
        open_.append(found if above else "")
    return tuple(open_)


def _open(rollout: Rollout, measure: Measure) -> str:
    """Empty where it is shown that a measure is within the tolerance."""
    if rollout.evidence.guard(measure).is_fine(rollout.plan.rules.alpha):
        return ""
    return f"evidence that the {NAMES[measure]} is less than {tolerance(rollout, measure):g} above the champion's"


def compared(guard: Guard, measure: Measure) -> tuple[str, str]:
    """Both arms' means as text: "1.25 % (50 of 4,000)"; losses as "0.1834 (400 labelled requests)"."""
    return _mean(guard.challenger, measure), _mean(guard.champion, measure)


def disagreement(guard: Guard) -> str:
    """The rate of copies that the shadow answered otherwise, as text."""
    return _mean(guard.challenger, "errors")


def _limit(rollout: Rollout) -> str:
    return f"{100 * (rollout.plan.rules.disagree_at_most or 0):g} %"


def _mean(mean: Mean, measure: Measure) -> str:
    if mean.value is None:
        return "unknown (no requests)"
    if measure == "goal":
        return f"{mean.value:.4f} ({mean.rows:,} labelled requests)"
    return f"{100 * mean.value:.3g} % ({mean.total:,.0f} of {mean.rows:,})"


def _split(rollout: Rollout) -> str:
    ours, theirs = rollout.evidence.units
    step = rollout.plan.steps[rollout.step]
    return f"{ours:,} of {ours + theirs:,} keys to the challenger, expected {step.share * 100:g} %"


def _signed(value: float) -> str:
    return f"{value:+.4f}"
