"""Route: who answers for a model's name: which release gets which share of the requests, and which only get a copy.

A request goes to an arm by the hash of its key, so that one key is always answered by the same release while the shares stand.
Challengers own the low end of [0, 1): where a challenger's share grows, every key it has stays with it, which is what makes
a canary's steps one experiment and not several.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from seakeep.core.errors import UsageError

Role = Literal["champion", "challenger", "shadow"]
_SLACK = 1e-9


class BadRoute(UsageError):
    """A route would leave requests without an answer, or answer them twice."""

    @classmethod
    def shares(cls, name: str, shares: tuple[float, ...]) -> BadRoute:
        return cls(
            f"the arms of {name} have shares {', '.join(f'{share:g}' for share in shares) or 'of nothing'}, "
            "expected shares above 0 that sum to 1",
            cause="Every request must be answered by exactly one release.",
            fix='Give what the challengers leave to the champion: Arm("champion", …, share=0.95).',
            name=name,
            shares=shares,
        )

    @classmethod
    def role(cls, name: str, role: str, place: str) -> BadRoute:
        return cls(
            f"an arm of {name} with the role {role!r} is among its {place}",
            cause="Shadows get copies and answer nobody; the champion and the challengers answer.",
            fix=f"Put it where it belongs: Route({name!r}, arms=(…), shadows=(…)).",
            name=name,
            role=role,
        )


@dataclass(frozen=True, slots=True)
class Arm:
    """A release on a route. release: digest. share: of the requests, above 0 and at most 1; a shadow's is that of the copies."""

    role: Role
    release: str
    version: int
    share: float = 1.0

    @property
    def answers(self) -> bool:
        """Whether clients get this arm's answers."""
        return self.role != "shadow"


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers for `name`.

    arms: releases that answer; shares sum to 1. shadows: releases that get copies of all requests. salt: of the sticky hash;
    another salt deals the keys anew. revision: counts the changes of this name's route; 0 where none was ever set.
    Raises: BadRoute.
    """

    name: str
    arms: tuple[Arm, ...]
    shadows: tuple[Arm, ...] = ()
    salt: str = ""
    revision: int = 0

    def __post_init__(self) -> None:
        shares = tuple(arm.share for arm in self.arms)
        if not shares or not all(share > 0 for share in shares) or not math.isclose(sum(shares), 1, abs_tol=_SLACK):
            raise BadRoute.shares(self.name, shares)
        for arm in self.arms:
            if not arm.answers:
                raise BadRoute.role(self.name, arm.role, "arms")
        for arm in self.shadows:
            if arm.answers:
                raise BadRoute.role(self.name, arm.role, "shadows")

    @property
    def releases(self) -> tuple[str, ...]:
        """Digests of the releases on this route, those that answer first, each once."""
        return tuple(dict.fromkeys(arm.release for arm in (*self.arms, *self.shadows)))

    def point(self, key: str) -> float:
        """Where a key falls in [0, 1): the same for the same salt and key, on any machine."""
        told = f"{self.salt}\0{key}".encode("utf-8", "surrogatepass")
        return (int.from_bytes(blake2b(told, digest_size=8).digest(), "big") >> 11) / 2**53

    def arm_for(self, point: float) -> Arm:
        """The arm that owns `point` of [0, 1). Challengers own the low end, in their order; the champion has the rest."""
        ordered = sorted(self.arms, key=lambda arm: arm.role != "challenger")
        begin = 0.0
        for arm in ordered[:-1]:
            begin += arm.share
            if point < begin:
                return arm
        return ordered[-1]
