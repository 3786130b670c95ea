"""What a monitor is told: the windows' length and clock, and what counts as worse. Times are kept in microseconds.

Read from `[monitor]` in seakeep.toml by the pipeline, or made by hand. Everything is checked here, once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core import durations
from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

ASKED = "asked"
DEFAULT_WINDOW = "1h"
_SECOND = 1_000_000
_SHORTEST, _LONGEST = 10 * _SECOND, 366 * 86_400 * _SECOND


class BadMonitor(UsageError):
    """A monitor cannot be set up so."""

    @classmethod
    def span(cls, option: str, found: str) -> BadMonitor:
        expected = f"a length of time above 0 such as {durations.EXAMPLE}"
        return cls(
            f"{option} is {found!r}, expected {expected}",
            fix=f'{option} = "1h"',
            option=option,
            value=found,
            expected=expected,
        )

    @classmethod
    def length(cls, found: str) -> BadMonitor:
        return cls(
            f"window is {found!r}, expected 10 seconds to 366 days",
            cause="Shorter windows hold too few rows to judge, longer ones tell too late.",
            fix='window = "1h"',
            option="window",
            value=found,
            expected="10 seconds to 366 days",
        )

    @classmethod
    def number(cls, option: str, found: float, expected: str) -> BadMonitor:
        fix = "See the settings: [monitor]"
        return cls(
            f"{option} is {found!r}, expected {expected}", fix=fix, option=option, value=found, expected=expected
        )

    @classmethod
    def clock(cls, by: str, known: Sequence[str]) -> BadMonitor:
        listed = ", ".join(("asked", *known))
        return cls(
            f"windows cannot be cut by {by!r}: no release of this name reads a timestamp of that name",
            cause=f"Known: {listed}.",
            fix='by = "asked" (when a request came), or an input column that holds times',
            by=by,
        )

    @classmethod
    def changed(cls, name: str, before: str, now: str) -> BadMonitor:
        return cls(
            f"{name} has been watched by windows of {before}, and is asked for windows of {now}",
            cause="Windows of two kinds would overlap, so that rows would be judged twice.",
            fix="Keep the settings, or watch from here on by the new ones: seakeep monitor NAME --restart",
            name=name,
            before=before,
            now=now,
        )


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """How a model is watched.

    window: length of a window, "30m", "1h", "7d", aligned to Mondays, midnight UTC; empty for the one that the champion's
    pipeline declares, or else an hour. by: "asked", when a request
    arrived, or an input column with times. grace: how long after its end a window waits for late rows. margin: how much
    worse a metric may get: of metrics between 0 and 1 the difference, of others the share of the value at release.
    calm: so many windows that pass close an incident. q: share of alarms over a window's columns that may be false.
    """

    window: str = ""
    by: str = ASKED
    grace: str = "5m"
    margin: float = 0.02
    calm: int = 3
    q: float = 0.05

    def __post_init__(self) -> None:
        if not _SHORTEST <= self.length <= _LONGEST:
            raise BadMonitor.length(self.window or DEFAULT_WINDOW)
        _ = self.patience
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise BadMonitor.number("margin", self.margin, "a number of at least 0")
        if not 0 < self.q < 1:
            raise BadMonitor.number("q", self.q, "a share above 0 and below 1")
        if self.calm < 1:
            raise BadMonitor.number("calm", self.calm, "at least 1")

    @property
    def length(self) -> int:
        """The window's length in microseconds."""
        return microseconds("window", self.window or DEFAULT_WINDOW)

    @property
    def patience(self) -> int:
        """The grace in microseconds."""
        return microseconds("grace", self.grace)

    @property
    def hours(self) -> float:
        """The window's length in hours."""
        return self.length / (3600 * _SECOND)


def microseconds(option: str, text: str) -> int:
    """A length of time such as "90s", "5m", "1h", "7d" or "2w". Raises BadMonitor.

    >>> microseconds("window", "1h")
    3600000000
    """
    found = durations.seconds(text)
    if found is None:
        raise BadMonitor.span(option, text)
    return round(found * _SECOND)
