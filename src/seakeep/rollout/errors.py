"""What can go wrong with a rollout before it begins, in words. Every message of this room stands here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class BadPlan(UsageError):
    """A plan cannot be followed."""

    @classmethod
    def outside(cls, name: str, value: float, least: float, most: float, *, inside: bool) -> BadPlan:
        upper = "" if math.isinf(most) else f" and {'below' if inside else 'at most'} {most:g}"
        return cls(
            f"{name} is {value!r}, expected {'above' if inside else 'at least'} {least:g}{upper}",
            where="the rollout's plan",
            cause="Shares and rates lie between 0 and 1, not 0 and 100; a tolerance lies above the margin, and a step's "
            "least time within longest_seconds.",
            fix=f"Change it: --set {name.partition(' ')[0]}=…",
            name=name,
            value=value,
        )

    @classmethod
    def shrinking(cls, shares: Sequence[float]) -> BadPlan:
        return cls(
            f"the shares are {', '.join(f'{share:g}' for share in shares)}, expected each at least the one before",
            where="the rollout's plan",
            cause="A share that shrinks takes keys away from the release that answered them.",
            fix="Put them in order: --set shares=0.05,0.25,0.5",
            shares=tuple(shares),
        )

    @classmethod
    def unreasoned(cls, plan: str) -> BadPlan:
        return cls(
            f"the plan {plan!r} has no steps and no reason, expected one or the other",
            where="the rollout's plan",
            cause="A release that takes over without evidence does so on somebody's word, which is kept on record.",
            fix='Say why: --plan immediate --set reason="the champion leaks memory"',
            plan=plan,
        )

    @classmethod
    def unknown_setting(cls, plan: str, name: str, known: Iterable[str]) -> BadPlan:
        known = sorted(known)
        near = nearest(name, known)
        return cls(
            f"the plan {plan!r} has no setting {name!r}",
            where="the rollout's plan",
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"Known: {', '.join(known)}.",
            plan=plan,
            name=name,
            nearest=near,
        )

    @classmethod
    def wrong_setting(cls, plan: str, name: str, value: object, expected: str) -> BadPlan:
        return cls(
            f"setting {name} is {value!r}, expected {expected}",
            where=f"the rollout's plan {plan!r}",
            cause="The value was mistyped, or belongs to another setting.",
            fix=f"--set {name}=…",
            plan=plan,
            name=name,
            value=value,
        )


class BadRollout(UsageError):
    """A rollout cannot begin."""

    @classmethod
    def same(cls, name: str, version: int) -> BadRollout:
        return cls(
            f"{name}@{version} is the champion already",
            where=f"rollout of {name}",
            cause="A rollout lets a later release in; there is none, or the reference names the champion.",
            fix=f"Name another release: seakeep releases {name}",
            name=name,
            version=version,
        )
