"""Evidence: everything a rollout has learned so far, in a state of fixed size, and how one look is added to it.

Latency has no meaning before there is a limit. Where the plan states none, the champion's own 99th percentile is taken once it
has answered CALIBRATION requests; the looks before count for nothing, so that the limit does not depend on what it judges.
A shadow answers nobody and beside the traffic, so its latency is not judged; its errors and its labelled losses are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.evidence.sequential import sample_ratio
from seakeep.rollout.guards import Guard, Mean

if TYPE_CHECKING:
    from seakeep.rollout.look import Look
    from seakeep.rollout.plan import Measure, Plan, Step

CALIBRATION = 1000
MEASURES: tuple[Measure, ...] = ("errors", "latency", "goal")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The guards, the split, and the present step's counts.

    shadow: of copies, those answered otherwise, against a champion that never disagrees with itself.
    ratio: of the split, over all steps; None before the first that has one. units: of the present step, (challenger, champion).
    slow_ms: the limit, once known. step_requests: the challenger's (or copies) in this step. copies: in all.
    """

    errors: Guard
    latency: Guard
    goal: Guard
    shadow: Guard
    ratio: sample_ratio.State | None = None
    units: tuple[int, int] = (0, 0)
    slow_ms: float | None = None
    step_requests: int = 0
    copies: int = 0

    @classmethod
    def start(cls, plan: Plan) -> Evidence:
        """Nothing seen yet."""
        rules = plan.rules
        rate = Guard.start(margin=rules.margin, tolerance=rules.tolerance)
        loss = Guard.start(margin=rules.margin, tolerance=rules.goal_tolerance)
        limit = rules.disagree_at_most or 0.0
        return cls(rate, rate, loss, Guard.start(margin=limit, tolerance=limit), slow_ms=rules.slow_ms)

    def at_step(self, step: Step) -> Evidence:
        """What is carried into a step: all but the counts of the step before."""
        ratio = sample_ratio.start(_shares(step)) if step.share and self.ratio is None else self.ratio
        return replace(self, ratio=ratio, units=(0, 0), step_requests=0)

    def with_look(self, step: Step, look: Look) -> Evidence:
        """With what one look has seen in this step."""
        seen = replace(
            self,
            errors=self._judged("errors", step, look),
            latency=self._judged("latency", step, look),
            goal=self._judged("goal", step, look),
            shadow=self.shadow.counted((look.disagreements, look.copies), (0, look.copies)),
            copies=self.copies + look.copies,
        )
        return seen._counted(step, look)

    def guard(self, measure: Measure) -> Guard:
        """The guard of a measure."""
        guard: Guard = getattr(self, measure)
        return guard

    @property
    def requests(self) -> Mean:
        """The challenger's requests since the rollout began (of a shadow, its copies); the total is its errors."""
        return self.errors.challenger

    @property
    def log_e_ratio(self) -> float:
        """Logarithm of the e-value that the requests were not dealt out by the shares, over all steps."""
        return sample_ratio.log_e_value(self.ratio) if self.ratio is not None else 0.0

    def _judged(self, measure: Measure, step: Step, look: Look) -> Guard:
        guard = self.guard(measure)
        if measure == "latency" and (step.kind == "shadow" or self.slow_ms is None):
            return guard
        for stratum in look.strata:
            guard = guard.with_stratum(measure, stratum)
        return guard

    def _counted(self, step: Step, look: Look) -> Evidence:
        """With the counts of the present step, and the limit of slow requests where it can be known now."""
        present = [stratum for stratum in look.strata if stratum.present]
        units = sum(each.challenger.units for each in present), sum(each.champion.units for each in present)
        new = look.copies if step.kind == "shadow" else sum(each.challenger.requests for each in present)
        calibrated = self.errors.champion.rows >= CALIBRATION
        return replace(
            self,
            ratio=None if self.ratio is None else sample_ratio.update(self.ratio, units, shares=_shares(step)),
            units=(self.units[0] + units[0], self.units[1] + units[1]),
            step_requests=self.step_requests + new,
            slow_ms=look.champion_p99_ms if self.slow_ms is None and calibrated else self.slow_ms,
        )


def _shares(step: Step) -> tuple[float, float]:
    return step.share, 1 - step.share
