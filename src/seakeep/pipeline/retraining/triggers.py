"""When to train again: a decision on facts, with its reason in words. Pure: no clock, no files; `service` gathers and acts.

Five things may ask for a training: spans that no training has seen, the age of the latest one, drift, decay of a metric, and where
that is wanted an alert of Alertmanager's that fires.
What stands against it: a span that breaks the contract, the cool-down since the last start, and a budget of starts within a
time. A person's word goes before the cool-down and the budget, never before the contract.

What is hard is the clock. Machines set theirs back, and a start that seems to lie in the future must neither block for a
year nor count for nothing. So times are kept against the latest look: where the clock has gone back, all of them are moved
back by as much, and a step back never shortens a wait. A step forward cannot be told from a night switched off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from seakeep.core import durations
from seakeep.core.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

Trigger = Literal["spans", "schedule", "drift", "decay", "alerts", "asked"]
Code = Literal["retrain", "nothing", "cooling", "budget", "blocked"]
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """When trainings may start. Times in seconds.

    on: what may ask for one. every: the schedule, None for none. cooldown: least time between two starts. most_runs: starts
    within `per`. skip_bad_spans: whether training goes on without a span that breaks the contract.
    """

    on: tuple[Trigger, ...] = ("spans", "schedule", "drift", "decay")
    every: float | None = None
    cooldown: float = 3600.0
    most_runs: int = 4
    per: float = 86_400.0
    skip_bad_spans: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What has been started, by the clock of the latest look (Unix seconds).

    starts: of trainings that a trigger started, those that still count. trained: when the latest training of any kind was.
    looked: the latest look.
    """

    starts: tuple[float, ...] = ()
    trained: float | None = None
    looked: float = 0.0

    def at(self, now: float) -> History:
        """The history as of `now`; where the clock has gone back, moved back by as much."""
        back = max(0.0, self.looked - now)
        trained = None if self.trained is None else min(self.trained - back, now)
        return History(tuple(min(start - back, now) for start in self.starts), trained, now)

    def started(self, policy: Policy) -> History:
        """The history with a start at its latest look; starts that no rule asks for any more are left out."""
        kept = tuple(start for start in self.starts if self.looked - start < max(policy.per, policy.cooldown))
        return replace(self, starts=(*kept, self.looked), trained=self.looked)


