"""Two arms at fixed shares until one is shown to be better, or both the same within the tolerance, or the time is up.

The verdict is about one measure: the goal (loss per labelled prediction), errors, or slow requests. It ends with the champion in
charge, whatever it says: an experiment measures, and letting a release in is another decision.
"""

from __future__ import annotations

from dataclasses import dataclass

from seakeep.rollout.plan import Measure, Plan, Rules, Step


@dataclass(frozen=True, slots=True)
class Settings:
    """share: of the requests, that the challenger answers. measure: what is compared. requests, seconds: least before a verdict."""

    share: float = 0.5
    measure: Measure = "goal"
    requests: int = 500
    seconds: float = 300.0


def plan(settings: Settings, rules: Rules) -> Plan:
    """One step and a verdict."""
    step = Step("experiment", settings.share, settings.requests, settings.seconds)
    return Plan("experiment", (step,), rules, measure=settings.measure)
