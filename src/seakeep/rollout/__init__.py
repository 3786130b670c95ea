"""Decide on evidence: a pure state machine that lets a release in step by step, or sends it back. Others move the traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Look": "look",
    "Party": "state",
    "Plan": "plan",
    "Rollout": "state",
    "Rules": "plan",
    "Step": "plan",
    "Stratum": "look",
    "Tally": "look",
    "abort": "machine",
    "begin": "machine",
    "known_settings": "settings",
    "make_plan": "settings",
    "observe": "machine",
    "report": "reporting",
    "route": "routing",
    "verdict": "reporting",
    "waiting": "judging",
}

__all__ = [
    "Look",
    "Party",
    "Plan",
    "Rollout",
    "Rules",
    "Step",
    "Stratum",
    "Tally",
    "abort",
    "begin",
    "known_settings",
    "make_plan",
    "observe",
    "report",
    "route",
    "verdict",
    "waiting",
]

if TYPE_CHECKING:
    from seakeep.rollout.judging import waiting
    from seakeep.rollout.look import Look, Stratum, Tally
    from seakeep.rollout.machine import abort, begin, observe
    from seakeep.rollout.plan import Plan, Rules, Step
    from seakeep.rollout.reporting import report, verdict
    from seakeep.rollout.routing import route
    from seakeep.rollout.settings import known_settings, make_plan
    from seakeep.rollout.state import Party, Rollout

__getattr__, __dir__ = lazily(__name__, _HOMES)