@dataclass(frozen=True, slots=True)
class Incident:
    """An open incident of the champion, or an alert that fires, that no training has answered yet.

    subject: the column or metric, or the alert's name.
    """

    id: str
    kind: Literal["drift", "decay", "alerts"]
    subject: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class BadSpan:
    """A span that is kept apart. why: what is wrong with it. judged: False where the project's code broke while judging it."""

    name: str
    why: str = ""
    judged: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """The world as it is.

    new_spans: those in the window that no training has seen. bad_spans: those in the window that are kept apart.
    short: why there are too few spans to train on, or "". incidents: open ones. asked: whether a person wants it now.
    """

    new_spans: tuple[str, ...] = ()
    bad_spans: tuple[BadSpan, ...] = ()
    short: str = ""
    incidents: tuple[Incident, ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do and why. triggers: what asked for a training. until: when a wait ends (Unix seconds), None for none."""

    code: Code
    why: str
    triggers: tuple[Trigger, ...] = ()
    until: float | None = None

    @property
    def acts(self) -> bool:
        """Whether a training starts."""
        return self.code == "retrain"


def decide(policy: Policy, facts: Facts, history: History) -> Decision:
    """Whether to train now. history: as of now (see History.at)."""
    asking = _asking(policy, facts, history)
    triggers, reasons = tuple(asking), "; ".join(asking.values())
    held = _held(policy, facts)
    if held and (triggers or facts.bad_spans):
        return Decision("blocked", f"{held}{f' (asked for: {reasons})' if reasons else ''}", triggers)
    if not triggers:
        return _nothing(policy, facts, history)
    if not facts.asked:
        cooled = max(history.starts, default=float("-inf")) + policy.cooldown
        if cooled > history.looked:
            return Decision("cooling", f"not now, cooling down until {moment(cooled)}: {reasons}", triggers, cooled)
        freed = _freed(policy, history)
        if freed is not None and freed > history.looked:
            spent = f"the budget of {policy.most_runs} in {durations.text(policy.per)} is spent"
            until = "" if freed == float("inf") else f" until {moment(freed)}"
            return Decision("budget", f"not now, {spent}{until}: {reasons}", triggers, freed if until else None)
    return Decision("retrain", reasons, triggers)


def moment(at: float) -> str:
    """A time for people: "2026-06-01 12:00:05 UTC"; its number where no calendar has it.

    >>> moment(0)
    '1970-01-01 00:00:00 UTC'
    """
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"second {at:.0f}"


def _asking(policy: Policy, facts: Facts, history: History) -> dict[Trigger, str]:
    """What asks for a training, and in which words."""
    found: dict[Trigger, str] = {}
    if facts.asked:
        found["asked"] = "somebody asked for it"
    if facts.new_spans:
        found["spans"] = f"new {_listed(facts.new_spans, 'span')}"
    due = _due(policy, history)
    if due is not None and due <= history.looked:
        age = "no training yet" if history.trained is None else f"the latest training was at {moment(history.trained)}"
        found["schedule"] = f"{age}, due every {durations.text(policy.every or 0)}"
    for kind in ("drift", "decay"):
        subjects = tuple(each.subject for each in facts.incidents if each.kind == kind)
        if subjects:
            found[kind] = f"{kind} of {_listed(subjects)}"
    alerts = tuple(each.subject for each in facts.incidents if each.kind == "alerts")
    if alerts:
        found["alerts"] = f"firing {_listed(alerts, 'alert')}"
    return {name: why for name, why in found.items() if name == "asked" or name in policy.on}


def _held(policy: Policy, facts: Facts) -> str:
    """What forbids any training, in words; empty where nothing does."""
    if not facts.bad_spans or policy.skip_bad_spans:
        return facts.short
    first, others = facts.bad_spans[0], len(facts.bad_spans) - 1
    why = f" ({first.why})" if first.why else ""
    more = f", and {others} more" if others else ""
    if not first.judged:
        return f"span {first.name} cannot be judged{why}{more}: mend the project's code, or set skip_bad_spans"
    return f"span {first.name} breaks the contract{why}{more}: replace the file, or set skip_bad_spans"


def _nothing(policy: Policy, facts: Facts, history: History) -> Decision:
    names = tuple(span.name for span in facts.bad_spans)
    left_out = f"; {_listed(names, 'span')} left out" if names else ""
    due = _due(policy, history) if "schedule" in policy.on else None
    ahead = "" if due is None else f"; by the schedule the next training is due at {moment(due)}"
    return Decision("nothing", f"nothing asks for a training{left_out}{ahead}", until=due)


def _due(policy: Policy, history: History) -> float | None:
    """When the schedule asks for the next training; None without a schedule."""
    if policy.every is None:
        return None
    return history.looked if history.trained is None else history.trained + policy.every


def _freed(policy: Policy, history: History) -> float | None:
    """When the budget has room again; None where it has, infinity where it never will."""
    counted = sorted(start for start in history.starts if history.looked - start < policy.per)
    if len(counted) < policy.most_runs:
        return None
    return counted[len(counted) - policy.most_runs] + policy.per if policy.most_runs else float("inf")


def _listed(names: Sequence[str], noun: str = "") -> str:
    """Names after their noun, at most three of them: "span 2013-09", "spans 2013-09, 2013-10"."""
    shown = listed(names, _SHOWN)
    return f"{noun}{'s' if len(names) > 1 else ''} {shown}" if noun else shown
