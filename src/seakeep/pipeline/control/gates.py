"""Flagger's questions: a POST that is answered by its status, yes (200) or no (403 with the reason, which Flagger tells as an event).

They change nothing and tell no more than the verdict, so they need no token, which Flagger could not send. `confirm-rollout`: is
there a rollout under way to judge the canary by? `rollout`: is it not sent back (asked at every interval)? `confirm-promotion`: was
it let in? `rollback`: was it sent back? A yes there makes Flagger send everybody back to the primary at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.pipeline.control.refusals import Refused

if TYPE_CHECKING:
    from seakeep.pipeline.rollouts.record import Status

GATES = ("confirm-rollout", "rollout", "confirm-promotion", "rollback")


def answer(gate: str, found: Status) -> dict[str, str]:
    """The answer yes. Raises Refused for a no."""
    verdict, rollout = found.verdict, found.rollout
    yes = {
        "confirm-rollout": not rollout.ended or verdict is Verdict.PASS,
        "rollout": verdict is not Verdict.FAIL,
        "confirm-promotion": verdict is Verdict.PASS,
        "rollback": verdict is Verdict.FAIL,
    }
    told = f"{rollout.name}@{rollout.challenger.version} is {verdict.value}: {_why(found)}"
    if not yes[gate]:
        raise Refused.closed(gate, told)
    return {"gate": gate, "answer": "yes", "verdict": verdict.value, "why": told}


def _why(found: Status) -> str:
    rollout = found.rollout
    if rollout.ended:
        return rollout.decisions[-1].why
    return f"waits for {'; '.join(found.waiting) or 'the next look'}"
