"""The metrics of every model on record as Prometheus text. Called by the control server at each scrape.

Each part of a model's record is read by itself: one that is torn, or written by another version of Seakeep, is left out and told of
as not readable, so that the rest of the scrape stands. A scrape asks the database for a few rows a model and reads the report of the
last window; the log on the disk is measured by folders, which are remembered while they do not change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.core.errors import SeakeepError
from seakeep.pipeline.control.alerts import UNNAMED
from seakeep.pipeline.control.metrics import alarms, champions, disk, rollouts, trainings, watching
from seakeep.pipeline.control.metrics.families import FAMILIES, PARTS, READABLE, RELEASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seakeep.pipeline.control.metrics.families import Family, Labels, Told
    from seakeep.registry import Registry


def text(registry: Registry) -> str:
    """What is on record of every model, as Prometheus text; ends in a newline.

    Raises: UnreadableRegistry, if the registry itself cannot be read; a part of it that cannot be is only told of.
    """
    from prometheus_client import CollectorRegistry, generate_latest

    collected = CollectorRegistry(auto_describe=False)
    collected.register(_Collector(tuple(told(registry))))
    return generate_latest(collected).decode()


def told(registry: Registry) -> Iterator[Told]:
    """Every series: family, values of its labels, value."""
    counts: dict[str, int] = {}
    for each in registry.releases():
        counts[each.release.name] = counts.get(each.release.name, 0) + 1
    for name, releases in counts.items():
        yield RELEASES, (name,), releases
        for part in PARTS:
            found = _read(registry, name, part)
            yield READABLE, (name, part), found is not None
            yield from found or ()
    if counts:
        yield from _read(registry, UNNAMED, "alerts") or ()


def _read(registry: Registry, name: str, part: str) -> tuple[Told, ...] | None:
    """One part of a model's record; None where it cannot be read."""
    tell: dict[str, Callable[[Registry, str], Iterator[Told]]] = {
        "champion": champions.tell,
        "monitor": watching.tell,
        "incidents": watching.tell_incidents,
        "alerts": alarms.tell,
        "retraining": trainings.tell,
        "rollout": rollouts.tell,
        "log": disk.tell,
    }
    try:
        return tuple(tell[part](registry, name))
    except (SeakeepError, OSError):
        return None


class _Collector:
    """What prometheus_client asks for series."""

    def __init__(self, series: tuple[Told, ...]) -> None:
        self._series: dict[Family, list[tuple[Labels, float]]] = {}
        for family, labels, value in series:
            self._series.setdefault(family, []).append((labels, value))

    def collect(self) -> Iterator[Any]:
        """Every family that has series, in the order of the documentation."""
        from prometheus_client.core import GaugeMetricFamily

        for family in FAMILIES:
            if family in self._series:
                made = GaugeMetricFamily(family.name, family.about, labels=family.labels)
                for labels, value in self._series[family]:
                    made.add_metric(labels, float(value))
                yield made
