"""The state machine: begin, observe, abort. Pure: evidence and time come in, a new state comes out, nothing else happens.

One look leads to at most one transition. What is looked at first: the split (a broken one makes all other evidence worthless),
then the tests that roll back, then an experiment's verdict, then whether the step may end, then whether its time is up.
Time never runs back: a look that claims to be earlier than the last one counts as being at the same moment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seakeep.rollout.errors import BadRollout
from seakeep.rollout.evidence import Evidence
from seakeep.rollout.judging import alarm, verdict, waiting
from seakeep.rollout.state import Decision, Looked, Outcome, Phase, Rollout, kept

if TYPE_CHECKING:
    from seakeep.rollout.look import Look
    from seakeep.rollout.plan import Plan
    from seakeep.rollout.state import Party


def begin(plan: Plan, *, name: str, champion: Party, challenger: Party, at: float) -> Rollout:
    """A rollout in its first step, or promoted where the plan has no steps. at: Unix seconds.

    Raises: BadRollout, if both releases are the same.
    """
    if champion.release == challenger.release:
        raise BadRollout.same(name, champion.version)
    phase: Phase = plan.steps[0].kind if plan.steps else "promoted"
    evidence = Evidence.start(plan)
    if plan.steps:
        evidence = evidence.at_step(plan.steps[0])
    at = float(at)
    state = Rollout(plan, name, champion, challenger, at, phase, evidence, step_began=at, last=at)
    why = plan.reason or f"{name}@{challenger.version} begins beside {name}@{champion.version}: {state.title}"
    return replace(state, decisions=(Decision(at, None, phase, 0, "rollout.begin", why, 0),))


def observe(rollout: Rollout, look: Look, *, at: float) -> Rollout:
    """The state after a look at time `at` (Unix seconds). One that has ended stays as it is, whatever is seen."""
    if rollout.present is None:
        return rollout
    evidence = rollout.evidence.with_look(rollout.present, look)
    seen = replace(rollout, evidence=evidence, last=max(float(at), rollout.last))
    decided = _decided(seen)
    if look.is_empty and decided is seen:
        return seen
    return replace(decided, looks=kept((*seen.looks, _looked(seen, look))))


def abort(rollout: Rollout, *, reason: str, at: float) -> Rollout:
    """Ended by somebody, for a stated reason: the champion answers alone. One that has ended stays as it is."""
    if rollout.ended:
        return rollout
    return _moved(replace(rollout, last=max(float(at), rollout.last)), "aborted", "rollout.abort", reason)


def _decided(rollout: Rollout) -> Rollout:
    """The state after what its evidence demands; the same object where it demands nothing."""
    found = alarm(rollout)
    if found is not None:
        return _moved(rollout, "rolled_back", *found)
    if rollout.plan.measure is not None:
        return _experimented(rollout)
    return _overdue(rollout) if waiting(rollout) else _advanced(rollout)


def _experimented(rollout: Rollout) -> Rollout:
    found = verdict(rollout)
    if found is not None:
        return _concluded(rollout, *found)
    return (
        _concluded(rollout, "undecided", "its time is up and the evidence decides nothing")
        if _late(rollout)
        else rollout
    )


def _concluded(rollout: Rollout, outcome: Outcome, why: str) -> Rollout:
    return replace(_moved(rollout, "concluded", f"rollout.{rollout.plan.measure}", why), outcome=outcome)


def _advanced(rollout: Rollout) -> Rollout:
    """In the next step, or promoted after the last."""
    number = rollout.step + 1
    ended = f"{rollout.plan.steps[rollout.step].title} ended well"
    if number == len(rollout.plan.steps):
        return _moved(rollout, "promoted", "rollout.step", ended)
    step = rollout.plan.steps[number]
    begun = replace(rollout, step=number, step_began=rollout.last, evidence=rollout.evidence.at_step(step))
    return _moved(begun, step.kind, "rollout.step", f"{ended}; next is {step.title}", before=rollout.phase)


def _overdue(rollout: Rollout) -> Rollout:
    """Held or rolled back where the step's time is up, as the rules say; else the same."""
    if not _late(rollout) or rollout.phase == "held":
        return rollout
    after: Phase = "held" if rollout.plan.rules.otherwise == "hold" else "rolled_back"
    why = f"{rollout.title} took {rollout.last - rollout.step_began:,.0f} seconds and still waits for: "
    return _moved(rollout, after, "rollout.time", why + "; ".join(waiting(rollout)))


def _late(rollout: Rollout) -> bool:
    return rollout.last - rollout.step_began >= rollout.plan.rules.longest_seconds


def _moved(rollout: Rollout, phase: Phase, code: str, why: str, *, before: Phase | None = None) -> Rollout:
    rows = rollout.evidence.requests.rows
    decision = Decision(rollout.last, before or rollout.phase, phase, rollout.step, code, why, rows)
    return replace(rollout, phase=phase, decisions=(*rollout.decisions, decision))


def _looked(seen: Rollout, look: Look) -> Looked:
    evidence = seen.evidence
    champion, challenger = ([getattr(each, role) for each in look.strata] for role in ("champion", "challenger"))
    return Looked(
        seen.last,
        seen.phase,
        seen.step,
        champion_requests=sum(tally.requests for tally in champion),
        champion_errors=sum(tally.errors for tally in champion),
        challenger_requests=sum(tally.requests for tally in challenger),
        challenger_errors=sum(tally.errors for tally in challenger),
        log_e_errors=evidence.errors.log_e_worse,
        log_e_latency=evidence.latency.log_e_worse,
        log_e_goal=evidence.goal.log_e_worse,
        log_e_ratio=evidence.log_e_ratio,
    )
