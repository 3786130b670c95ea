"""A rollout as a Report of kind "rollout": its checks, every look, every decision, and the size of every difference.

Times are seconds since the rollout began, so that two rollouts of the same course have the same report.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.rollout.evidence import MEASURES
from seakeep.rollout.judging import NAMES, compared, disagreement, tolerance, waiting
from seakeep.rollout.state import ENDED

if TYPE_CHECKING:
    from seakeep.core.codec import Scalar
    from seakeep.rollout.guards import Guard
    from seakeep.rollout.plan import Measure
    from seakeep.rollout.state import Decision, Rollout

LEVEL = 0.95
LOOKS = (
    *("seconds", "phase", "step", "champion requests", "champion errors", "challenger requests", "challenger errors"),
    *("log e errors", "log e latency", "log e goal", "log e sample ratio"),
)
DECISIONS = ("seconds", "from", "to", "step", "title", "code", "why", "challenger requests")
EFFECTS = ("measure", "champion", "champion rows", "challenger", "challenger rows", "difference", "low", "high")


def verdict(rollout: Rollout) -> Verdict:
    """Pass: promoted, or an experiment found it better or no different. Fail: rolled back, aborted, or found worse."""
    if rollout.phase in ("rolled_back", "aborted") or rollout.outcome == "worse":
        return Verdict.FAIL
    passed = rollout.phase == "promoted" or rollout.outcome in ("better", "no_difference")
    return Verdict.PASS if passed else Verdict.INCONCLUSIVE


def report(rollout: Rollout) -> Report:
    """What is known of a rollout, whether it has ended or not."""
    champion, challenger = rollout.champion.version, rollout.challenger.version
    title = f"Rollout of {rollout.name}@{challenger} beside {rollout.name}@{champion}"
    measured = [_measured(rollout, measure) for measure in MEASURES if _seen(rollout, measure)]
    checks = (_decision(rollout), *measured, *_sample_ratio(rollout), *_shadow(rollout))
    return Report("rollout", title, rollout.name, checks, (_looks(rollout), _decisions(rollout), _effects(rollout)))


def _decision(rollout: Rollout) -> Check:
    latest, found = rollout.decisions[-1], verdict(rollout)
    rows = rollout.evidence.requests.rows
    message = f"{rollout.title}: {latest.why}" if rollout.ended else f"{rollout.title}, waits for {_awaited(rollout)}"
    outcome = f" ({rollout.outcome.replace('_', ' ')})" if rollout.outcome else ""
    return Check(
        "rollout.decision",
        f"{rollout.name}@{rollout.challenger.version}",
        found,
        f"{message}{outcome}, after {rows:,} requests of the challenger",
        observed=rollout.phase,
        fix="" if found is Verdict.PASS else _next(rollout),
        evidence={"code": latest.code, "requests": rows, "seconds": latest.at - rollout.began},
    )


def _awaited(rollout: Rollout) -> str:
    if rollout.plan.measure is not None:
        return "a verdict"
    return "; ".join(waiting(rollout)) or "the next look"


def _next(rollout: Rollout) -> str:
    if rollout.phase == "held":
        return f"seakeep rollout abort {rollout.name} --reason …, or let it go on until there is evidence"
    if rollout.ended:
        return (
            f"See why: seakeep rollout status {rollout.name}; seakeep show {rollout.name}@{rollout.challenger.version}"
        )
    return f"seakeep rollout advance {rollout.name}"


def _seen(rollout: Rollout, measure: Measure) -> bool:
    guard = rollout.evidence.guard(measure)
    return bool(guard.challenger.rows or guard.champion.rows)


def _measured(rollout: Rollout, measure: Measure) -> Check:
    guard, rules = rollout.evidence.guard(measure), rollout.plan.rules
    watched = measure in rollout.plan.tests
    level = rollout.plan.level(measure) if watched else rules.alpha
    ours, theirs = compared(guard, measure)
    low, high = guard.interval(LEVEL)
    found = Verdict.FAIL if watched and guard.is_worse(level) else _unless_worse(rollout, measure)
    return Check(
        f"rollout.{measure}",
        measure,
        found,
        f"{NAMES[measure]} {ours} against {theirs} of the champion; difference {low:+.4f} to {high:+.4f}",
        observed=guard.challenger.value,
        threshold=None if guard.champion.value is None else guard.champion.value + tolerance(rollout, measure),
        fix="" if found is Verdict.PASS else f"seakeep rollout status {rollout.name}",
        evidence={
            "log_e_worse": guard.log_e_worse,
            "rolls_back_at": -math.log(level) if watched else None,
            "log_e_fine": guard.log_e_fine,
            "goes_on_at": -math.log(rules.alpha),
            "margin": rules.margin,
            "low": low,
            "high": high,
            **({"slow_ms": rollout.evidence.slow_ms} if measure == "latency" else {}),
        },
    )


def _unless_worse(rollout: Rollout, measure: Measure) -> Verdict:
    """Pass, but inconclusive where the plan waits for evidence of a measure and it is not there."""
    plan = rollout.plan
    if plan.measure is not None:
        return verdict(rollout) if measure == plan.measure else Verdict.PASS
    needed = {
        "errors": True,
        "latency": any(step.kind != "shadow" for step in plan.steps),
        "goal": plan.rules.labelled > 0,
    }
    shown = rollout.evidence.guard(measure).is_fine(plan.rules.alpha)
    return Verdict.PASS if shown or not needed[measure] else Verdict.INCONCLUSIVE


def _sample_ratio(rollout: Rollout) -> tuple[Check, ...]:
    evidence = rollout.evidence
    if evidence.ratio is None:
        return ()
    limit = -math.log(rollout.plan.level("sample_ratio"))
    broken, ours, both = evidence.log_e_ratio >= limit, evidence.units[0], sum(evidence.units)
    share = rollout.plan.steps[rollout.step].share
    return (
        Check(
            "rollout.sample_ratio",
            "split",
            Verdict.FAIL if broken else Verdict.PASS,
            f"{ours:,} of {both:,} keys of this step fell to the challenger, expected {share * 100:g} %",
            observed=ours / both if both else None,
            threshold=share,
            fix="Look for requests that are lost before they are logged." if broken else "",
            evidence={"log_e": evidence.log_e_ratio, "rolls_back_at": limit},
        ),
    )


def _shadow(rollout: Rollout) -> tuple[Check, ...]:
    guard, limit = rollout.evidence.shadow, rollout.plan.rules.disagree_at_most
    rate = guard.challenger.value
    if rate is None or limit is None:
        return ()
    low, high = (max(0.0, each) for each in guard.interval(LEVEL))
    found = Verdict.PASS if rate <= limit else Verdict.FAIL
    return (
        Check(
            "rollout.shadow",
            "disagreement",
            found,
            f"{disagreement(guard)} of the copies were answered otherwise; {low:.2%} to {high:.2%} with the interval",
            observed=rate,
            threshold=limit,
            fix="" if found is Verdict.PASS else "If so many may differ, say so: --set disagree_at_most=0.1",
            evidence={"low": low, "high": high, "copies": guard.challenger.rows},
        ),
    )


def _looks(rollout: Rollout) -> Table:
    rows = tuple(
        (
            *(look.at - rollout.began, look.phase, look.step),
            *(look.champion_requests, look.champion_errors, look.challenger_requests, look.challenger_errors),
            *(look.log_e_errors, look.log_e_latency, look.log_e_goal, look.log_e_ratio),
        )
        for look in rollout.looks
    )
    limits = (f"{test} {-math.log(rollout.plan.level(test)):.2f}" for test in rollout.plan.tests)
    return Table("looks", "Looks", LOOKS, rows, note=f"Log e-values that roll back: {', '.join(limits)}.")


def _decisions(rollout: Rollout) -> Table:
    rows = tuple(
        (
            each.at - rollout.began,
            each.before,
            each.after,
            each.step,
            _title(rollout, each),
            each.code,
            each.why,
            each.rows,
        )
        for each in rollout.decisions
    )
    return Table("decisions", "Decisions", DECISIONS, rows)


def _title(rollout: Rollout, decision: Decision) -> str:
    """What it led to in a few words: "canary 25 %", "held at canary 25 %", "rolled back"."""
    if decision.after in ENDED:
        return decision.after.replace("_", " ")
    step = rollout.plan.steps[decision.step].title
    return f"held at {step}" if decision.after == "held" else step


def _effects(rollout: Rollout) -> Table:
    guards = [(NAMES[measure], rollout.evidence.guard(measure)) for measure in MEASURES if _seen(rollout, measure)]
    if rollout.evidence.copies:
        guards.append(("copies answered otherwise", rollout.evidence.shadow))
    note = f"Challenger minus champion; limits hold at every look with a probability of {LEVEL:.0%}."
    return Table("effects", "Differences", EFFECTS, tuple(_effect(name, guard) for name, guard in guards), note=note)


def _effect(name: str, guard: Guard) -> tuple[Scalar, ...]:
    ours, theirs = guard.challenger, guard.champion
    known = ours.value is not None and theirs.value is not None
    difference = ours.value - theirs.value if known else None  # type: ignore[operator]
    return (name, theirs.value, theirs.rows, ours.value, ours.rows, difference, *guard.interval(LEVEL))
