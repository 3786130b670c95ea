"""Objectives: what a service promises its callers, and how fast a budget of failures may burn before somebody is told.

A budget is what an objective leaves over: 0.1 % of the requests at 99.9 %. Burning it 14.4 times too fast spends a month's in two days.
Each alert looks at a long window, so that it is no single bad minute, and at a short one, so that it ends when the trouble does
(Beyer et al., The Site Reliability Workbook, 2018, chapter 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from seakeep.integrations._queries import BOUNDS
from seakeep.pipeline.exports import BadExport

if TYPE_CHECKING:
    from seakeep.integrations._rules.alert import Severity
    from seakeep.pipeline.settings import Settings

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
DEFAULT_SLOW = 0.1


@dataclass(frozen=True, slots=True)
class Burn:
    """A rate of burning at which somebody is told. factor: of the rate that spends the budget just in its time."""

    factor: float
    long: str
    short: str
    lasting: str
    severity: Severity


BURNS = (
    Burn(14.4, "1h", "5m", "2m", "critical"),
    Burn(6.0, "6h", "30m", "5m", "critical"),
    Burn(3.0, "1d", "2h", "30m", "warning"),
    Burn(1.0, "3d", "6h", "1h", "warning"),
)


@dataclass(frozen=True, slots=True)
class Objectives:
    """available: share of the requests that must not fail. quick: share that must be answered within `slow_seconds`, one of
    BOUNDS. refused_at_most: share of the requests that may be refused. log_gb: size from which on a prediction log is told of.
    champion_days: age from which on the release in charge is; 0 for never.
    """

    available: float = 0.999
    quick: float = 0.99
    slow_seconds: float = DEFAULT_SLOW
    refused_at_most: float = 0.05
    log_gb: float = 50.0
    champion_days: int = 0


class Stated(Protocol):
    """Options of a target that say what is promised."""

    @property
    def available(self) -> float: ...
    @property
    def quick(self) -> float: ...
    @property
    def slow_seconds(self) -> float: ...
    @property
    def refused_at_most(self) -> float: ...
    @property
    def log_gb(self) -> float: ...


def objectives_of(options: Stated, settings: Settings, *, target: str) -> Objectives:
    """The objectives that a target's options state; slow_seconds of 0 is what rollouts call slow.

    Raises: BadExport, for what cannot be promised or is no bound of the histogram.
    """
    for name in ("available", "quick", "refused_at_most"):
        value = getattr(options, name)
        if not 0 < value < 1:
            raise BadExport.wrong_option(target, name, f"{value:g}", "a share above 0 and below 1")
    if options.slow_seconds and options.slow_seconds not in BOUNDS:
        bounds = ", ".join(f"{bound:g}" for bound in BOUNDS)
        raise BadExport.wrong_option(target, "slow_seconds", f"{options.slow_seconds:g}", f"0, or one of {bounds}")
    if options.log_gb <= 0:
        raise BadExport.wrong_option(target, "log_gb", f"{options.log_gb:g}", "a number above 0")
    return Objectives(
        options.available,
        options.quick,
        options.slow_seconds or slow_seconds(settings),
        options.refused_at_most,
        options.log_gb,
    )


def slow_seconds(settings: Settings) -> float:
    """When a request is slow, by the project's settings: the bound of the histogram at or above what rollouts call slow.

    >>> from seakeep.pipeline.settings import Settings
    >>> slow_seconds(Settings())
    0.1
    """
    limit = settings.rollout.slow_ms / 1000 or DEFAULT_SLOW
    return next((bound for bound in BOUNDS if bound >= limit), BOUNDS[-1])
