"""Rollout: the whole state of letting one release in. Frozen, and saved and read by core.codec after every look.

Its size does not grow with traffic or time: evidence is of fixed size, and of looks at most KEPT_LOOKS are kept, neighbours
being put together when there are more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seakeep.core.codec import digest
from seakeep.rollout.evidence import Evidence  # noqa: TC001  (the codec reads annotations when the program runs)
from seakeep.rollout.plan import Plan, Step  # noqa: TC001

Phase = Literal["shadow", "canary", "experiment", "external", "held", "promoted", "rolled_back", "aborted", "concluded"]
Outcome = Literal["better", "worse", "no_difference", "undecided"]
ENDED: tuple[Phase, ...] = ("promoted", "rolled_back", "aborted", "concluded")
TRANSITIONS: dict[Phase, tuple[Phase, ...]] = {
    "shadow": ("shadow", "canary", "promoted", "rolled_back", "aborted", "held"),
    "canary": ("canary", "promoted", "rolled_back", "aborted", "held"),
    "experiment": ("experiment", "concluded", "rolled_back", "aborted"),
    "external": ("external", "promoted", "rolled_back", "aborted", "held"),
    "held": ("held", "canary", "promoted", "rolled_back", "aborted"),
    "promoted": ("promoted",),
    "rolled_back": ("rolled_back",),
    "aborted": ("aborted",),
    "concluded": ("concluded",),
}
"""Where each phase can lead. A canary that leads to a canary goes on to the next share, or waits."""
KEPT_LOOKS = 400


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two releases. release: its digest."""

    release: str
    version: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A change of phase or step. at: Unix seconds. code: of the check that it rests on; rows: the challenger's requests so far."""

    at: float
    before: Phase | None
    after: Phase
    step: int
    code: str
    why: str
    rows: int


@dataclass(frozen=True, slots=True)
class Looked:
    """One look on record, or several put together: counts are since the record before, e-values as they stood then."""

    at: float
    phase: Phase
    step: int
    champion_requests: int
    champion_errors: int
    challenger_requests: int
    challenger_errors: int
    log_e_errors: float
    log_e_latency: float
    log_e_goal: float
    log_e_ratio: float


@dataclass(frozen=True, slots=True)
class Rollout:
    """The state. began, step_began, last: Unix seconds: of its beginning, of the present step's, of the last look.

    step: index of the present step, the last one it was in where it ended. outcome: what an experiment found.
    """

    plan: Plan
    name: str
    champion: Party
    challenger: Party
    began: float
    phase: Phase
    evidence: Evidence
    step: int = 0
    step_began: float = 0.0
    last: float = 0.0
    outcome: Outcome | None = None
    looks: tuple[Looked, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing can change any more."""
        return self.phase in ENDED

    @property
    def present(self) -> Step | None:
        """The step it is in; None where it ended."""
        return None if self.ended else self.plan.steps[self.step]

    @property
    def title(self) -> str:
        """The phase in a few words: "canary 25 %", "held at canary 25 %", "rolled back"."""
        if self.present is None:
            return self.phase.replace("_", " ")
        return f"held at {self.present.title}" if self.phase == "held" else self.present.title

    @property
    def id(self) -> str:
        """16 hexadecimal digits that no other rollout has; deals keys anew, so that no two rollouts have the same canaries."""
        return digest([self.name, self.champion.release, self.challenger.release, self.began])[:16]


def kept(looks: tuple[Looked, ...]) -> tuple[Looked, ...]:
    """At most KEPT_LOOKS of them: the earlier half is put together in pairs where there are more.

    The last ones stay as they are, and so do sums.
    """
    if len(looks) <= KEPT_LOOKS:
        return looks
    early, late = looks[: KEPT_LOOKS // 2], looks[KEPT_LOOKS // 2 :]
    return (*(_together(*early[i : i + 2]) for i in range(0, len(early), 2)), *late)


def _together(first: Looked, second: Looked) -> Looked:
    return Looked(
        second.at,
        second.phase,
        second.step,
        first.champion_requests + second.champion_requests,
        first.champion_errors + second.champion_errors,
        first.challenger_requests + second.challenger_requests,
        first.challenger_errors + second.challenger_errors,
        second.log_e_errors,
        second.log_e_latency,
        second.log_e_goal,
        second.log_e_ratio,
    )
