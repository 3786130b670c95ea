"""The challenger becomes the champion at once, on somebody's word, which is kept on record.

For a first repair of a broken champion, or where evidence was gathered elsewhere. Nothing is measured and nothing is promised.
"""

from __future__ import annotations

from dataclasses import dataclass

from seakeep.rollout.plan import Plan, Rules


@dataclass(frozen=True, slots=True)
class Settings:
    """reason: why no evidence is waited for."""

    reason: str = ""


def plan(settings: Settings, rules: Rules) -> Plan:
    """No steps, and the reason."""
    return Plan("immediate", (), rules, reason=settings.reason)
