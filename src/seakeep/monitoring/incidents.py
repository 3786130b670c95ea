"""Incidents: what is wrong, since when, how much, and what it costs. A failing check opens one, calm windows close it. Pure.

Called by `monitor`, which keeps each as a document of kind "incident" under "<name>/<id>" and each change as a line of the journal. An
incident is about one code and one subject (a column, a metric) of one name, whatever release answered: a new release with the
same drift is the same incident. A window that could not tell (inconclusive, or without the column) neither extends nor calms it.

The journal's lines have the kind "incident", the name of the model, and this content:
    event       "opened", "extended", "closed", or "measured" (labels came: its effect on a metric is known)
    id          of the incident, 12 digits
    code, subject   of the check: "drift.kolmogorov_smirnov", "temp"
    release     what answered in that window: "flight-delay@3"
    window      {"start", "end"}: of the window that caused this line, ISO 8601
    windows     how many windows have failed so far
    effect      how much it moved: {"direction", "by", "unit", "standard_deviations", "words"}; see effects
    metric      what it cost, once labels came: {"metric", "window", "value", "low", "high", "reference", "change"}, else null
    message     the check's sentence
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from seakeep.core.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from seakeep.core.codec import Json
    from seakeep.core.report import Check
    from seakeep.monitoring.windows import Window

KIND = "incident"
EventKind = Literal["opened", "extended", "calmed", "closed", "measured"]


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that is, or was, wrong.

    state: "open" or "closed". first, last: beginning of the first failing window and end of the last one, microseconds.
    windows: how many failed. calm: how many passed since. releases: labels of what answered in them. observed, threshold:
    of the last failing check. effect, metric: see the module; metric is the worst window's.
    """

    id: str
    name: str
    code: str
    subject: str
    state: Literal["open", "closed"]
    first: int
    last: int
    windows: int
    calm: int
    releases: tuple[str, ...]
    message: str
    observed: Any = None
    threshold: Any = None
    effect: Mapping[str, Any] | None = None
    metric: Mapping[str, Any] | None = None

    def covers(self, window: Window) -> bool:
        """Whether the window lies within it."""
        return self.first <= window.start and window.end <= self.last


@dataclass(frozen=True, slots=True)
class Event:
    """A change of an incident. window: that caused it. release: what answered in it. A calmed one is no line of the journal."""

    kind: EventKind
    incident: Incident
    window: Window
    release: str

    def as_plain(self) -> dict[str, Json]:
        """The content of the journal's line."""
        incident = self.incident
        return {
            "event": self.kind,
            "id": incident.id,
            "code": incident.code,
            "subject": incident.subject,
            "release": self.release,
            "window": {"start": self.window.name, "end": self.window.until},
            "windows": incident.windows,
            "effect": dict(incident.effect) if incident.effect else None,
            "metric": dict(incident.metric) if incident.metric else None,
            "message": incident.message,
        }


def follow(
    known: Sequence[Incident], checks: Iterable[tuple[str, Check]], window: Window, *, name: str, calm: int
) -> tuple[Event, ...]:
    """What a window's checks change.

    Parameters: known: incidents of this name, those that are open count. checks: with the label of the release that they are
        about; of several about one subject the worst counts. calm: passing windows that close an incident.
    """
    still = {(each.code, each.subject): each for each in known if each.state == "open"}
    events: list[Event] = []
    for (code, subject), (release, check) in _worst(checks).items():
        incident = still.get((code, subject))
        if check.verdict is Verdict.FAIL:
            changed = (
                _opened(name, release, check, window) if incident is None else _again(incident, release, check, window)
            )
            events.append(Event("opened" if incident is None else "extended", changed, window, release))
        elif incident is not None and check.verdict is Verdict.PASS and window.start >= incident.last:
            quiet = replace(incident, calm=incident.calm + 1)
            if quiet.calm >= calm:
                events.append(Event("closed", replace(quiet, state="closed"), window, release))
            else:
                events.append(Event("calmed", quiet, window, release))
    return tuple(events)


def measure(known: Sequence[Incident], check: Check, window: Window, release: str) -> tuple[Event, ...]:
    """What a decay check, made once labels came, says about the incidents of its window: their effect on the metric."""
    change, before = check.evidence.get("change"), check.evidence.get("reference")
    if not isinstance(change, int | float) or isinstance(change, bool):
        return ()
    metric: dict[str, Json] = {
        "metric": check.subject,
        "window": window.name,
        "value": check.observed,
        "low": check.evidence.get("low"),
        "high": check.evidence.get("high"),
        "reference": before,
        "change": change,
    }
    touched = [each for each in known if not each.code.startswith("decay.") and each.covers(window)]
    return tuple(
        Event("measured", replace(each, metric=metric), window, release)
        for each in touched
        if each.metric is None or abs(change) > abs(each.metric["change"]) or each.metric["window"] == window.name
    )


def _worst(checks: Iterable[tuple[str, Check]]) -> dict[tuple[str, str], tuple[str, Check]]:
    order = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL)
    found: dict[tuple[str, str], tuple[str, Check]] = {}
    for release, check in checks:
        key = check.code, check.subject
        if key not in found or order.index(check.verdict) > order.index(found[key][1].verdict):
            found[key] = release, check
    return found


def _opened(name: str, release: str, check: Check, window: Window) -> Incident:
    text = "\n".join((name, check.code, check.subject, str(window.start)))
    fields = _told(check)
    return Incident(
        id=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12],
        name=name,
        code=check.code,
        subject=check.subject,
        state="open",
        first=window.start,
        last=window.end,
        windows=1,
        calm=0,
        releases=(release,),
        **fields,
    )


def _again(incident: Incident, release: str, check: Check, window: Window) -> Incident:
    if incident.covers(window):  # the same window once more
        return replace(incident, **_told(check))
    newest = window.end > incident.last
    return replace(
        incident,
        first=min(incident.first, window.start),
        last=max(incident.last, window.end),
        windows=incident.windows + 1,
        calm=0 if newest else incident.calm,
        releases=tuple(dict.fromkeys((*incident.releases, release))),
        **(_told(check) if newest else {}),
    )


def _told(check: Check) -> dict[str, Any]:
    effect = check.evidence.get("effect")
    if not isinstance(effect, Mapping):
        change = check.evidence.get("change")
        by = float(change) if isinstance(change, int | float) and not isinstance(change, bool) else None
        direction = "none" if not by else "up" if by > 0 else "down"
        effect = {"direction": direction, "by": by, "unit": "", "standard_deviations": None, "words": check.message}
    return {"message": check.message, "observed": check.observed, "threshold": check.threshold, "effect": effect}
