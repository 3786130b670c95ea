"""A shadow gets copies first, then the challenger answers growing shares of the requests, then it is the champion.

A step ends when it had its least requests and time and the evidence shows that the challenger's rates are within the tolerance;
it is rolled back as soon as the evidence shows that they are worse. `copies = 0` leaves the shadow out.
"""

from __future__ import annotations

from dataclasses import dataclass

from seakeep.rollout.plan import Plan, Rules, Step


@dataclass(frozen=True, slots=True)
class Settings:
    """shares: of the requests, step by step. requests, seconds: least of each step; copies, shadow_seconds: of the shadow."""

    shares: tuple[float, ...] = (0.05, 0.25, 0.5)
    requests: int = 500
    seconds: float = 300.0
    copies: int = 500
    shadow_seconds: float = 60.0


def plan(settings: Settings, rules: Rules) -> Plan:
    """Shadow, canary steps, champion."""
    shadow = (Step("shadow", 0.0, settings.copies, settings.shadow_seconds),) if settings.copies else ()
    steps = tuple(Step("canary", share, settings.requests, settings.seconds) for share in settings.shares)
    return Plan("canary", (*shadow, *steps), rules)
