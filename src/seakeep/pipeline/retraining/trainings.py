"""Trainings that a trigger started: one that is under way, what came of one, and what is remembered between looks.

All of it is plain data that the registry keeps as a document (kind "retrain"), so that a service that was killed goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from seakeep.pipeline.retraining.triggers import History

if TYPE_CHECKING:
    from seakeep.pipeline.retraining.child import Ended

Result = Literal["released", "equal", "refused", "inconclusive", "failed", "over budget"]
EXIT_CODES = {"released": 0, "equal": 0, "refused": 1, "inconclusive": 2, "failed": 3, "over budget": 3}
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Training:
    """A training that has begun. trigger: its line of the journal. at: Unix seconds. beginnings: how often it was begun.

    spans: those it uses; upto, without: how the run is told so. answers: the incidents that it answers. latest: the newest
    version of the name before it.
    """

    trigger: int
    at: float
    spans: tuple[str, ...] = ()
    upto: str | None = None
    without: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    latest: int = 0
    beginnings: int = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered between looks.

    told: code and words of the latest decision. answered: incidents (with the champion they were about) that a training has
    answered. waiting: label of a release whose rollout is still to be started; refused: why that could not be done.
    """

    history: History = field(default_factory=History)
    told: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    running: Training | None = None
    waiting: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a training.

    result: "released" (a new release that passed), "equal" (one that there was), "inconclusive" (one that did not pass every
    check), "refused" (a check failed), "failed" (it broke), "over budget" (it took too long and was stopped). release, label:
    of the release, "" for none. run: the run's identifier. trigger: the journal's line that started it.
    """

    result: Result
    why: str
    trigger: int
    release: str = ""
    label: str = ""
    run: str = ""
    seconds: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether the training came to an end of its own, so that what asked for it is answered."""
        return self.result not in ("failed", "over budget")


def outcome_of(training: Training, ended: Ended, *, seconds: float, limit_minutes: int) -> Outcome:
    """What a run has come to. seconds: how long it took. limit_minutes: how long it might."""
    made = Outcome("failed", ended.trouble, training.trigger, seconds=round(seconds, 3))
    if ended.overdue:
        return replace(made, result="over budget", why=f"it was stopped after {limit_minutes} minutes")
    if ended.code not in (0, 1, 2) or ended.answer is None:
        return made
    answer = ended.answer
    made = replace(made, release=answer["release"], label=answer["label"], run=answer["run"])
    checks = (f"{each['code']} {each['subject']}: {each['message']}" for each in answer["not_passed"][:_SHOWN])
    if ended.code == 1:
        return replace(made, result="refused", why="; ".join(checks))
    if int(made.label.rpartition("@")[2]) <= training.latest:
        return replace(made, result="equal", why=f"the training came to {made.label}, which there was")
    if ended.code == 2:
        return replace(made, result="inconclusive", why="; ".join(checks))
    return replace(made, result="released", why=f"{made.label} passed every check")
