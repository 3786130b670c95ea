"""Alarms that ask for a training: open incidents of drift and decay about the release that is in charge, and alerts that fire.

The monitor keeps incidents (see monitoring.incidents). One of them asks once: a training that came to an end has answered it, for
the champion that it was about. Where the next champion has the same trouble, it asks again. An alert asks only where its rule says so,
by the label seakeep_retrain="true", and once for each time that it began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from seakeep.core.codec import from_plain
from seakeep.pipeline.retraining.triggers import Incident

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from seakeep.monitoring.incidents import Incident as Known
    from seakeep.registry import Registry

RETRAIN = "seakeep_retrain"
"""The label of an alert that asks for a training, where it is "true"."""
_KINDS: tuple[Literal["drift", "decay"], ...] = ("drift", "decay")


def open_incidents(registry: Registry, name: str, *, answered: Collection[str] = ()) -> tuple[Incident, ...]:
    """Open incidents about the champion of `name` that no training has answered. answered: their ids (see Incident.id)."""
    champion = registry.champion(name)
    if champion is None:
        return ()
    about = [each for each in _known(registry, name) if each.state == "open" and champion.label in each.releases]
    asking = [
        Incident(f"{each.id} {champion.label}", kind, each.subject, each.message)
        for each in about
        for kind in _KINDS
        if each.code.startswith(f"{kind}.")
    ]
    return tuple(each for each in asking if each.id not in answered)


def firing_alerts(registry: Registry, name: str, *, answered: Collection[str] = ()) -> tuple[Incident, ...]:
    """Alerts about `name` that fire, ask for a training by their label, and that no training has answered."""
    from seakeep.pipeline.control.alerts import firing

    asking = [
        Incident(
            f"alert {kept.alert.fingerprint} {kept.alert.began:.3f}", "alerts", kept.alert.title, kept.alert.summary
        )
        for kept in firing(registry, name)
        if kept.alert.labels.get(RETRAIN) == "true"
    ]
    return tuple(each for each in asking if each.id not in answered)


def _known(registry: Registry, name: str) -> Iterator[Known]:
    from seakeep.monitoring import incidents

    for key in registry.documents.names(incidents.KIND):
        document = registry.documents.get(incidents.KIND, key) if key.startswith(f"{name}/") else None
        if document is not None:
            yield from_plain(incidents.Incident, document.content, path=f"{incidents.KIND} {key}")
