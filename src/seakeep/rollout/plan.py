"""Plan: the steps of a rollout and the rules by which it moves. Plain data; `plans/<name>.py` make plans from settings.

A plan is part of a rollout's state, so a rollout ends by the rules it began with, whatever is changed in the settings
meanwhile. The error probability `alpha` is that of the whole rollout: it is shared out over the tests that can roll it back,
by fixed weights, so that a release as good as the champion is rolled back with at most that probability, at any look.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from seakeep.rollout.errors import BadPlan

Kind = Literal["shadow", "canary", "experiment", "external"]
Test = Literal["errors", "latency", "goal", "sample_ratio", "shadow"]
Measure = Literal["errors", "latency", "goal"]
UNDEALT: tuple[Kind, ...] = ("shadow", "external")
"""Steps in which no share of the requests is dealt out by the route."""
WEIGHTS: dict[Test, int] = {"errors": 4, "latency": 2, "goal": 3, "sample_ratio": 1, "shadow": 2}
"""How alpha is shared out over the tests in force: errors are seen first, and a broken split hardly needs any."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. share: of the requests, that the challenger answers, above 0 and below 1; of a shadow 0, and of an external
    step 0 as well, since somebody else deals out the requests by shares that are not known here.

    requests: fewest requests that the challenger must have had within this step (of a shadow: copies). seconds: least time.
    """

    kind: Kind
    share: float
    requests: int
    seconds: float

    @property
    def title(self) -> str:
        """A few words for messages: "canary 25 %"."""
        return self.kind if self.kind in UNDEALT else f"{self.kind} {self.share * 100:g} %"


@dataclass(frozen=True, slots=True)
class Rules:
    """By what evidence a rollout moves. Rates are shares of requests, losses lie in [0, 1].

    alpha: probability of rolling back a release that is not worse, over the whole rollout. margin: how much higher the
    challenger's rate or loss may be before it counts as worse. tolerance: what must be shown before a step ends: rates are
    not higher than the champion's by so much. goal_tolerance: the same of losses.
    slow_ms: a request is slow above so many milliseconds; None for the champion's own 99th percentile, see CALIBRATION.
    labelled: fewest requests of the challenger with labels before the last step ends; 0 where labels come too late to wait for.
    loss_range: of a regression, the error that counts as a loss of 1, in the label's units; None for the spread of the
    training labels. disagree_at_most: largest rate of copies that a shadow answers otherwise; None for any.
    longest_seconds: time after which a step that did not end is inconclusive. otherwise: what is done then.
    """

    alpha: float = 0.05
    margin: float = 0.0
    tolerance: float = 0.01
    goal_tolerance: float = 0.02
    slow_ms: float | None = None
    labelled: int = 0
    loss_range: float | None = None
    disagree_at_most: float | None = None
    longest_seconds: float = 86_400.0
    otherwise: Literal["hold", "roll_back"] = "hold"

    def __post_init__(self) -> None:
        _within("alpha", self.alpha, 0, 0.5, inside=True)
        _within("margin", self.margin, 0, 1)
        _within("tolerance", self.tolerance, self.margin, 1, inside=True)
        _within("goal_tolerance", self.goal_tolerance, self.margin, 1, inside=True)
        _within("longest_seconds", self.longest_seconds, 0, math.inf, inside=True)
        _within("labelled", self.labelled, 0, math.inf)
        for name in ("slow_ms", "loss_range"):
            if getattr(self, name) is not None:
                _within(name, getattr(self, name), 0, math.inf, inside=True)
        if self.disagree_at_most is not None:
            _within("disagree_at_most", self.disagree_at_most, 0, 0.99)


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order, and the rules. No steps: the challenger becomes the champion at once, for the stated `reason`.

    measure: what an experiment compares; None where the last step's end promotes the challenger.
    Raises: BadPlan.
    """

    name: str
    steps: tuple[Step, ...] = ()
    rules: Rules = field(default_factory=Rules)
    measure: Measure | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.steps and not self.reason.strip():
            raise BadPlan.unreasoned(self.name)
        for step in self.steps:
            _check(step, self.rules)
        shares = [step.share for step in self.steps]
        if shares != sorted(shares):
            raise BadPlan.shrinking(shares)

    @property
    def tests(self) -> tuple[Test, ...]:
        """The tests that can roll it back, in the order they are looked at."""
        split = any(step.share > 0 for step in self.steps)
        answers = split or self.is_external
        copied = any(step.kind == "shadow" for step in self.steps) and self.rules.disagree_at_most is not None
        in_force: dict[Test, bool] = {
            "sample_ratio": split,
            "errors": self.measure != "errors",
            "latency": answers and self.measure != "latency",
            "goal": self.measure != "goal",
            "shadow": copied,
        }
        return tuple(test for test, holds in in_force.items() if holds)

    @property
    def is_external(self) -> bool:
        """Whether somebody else moves the traffic, by shares that are not known here."""
        return any(step.kind == "external" for step in self.steps)

    def level(self, test: Test) -> float:
        """The part of alpha that `test` may use up over the whole rollout; the parts of all tests sum to alpha.

        >>> plan = Plan("canary", (Step("canary", 0.1, 100, 60.0),))
        >>> plan.level("errors"), round(sum(plan.level(test) for test in plan.tests), 6)
        (0.02, 0.05)
        """
        return self.rules.alpha * WEIGHTS[test] / sum(WEIGHTS[each] for each in self.tests)


def _check(step: Step, rules: Rules) -> None:
    if step.kind in UNDEALT:
        what = "a shadow" if step.kind == "shadow" else "an external step"
        _within(f"share of {what}", step.share, 0, 0)
    else:
        _within("shares", step.share, 0, 1, inside=True)
    _within("requests", step.requests, 1, math.inf)
    _within("seconds", step.seconds, 0, rules.longest_seconds)


def _within(name: str, value: float, least: float, most: float, *, inside: bool = False) -> None:
    """Refuse a number outside of [least, most], or of (least, most) where `inside`. NaN is outside of everything."""
    fits = least < value < most if inside else least <= value <= most
    if not fits or math.isinf(value):
        raise BadPlan.outside(name, value, least, most, inside=inside)
