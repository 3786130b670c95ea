"""Metrics of a server: this worker's counters, and the sum of all workers' when somebody asks.

Series are laid out when a release is loaded, one file a release and worker (see `cells`), so that a scrape of any worker tells of
all of them, dead ones included. The files stay as long as the server: what a release that left the route has counted stays in
the sums, as a counter must never fall. `prometheus_client` writes the text, and is imported then.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from typing import TYPE_CHECKING, Any

from seakeep.serving.served import class_text
from seakeep.serving.server.cells import SUFFIX, Sheet, read_sheet
from seakeep.serving.server.families import (
    BROKEN,
    FAMILIES,
    IMPUTED,
    LABELS,
    LATENCY,
    LOG_LAG,
    LOG_LOST,
    LOG_ROWS,
    LOG_WRITABLE,
    LOOP_DELAY,
    MISSING,
    OUTSIDE,
    PREDICTED,
    REFUSALS,
    RELOADS,
    REQUESTS,
    ROOM,
    ROUTE_FAILURES,
    ROUTE_REVISION,
    RUNS,
    SHADOW_AGREED,
    SHADOW_DROPPED,
    SHADOW_ROWS,
    STATUSES,
    TOKENS_READABLE,
    TREES_COMPILED,
    UNDER_WAY,
    Family,
    Labels,
)
from seakeep.serving.server.refusals import CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from seakeep.serving.served import Served
    from seakeep.serving.server.cells import Distribution, Series

_WIDTHS = {family.name: family.width for family in FAMILIES}
_JOINED: dict[str, Callable[[tuple[float, float]], float]] = {"least": min, "most": max}
MOST_CLASSES = 64
_COUNTED = {family.name: family for family in FAMILIES if family.kind != "told"}
Told = tuple[Family, Labels, float]


class Metrics:
    """This worker's counters, and all workers' on demand.

    Parameters: folder: where the workers' files lie. told: gives what is told as it stands, in families of kind "told".
    """

    def __init__(self, folder: Path, *, told: Callable[[], Iterable[Told]] = tuple) -> None:
        self._folder, self._told = folder, told
        self._sheets: dict[Labels, Sheet] = {}
        self._turn = threading.Lock()

    def nowhere(self) -> Sheet:
        """Requests that name no model that is served."""
        series = [(REQUESTS, ("", "", "", str(status))) for status in STATUSES]
        return self._sheet(("nowhere",), [*series, *((REFUSALS, ("", "", code)) for code in CODES)])

    def of_worker(self) -> Sheet:
        """What is told of a worker, whatever it serves."""
        return self._sheet(("worker",), [(family, ()) for family in (LOOP_DELAY, UNDER_WAY, ROOM)])

    def of_gate(self) -> Sheet:
        """What is counted of the gate, where there is one."""
        return self._sheet(("gate",), [(TOKENS_READABLE, ())])

    def of_name(self, name: str) -> Sheet:
        """What is counted of a model's name, whichever release answers."""
        families = (SHADOW_DROPPED, ROUTE_FAILURES, ROUTE_REVISION, LOG_ROWS, LOG_LOST, LOG_WRITABLE, LOG_LAG, LABELS)
        return self._sheet(("name", name), [(family, (name,)) for family in families])

    def of_release(self, served: Served) -> Sheet:
        """What is counted of a release, in whatever role."""
        own = (served.name, served.version)
        if (found := self._sheets.get(("release", *own))) is not None:  # asked for with every copy that shadows answer
            return found
        series: list[Series] = [(REFUSALS, (*own, code)) for code in CODES]
        series += [(family, own) for family in (RUNS, RELOADS, TREES_COMPILED, SHADOW_ROWS, SHADOW_AGREED)]
        columns = (column.name for column in served.model.inputs)
        series += [(family, (*own, name)) for name in columns for family in (MISSING, OUTSIDE, IMPUTED)]
        series += [(BROKEN, (*own, rule.name)) for rule in served.model.schema.rules]
        return self._sheet(("release", *own), series)

    def runs_of(self, served: Served) -> tuple[Distribution, Distribution]:
        """Rows of each run of a release: what the loop counts, and what the thread beside it does. They are summed when somebody
        asks, so that neither needs a lock for what is counted with nearly every request.
        """
        own = (served.name, served.version)
        beside = self._sheet(("beside", *own), [(RUNS, own)])
        return self.of_release(served).distribution(RUNS, *own), beside.distribution(RUNS, *own)

    def of_arm(self, served: Served, role: str) -> Sheet:
        """What is counted of a release in a role."""
        own = (served.name, served.version, role)
        series: list[Series] = [(LATENCY, own), *((REQUESTS, (*own, str(one))) for one in STATUSES)]
        return self._sheet(("arm", *own), [*series, *((PREDICTED, (*own, name)) for name in counted_classes(served))])

    def text(self) -> bytes:
        """All workers' metrics in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Any]:
        """What prometheus_client asks of a collector: every family, over all workers."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        totals = self._totals()
        for name, labels, value in ((family.name, labels, value) for family, labels, value in self._told()):
            totals.setdefault(name, {})[labels] = [value]
        for family in FAMILIES:
            kind = HistogramMetricFamily if family.bounds else CounterMetricFamily
            made = (kind if family.kind == "sum" else GaugeMetricFamily)(
                family.name, family.about, labels=family.labels
            )
            for labels, cells in totals.get(family.name, {}).items():
                _add(made, family, labels, cells)
            yield made

    def _sheet(self, key: Labels, series: Sequence[Series]) -> Sheet:
        """The sheet of this key. A release that comes back counts on where it was. May be called in any thread: lanes are made
        on the loop and by whoever follows the route, and two sheets of one key would lose what one of them counts.
        """
        with self._turn:
            if key not in self._sheets:
                self._sheets[key] = Sheet(self._free_path(), series)
            return self._sheets[key]

    def _free_path(self) -> Path:
        """Where there is no file yet: what a dead worker of the same process id has counted stays."""
        paths = (self._folder / f"{os.getpid()}-{number}{SUFFIX}" for number in itertools.count(len(self._sheets)))
        return next(path for path in paths if not path.exists())

    def _totals(self) -> dict[str, dict[Labels, list[float]]]:
        """Cells by family and labels."""
        totals: dict[str, dict[Labels, list[float]]] = {}
        for file in sorted(self._folder.glob(f"[0-9]*{SUFFIX}")):
            lives = _lives(int(file.name.partition("-")[0]))
            for name, labels, cells in read_sheet(file, _WIDTHS):
                own, kind = totals.setdefault(name, {}), _COUNTED[name].kind
                if kind != "sum" and not lives:
                    continue
                joined = _JOINED.get(kind, sum)
                own[labels] = (
                    [joined(pair) for pair in zip(own[labels], cells, strict=True)] if labels in own else cells
                )
        return totals


def counted_classes(served: Served) -> tuple[str, ...]:
    """A model's classes, whose answers are counted; none of a model that has so many that their series would be a burden."""
    classes = served.model.classes
    return tuple(map(class_text, classes)) if len(classes) <= MOST_CLASSES else ()


def _lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def _add(made: Any, family: Family, labels: Labels, cells: Sequence[float]) -> None:
    if not family.bounds:
        made.add_metric(labels, cells[0])
        return
    buckets, count = [], 0.0
    for bound, own in zip((*map(str, family.bounds), "+Inf"), cells, strict=False):
        count += own
        buckets.append((bound, count))
    made.add_metric(labels, buckets, sum_value=cells[-1])
