"""Rules about who is in charge: rollouts that wait or stand still, releases that were sent back, trainings that came to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations import _queries as q
from seakeep.integrations._rules.alert import Alert, Case, Group
from seakeep.pipeline.control.metrics import families as control
from seakeep.rollout.state import ENDED, TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.integrations._rules.objectives import Objectives

_UNDER_WAY = "|".join(phase for phase in TRANSITIONS if phase not in ENDED)


def charge(name: str, objectives: Objectives) -> Group:
    """Alerts on rollouts and trainings."""
    rules = (*_rollouts(name), *_trainings(name), *_champion(name, objectives))
    return Group(f"seakeep {name} charge", "Who is in charge, and who is to be.", rules)


def _rollouts(name: str) -> Iterator[Alert]:
    of, own = q.matchers(model=name), {"model": name}
    held = q.told(control.PHASE, q.matchers(model=name, phase="held"), by=("model",))
    under_way = q.told(control.PHASE, q.matchers(model=name, phase=f"~{_UNDER_WAY}"), by=("model",))
    sent_back = q.told(control.PHASE, q.matchers(model=name, phase="~rolled_back|aborted"))
    runbook, looked = f"seakeep rollout status {name}", f'{control.LOOKED.name}{{model="{name}"}}'
    yield Alert(
        "SeakeepRolloutHeld",
        f"{held} == 1",
        "30m",
        "warning",
        f"The rollout of {name} is held",
        "Its step's longest time passed without the evidence that it waits for; the shares stay as they are.",
        runbook,
        Case({_phase(name, "held"): "1x120"}, "35m", own),
    )
    yield Alert(
        "SeakeepRolloutStandsStill",
        f"{under_way} == 1 and {q.age(control.LOOKED, of)} > 600",
        "5m",
        "warning",
        f"Nobody looks at the rollout of {name}",
        f"A rollout of {name} is under way, and its evidence was not looked at for 10 minutes.",
        f"seakeep rollout serve {name}",
        Case({_phase(name, "canary"): "1x60", looked: "0x60"}, "20m", own),
    )
    yield Alert(
        "SeakeepRolloutSentBack",
        f"{sent_back} == 1 and on (model) {q.age(control.LOOKED, of)} < 3600",
        "0s",
        "info",
        f"A release of {name} was sent back",
        "The rollout ended {{ $labels.phase }}; the champion answers alone.",
        runbook,
        Case({_phase(name, "rolled_back"): "1x20", looked: "0x20"}, "10m", {**own, "phase": "rolled_back"}),
    )


def _trainings(name: str) -> Iterator[Alert]:
    of, own = q.matchers(model=name), {"model": name}
    failed = q.told(control.RETRAINING_RESULT, f'{of}, result=~"failed|over budget|refused"')
    yield Alert(
        "SeakeepRetrainingFailed",
        f"{failed} == 1",
        "0s",
        "warning",
        f"The last training of {name} was {{{{ $labels.result }}}}",
        f"A trigger started a training of {name}, and no release came of it.",
        f"seakeep releases {name}",
        Case(
            {f'{control.RETRAINING_RESULT.name}{{model="{name}", result="refused"}}': "1x10"},
            "5m",
            {**own, "result": "refused"},
        ),
    )
    blocked = q.told(control.RETRAINING_DECISION, f'{of}, decision="blocked"', by=("model",))
    yield Alert(
        "SeakeepRetrainingBlocked",
        f"{blocked} == 1",
        "1h",
        "warning",
        f"{name} cannot be trained again",
        "A span that breaks the contract stands against it, until it is replaced or left out.",
        "seakeep retrain --help",
        Case({f'{control.RETRAINING_DECISION.name}{{model="{name}", decision="blocked"}}': "1x120"}, "65m", own),
    )


def _champion(name: str, objectives: Objectives) -> Iterator[Alert]:
    """The alert on an old champion, where an age is stated."""
    days = objectives.champion_days
    if days:
        yield Alert(
            "SeakeepChampionOld",
            f"{q.age(control.CHAMPION_MADE, q.matchers(model=name))} > {days * 86_400}",
            "1h",
            "info",
            f"The champion of {name} is old",
            f"It was registered more than {days} days ago.",
            "seakeep retrain --help",
            Case(
                {f'{control.CHAMPION_MADE.name}{{model="{name}"}}': f"{-days * 86_400 - 60}x120"},
                "65m",
                {"model": name},
            ),
        )


def _phase(name: str, phase: str) -> str:
    return f'{control.PHASE.name}{{model="{name}", phase="{phase}"}}'
