"""Trace one prediction: from its row in the prediction log to the release that gave it, and to everything that led there.

The log keeps who answered (release, role, revision of the route); the journal keeps the decisions: which route that was, which
rollout was under way, what put the release in charge, what asked for its training. The registry knows the rest, down to the
files. So the question "why did it say that?" ends at data, code and decisions, and not at a version number.
"""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seakeep.core.codec import to_plain
from seakeep.prediction_log import columns
from seakeep.registry import Artifact
from seakeep.registry.lineage import Edge, Lineage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Json
    from seakeep.registry import Registered, Registry
    from seakeep.registry.documents import Entry


@dataclass(frozen=True, slots=True)
class Trace:
    """One prediction and what led to it. Journal lines as {"id", "at", "content"}; None where there is none.

    rows: as logged, the answer that was given first; a shadow's answers and other rows of a request follow. release: who
    answered. route: the decision that made the route of that moment; None where nobody ever changed it. rollout: the
    latest decision of a rollout before the answer. promoted: the latest decision before the answer that put this release in
    charge. trigger, training: what asked for the training that made the release, and what came of it. lineage: upwards.
    """

    id: str
    name: str
    rows: tuple[Mapping[str, Json], ...]
    release: Registered
    route: Mapping[str, Json] | None
    rollout: Mapping[str, Json] | None
    promoted: Mapping[str, Json] | None
    trigger: Mapping[str, Json] | None
    training: Mapping[str, Json] | None
    lineage: Lineage

    @property
    def answer(self) -> Mapping[str, Json]:
        """The row of the answer that was given."""
        return self.rows[0]


def trace(registry: Registry, prediction_id: str) -> Trace | None:
    """What led to a prediction. prediction_id: as in an answer ("base.row"), or a request's base id. None where unknown.

    Raises: BadReference, if the release that answered is not in this registry.
    """
    if not (registry.home / "predictions").is_dir():
        return None
    from seakeep.prediction_log.log import find

    found = find(registry.home, prediction_id)
    if found is None:
        return None
    rows = sorted(found.rows.to_dicts(), key=lambda row: (row[columns.ROLE] == "shadow", row[columns.ID]))
    first = rows[0]
    release = registry.resolve(str(first[columns.RELEASE]))
    at = first[columns.TIME].replace(tzinfo=dt.UTC).timestamp()
    journal = _Journal(registry, found.name)
    training, trigger = journal.training(release)
    return Trace(
        prediction_id,
        found.name,
        tuple({name: _value(value) for name, value in row.items()} for row in rows),
        release,
        journal.route(int(first[columns.REVISION])),
        journal.latest("rollout", at),
        journal.promoted(release, at),
        trigger,
        training,
        _lineage(registry, release, prediction_id),
    )


@dataclass(frozen=True, slots=True)
class _Journal:
    """The decisions about one name."""

    registry: Registry
    name: str

    def entries(self, kind: str) -> tuple[Entry, ...]:
        return self.registry.journal.entries(kind=kind, name=self.name)

    def route(self, revision: int) -> Mapping[str, Json] | None:
        """The line that set the route of this revision."""
        lines = (each for each in self.entries("route") if _part(each.content, "route").get("revision") == revision)
        return next(map(_line, lines), None)

    def latest(self, kind: str, at: float) -> Mapping[str, Json] | None:
        lines = [each for each in self.entries(kind) if each.at <= at]
        return _line(lines[-1]) if lines else None

    def promoted(self, release: Registered, at: float) -> Mapping[str, Json] | None:
        lines = [each for each in self.entries("champion") if _of(each, release) and each.at <= at]
        return _line(lines[-1]) if lines else None

    def training(self, release: Registered) -> tuple[Mapping[str, Json] | None, Mapping[str, Json] | None]:
        """The line of the training that made the release, and of what asked for it."""
        made = next((each for each in self.entries("retraining") if _of(each, release)), None)
        if made is None:
            return None, None
        asked = _plain(made.content).get("trigger")
        trigger = next((each for each in self.entries("trigger") if each.id == asked), None)
        return _line(made), _line(trigger) if trigger else None


def _lineage(registry: Registry, release: Registered, prediction_id: str) -> Lineage:
    """The release's lineage with the prediction as its root."""
    above = registry.lineage(release.release.digest)
    root = Artifact(prediction_id, "prediction", "")
    return Lineage(root, "up", (Edge(above.root, root, "serve", release.release.name, 0), *above.edges))


def _of(entry: Entry, release: Registered) -> bool:
    return _plain(entry.content).get("release") == release.release.digest


def _line(entry: Entry) -> Mapping[str, Json]:
    return {"id": entry.id, "at": entry.at, "content": entry.content}


def _plain(content: Json) -> Mapping[str, Json]:
    return content if isinstance(content, dict) else {}


def _part(content: Json, name: str) -> Mapping[str, Json]:
    return _plain(_plain(content).get(name))


def _value(value: Any) -> Json:
    """A cell as JSON: times in ISO 8601, bytes in base64."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    try:
        return to_plain(value)
    except TypeError:
        return str(value)
