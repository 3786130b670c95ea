"""Objectives: what a service promises its callers, and how fast a budget of failures may burn before somebody is told.

A budget is what an objective leaves over: 0.1 % of the requests at 99.9 %. Burning it 14.4 times too fast spends a month's in two days.
Each alert looks at a long window, so that it is no single bad minute, and at a short one, so that it ends when the trouble does
(Beyer et al., The Site Reliability Workbook, 2018, chapter 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.integrations._queries import BOUNDS

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
    Burn(6.0, "6h", "30m", "15m", "critical"),
    Burn(3.0, "1d", "2h", "1h", "warning"),
    Burn(1.0, "3d", "6h", "3h", "warning"),
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


def slow_seconds(settings: Settings) -> float:
    """When a request is slow, by the project's settings: the bound of the histogram at or above what rollouts call slow.

    >>> from seakeep.pipeline.settings import Settings
    >>> slow_seconds(Settings())
    0.1
    """
    limit = settings.rollout.slow_ms / 1000 or DEFAULT_SLOW
    return next((bound for bound in BOUNDS if bound >= limit), BOUNDS[-1])
