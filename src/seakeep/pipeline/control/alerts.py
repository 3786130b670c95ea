"""Alerts that Alertmanager tells: read from its webhook (version 4), put on record once, and looked up by who shows or heeds them.

An alert is known by its fingerprint (of its labels) and the moment it began. Alertmanager tells it again every few hours, after
every restart, and from each of its replicas; a recorded call can be sent again by anybody who saw it. So each change (this
alert began; it ended) is one line of the journal, kind "alert", however often it is told, and what was told twice changes
nothing. An alert that is not known and began more than a week ago is not believed; nor is one of the future; what else the call
told is, since Alertmanager does not send it again.
What is kept is bounded: labels and annotations are cut, and an alert remembers only its last beginnings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, cast

from seakeep.core.codec import from_plain
from seakeep.pipeline.control.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seakeep.core.codec import Json
    from seakeep.registry import Registry

KIND = "alert"
OLDEST_SECONDS, AHEAD_SECONDS = 7 * 86_400.0, 300.0
MOST_ALERTS, MOST_LABELS, LONGEST_TEXT, KEPT_CHANGES = 1000, 64, 1024, 32
UNNAMED = "-"
"""Stands for a model's name where an alert's label `model` names none."""
State = Literal["firing", "resolved"]
_FINGERPRINT = re.compile(r"[0-9A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it was told. model: the label of that name. began: Unix seconds. labels, annotations: texts, cut."""

    fingerprint: str
    model: str
    title: str
    state: State
    began: float
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def change(self) -> str:
        """What identifies this change of it."""
        return f"{self.began:.3f} {self.state}"

    @property
    def summary(self) -> str:
        """A sentence for people."""
        told = self.annotations.get("summary") or self.annotations.get("description") or ""
        return f"{self.title}: {told}" if told else self.title


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """The latest word on an alert. changes: those on record already, oldest first. told: how often it was told in all.

    received: Unix seconds, when its latest change was.
    """

    alert: Alert
    changes: tuple[str, ...]
    told: int
    received: float


@dataclass(frozen=True, slots=True)
class Received:
    """What a call came to. recorded: changes that were put on record; known: alerts that said nothing new; refused: by their age."""

    recorded: int
    known: int
    refused: int = 0


def read_alerts(content: object) -> tuple[Alert, ...]:
    """The alerts of a webhook's body. Raises Refused where it is not what Alertmanager sends."""
    if not isinstance(content, Mapping):
        raise Refused.structure("the body", content, "an object")
    if content.get("version") != "4":
        raise Refused.structure("version", content.get("version"), '"4"')
    alerts = content.get("alerts")
    if not isinstance(alerts, list):
        raise Refused.structure("alerts", alerts, "an array")
    if len(alerts) > MOST_ALERTS:
        raise Refused.structure("alerts", f"{len(alerts)} of them", f"at most {MOST_ALERTS}")
    return tuple(_read(f"alerts[{number}]", each) for number, each in enumerate(alerts))


def receive(registry: Registry, alerts: Sequence[Alert], *, now: float) -> Received:
    """Put on record what is new of `alerts`, in one transaction. One that is not known and too old or of the future is left out.

    Raises: Refused, if nothing else is told; UnreadableRegistry, and then nothing is on record.
    """
    recorded = 0
    refused: list[Refused] = []
    with registry.transaction():
        names = {each.release.name for each in registry.releases()}
        for alert in alerts:
            try:
                recorded += _receive(registry, alert if alert.model in names else replace(alert, model=UNNAMED), now)
            except Refused as told:
                refused.append(told)
    if refused and len(refused) == len(alerts):
        raise refused[0]
    return Received(recorded, len(alerts) - recorded - len(refused), len(refused))


def known_alerts(registry: Registry, name: str | None = None) -> Iterator[KeptAlert]:
    """The latest word on every alert, or on those of the model `name`."""
    for key, document in registry.documents.beginning(KIND, "" if name is None else f"{name}/"):
        yield from_plain(KeptAlert, document.content, path=f"{KIND} {key}")


