"""The latest rollout of a name: where it stands, and the evidence that it stands on. Called by `text`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

from seakeep.pipeline.control.metrics import families as told
from seakeep.pipeline.control.metrics.families import VERDICTS
from seakeep.pipeline.rollouts.record import KIND, load
from seakeep.rollout.evidence import MEASURES
from seakeep.rollout.reporting import verdict
from seakeep.rollout.state import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.pipeline.control.metrics.families import Told
    from seakeep.registry import Registry
    from seakeep.rollout import Rollout
    from seakeep.rollout.plan import Test


def tell(registry: Registry, name: str) -> Iterator[Told]:
    """Its state; nothing where there was none."""
    if not registry.documents.revision(KIND, name):
        return
    rollout = load(registry, name)[0].rollout
    own, plan = (name,), rollout.plan
    parties = (str(rollout.champion.version), str(rollout.challenger.version))
    yield told.ROLLOUT, (name, *parties, plan.name), 1
    for phase in get_args(Phase):
        yield told.PHASE, (name, phase), rollout.phase == phase
    yield told.ROLLOUT_VERDICT, own, VERDICTS[verdict(rollout).value]
    yield told.STEP, own, min(rollout.step + 1, len(plan.steps))
    yield told.STEPS, own, len(plan.steps)
    yield told.BEGAN, own, rollout.began
    yield told.STEP_BEGAN, own, rollout.step_began
    yield told.LOOKED, own, rollout.last
    yield from _step(rollout)
    yield from _evidence(rollout)


def _step(rollout: Rollout) -> Iterator[Told]:
    """What the present step has had, and must have."""
    own, step = (rollout.name,), rollout.present
    yield told.SHARE, own, step.share if step else 0.0
    if step is not None:
        yield told.STEP_REQUESTS, own, rollout.evidence.step_requests
        yield told.STEP_NEEDED, own, step.requests
        yield told.STEP_LONGEST, own, rollout.plan.rules.longest_seconds


def _evidence(rollout: Rollout) -> Iterator[Told]:
    """E-values with their limits, and what was measured of both arms."""
    name, plan, evidence = rollout.name, rollout.plan, rollout.evidence
    for test in plan.tests:
        yield told.LOG_E, (name, test), _log_e(rollout, test)
        yield told.LOG_E_LIMIT, (name, test), -math.log(plan.level(test))
    for measure in MEASURES:
        guard = evidence.guard(measure)
        yield told.LOG_E_FINE, (name, measure), guard.log_e_fine
        yield told.LOG_E_FINE_LIMIT, (name, measure), -math.log(plan.rules.alpha)
        for arm, mean in (("challenger", guard.challenger), ("champion", guard.champion)):
            yield told.RATE_ROWS, (name, measure, arm), mean.rows
            if mean.value is not None:
                yield told.RATE, (name, measure, arm), mean.value


def _log_e(rollout: Rollout, test: Test) -> float:
    """What a test has against the challenger so far."""
    evidence = rollout.evidence
    if test == "sample_ratio":
        return evidence.log_e_ratio
    return (evidence.shadow if test == "shadow" else evidence.guard(test)).log_e_worse
