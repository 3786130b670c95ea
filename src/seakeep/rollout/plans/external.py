"""Somebody else moves the traffic: Argo Rollouts, Flagger, KServe, a mesh or a person. Here only the verdict is made.

The platform's pods serve one release each, by shares that it chooses and changes as it likes, so nothing is dealt out here,
there are no steps, and no test of the split. The verdict is open until every watched measure is shown to be within the tolerance
(pass: the release becomes the champion on record) or one is shown to be worse (fail: it is rolled back), at any look.
"""

from __future__ import annotations

from dataclasses import dataclass

from seakeep.rollout.plan import Plan, Rules, Step


@dataclass(frozen=True, slots=True)
class Settings:
    """requests, seconds: fewest requests of the challenger, and least time, before the verdict may be a pass."""

    requests: int = 500
    seconds: float = 300.0


def plan(settings: Settings, rules: Rules) -> Plan:
    """One step, whose end is the champion."""
    return Plan("external", (Step("external", 0.0, settings.requests, settings.seconds),), rules)