def firing(registry: Registry, name: str | None = None) -> tuple[KeptAlert, ...]:
    """Alerts that began and did not end, the oldest first."""
    found = (each for each in known_alerts(registry, name) if each.alert.state == "firing")
    return tuple(sorted(found, key=lambda each: (each.alert.began, each.alert.fingerprint)))


def as_plain(kept: KeptAlert) -> dict[str, Json]:
    """As it is shown in JSON."""
    alert = kept.alert
    return {
        "fingerprint": alert.fingerprint,
        "model": alert.model,
        "title": alert.title,
        "summary": alert.summary,
        "began": alert.began,
        "received": kept.received,
        "told": kept.told,
        "labels": dict(alert.labels),
    }


def _receive(registry: Registry, alert: Alert, now: float) -> bool:
    """Put one alert on record. Returns whether it said anything new."""
    key = f"{alert.model}/{alert.fingerprint}"
    document = registry.documents.get(KIND, key)
    kept = from_plain(KeptAlert, document.content, path=f"{KIND} {key}") if document else None
    if kept is not None and alert.change in kept.changes:
        again = replace(kept, told=kept.told + 1)
        registry.documents.put(KIND, key, again, expected=document.revision if document else 0)
        return False
    _refuse_age(alert, now)
    if kept is not None and (alert.began, alert.state) < (kept.alert.began, kept.alert.state):
        return False  # told late: something newer is on record
    changes = (*(kept.changes if kept else ()), alert.change)[-KEPT_CHANGES:]
    new = KeptAlert(alert, changes, (kept.told if kept else 0) + 1, now)
    registry.documents.put(KIND, key, new, expected=document.revision if document else 0)
    registry.journal.append(KIND, alert.model, alert, at=now)
    return True


def _refuse_age(alert: Alert, now: float) -> None:
    found = f"{alert.began:.0f}"
    if alert.began > now + AHEAD_SECONDS:
        raise Refused.age("startsAt", found, future=True)
    if alert.state == "firing" and alert.began < now - OLDEST_SECONDS:
        raise Refused.age("startsAt", found, future=False)


def _read(place: str, content: object) -> Alert:
    if not isinstance(content, Mapping):
        raise Refused.structure(place, content, "an object")
    state = content.get("status")
    if state not in ("firing", "resolved"):
        raise Refused.structure(f"{place}.status", state, '"firing" or "resolved"')
    fingerprint = content.get("fingerprint")
    if not isinstance(fingerprint, str) or not _FINGERPRINT.fullmatch(fingerprint):
        raise Refused.structure(f"{place}.fingerprint", fingerprint, "letters and digits")
    labels = _texts(f"{place}.labels", content.get("labels"))
    annotations = _texts(f"{place}.annotations", content.get("annotations", {}))
    began = _moment(f"{place}.startsAt", content.get("startsAt"))
    title = labels.get("alertname", "alert")
    return Alert(fingerprint, labels.get("model", ""), title, cast("State", state), began, labels, annotations)


def _texts(place: str, content: object) -> dict[str, str]:
    if not isinstance(content, Mapping) or not all(isinstance(each, str) for each in content.values()):
        raise Refused.structure(place, content, "an object of texts")
    if len(content) > MOST_LABELS:
        raise Refused.structure(place, f"{len(content)} of them", f"at most {MOST_LABELS}")
    return {str(key)[:LONGEST_TEXT]: value[:LONGEST_TEXT] for key, value in sorted(content.items())}


def _moment(place: str, content: object) -> float:
    """Unix seconds of a time as RFC 3339 writes it, with a zone; nanoseconds are cut to microseconds."""
    expected = "a time such as 2026-06-01T12:00:00Z"
    if not isinstance(content, str) or len(content) > len("2026-06-01T12:00:00.123456789+00:00"):
        raise Refused.structure(place, content, expected)
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", content))
    except ValueError:
        raise Refused.structure(place, content, expected) from None
    if found.tzinfo is None:
        raise Refused.structure(place, content, f"{expected}, with its zone")
    return found.timestamp()
