"""Metrics of a server: counters and histograms in a mapped file a worker, added up when somebody asks.

A counter is one double in shared memory, so that counting takes some 80 ns and a scrape of any worker tells of all of them,
dead ones included. Every series is laid out when the server starts, from the models that it serves: there is no label whose
values come from a request, so a hostile client cannot grow them. `prometheus_client` writes the text, and is imported then.
"""

from __future__ import annotations

import mmap
import os
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seakeep.serving.server.refusals import CODES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from seakeep.serving.served import Served

STATUSES = (200, 400, 404, 405, 408, 413, 415, 500, 503)
SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384)
_SUFFIX = ".cells"
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, meaning and labels; bounds make it a histogram."""

    name: str
    about: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """Cells that one series takes: a counter one; a histogram one a bucket, the rest, and the sum."""
        return len(self.bounds) + 2 if self.bounds else 1


REQUESTS = Family("seakeep_requests", "Requests answered.", ("model", "version", "status"))
REFUSALS = Family("seakeep_refusals", "Requests refused, by reason.", ("model", "version", "reason"))
LATENCY = Family("seakeep_request_seconds", "From a request's start to its answer.", ("model", "version"), SECONDS)
RUNS = Family("seakeep_run_rows", "Rows that one run of the model answered together.", ("model", "version"), ROWS)
MISSING = Family("seakeep_missing_values", "Null values seen.", ("model", "version", "column"))
OUTSIDE = Family(
    "seakeep_outside_values", "Values seen outside of the schema's domain.", ("model", "version", "column")
)
FAMILIES = (REQUESTS, REFUSALS, LATENCY, RUNS, MISSING, OUTSIDE)


class Cell:
    """A counter."""

    __slots__ = ("_at", "_cells")

    def __init__(self, cells: memoryview[float], at: int) -> None:
        self._cells, self._at = cells, at

    def add(self, amount: float = 1.0) -> None:
        """Add `amount`, not negative."""
        self._cells[self._at] += amount


class Distribution:
    """A histogram of what was observed."""

    __slots__ = ("_at", "_bounds", "_cells", "_sum_at")

    def __init__(self, cells: memoryview[float], at: int, bounds: tuple[float, ...]) -> None:
        self._cells, self._at, self._bounds = cells, at, bounds
        self._sum_at = at + len(bounds) + 1

    def observe(self, value: float) -> None:
        """Count `value` in its bucket."""
        self._cells[self._at + bisect_left(self._bounds, value)] += 1.0
        self._cells[self._sum_at] += value


class Metrics:
    """This worker's counters, and the sum of all workers' on demand.

    Parameters: served: the models, in the same order in every worker. folder: where the workers' files lie.
    """

    def __init__(self, served: Sequence[Served], folder: Path) -> None:
        self._served, self._folder = served, folder
        self._layout: dict[tuple[str, Labels], int] = {}
        size = 0
        for family, labels in _series(served):
            self._layout[family.name, labels] = size
            size += family.width
        self._size = size
        self._cells = _mapped(folder / f"{os.getpid()}{_SUFFIX}", size)

    def cell(self, family: Family, *labels: str) -> Cell:
        """The counter with these labels; look it up once and keep it."""
        return Cell(self._cells, self._layout[family.name, labels])

    def distribution(self, family: Family, *labels: str) -> Distribution:
        """The histogram with these labels; look it up once and keep it."""
        return Distribution(self._cells, self._layout[family.name, labels], family.bounds)

    def text(self) -> bytes:
        """All workers' metrics in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Any]:
        """What prometheus_client asks of a collector: every family with the sums over all workers."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        totals = self._totals()
        info = GaugeMetricFamily("seakeep_model", "Models served.", labels=("model", "version", "release"))
        for one in self._served:
            info.add_metric((one.name, one.version, one.release), 1)
        yield info
        for family in FAMILIES:
            made = (HistogramMetricFamily if family.bounds else CounterMetricFamily)(
                family.name, family.about, labels=family.labels
            )
            for (name, labels), at in self._layout.items():
                if name == family.name:
                    _add(made, family, labels, totals[at : at + family.width])
            yield made

    def _totals(self) -> list[float]:
        totals = [0.0] * self._size
        for file in self._folder.glob(f"*{_SUFFIX}"):
            content = array("d")
            content.frombytes(file.read_bytes()[: self._size * content.itemsize])
            totals = [total + own for total, own in zip(totals, content, strict=True)]
        return totals


def _series(served: Sequence[Served]) -> Iterator[tuple[Family, Labels]]:
    """Every series there can be. The model "" stands for requests that name none that is served."""
    for name, version in [("", ""), *((one.name, one.version) for one in served)]:
        yield from ((REQUESTS, (name, version, str(status))) for status in STATUSES)
        yield from ((REFUSALS, (name, version, code)) for code in CODES)
    for one in served:
        yield LATENCY, (one.name, one.version)
        yield RUNS, (one.name, one.version)
        for column in one.model.inputs:
            yield MISSING, (one.name, one.version, column.name)
            yield OUTSIDE, (one.name, one.version, column.name)


def _mapped(path: Path, cells: int) -> memoryview[float]:
    with path.open("w+b") as file:
        file.truncate(cells * 8)
        return memoryview(mmap.mmap(file.fileno(), cells * 8)).cast("d")


def _add(made: Any, family: Family, labels: Labels, cells: Sequence[float]) -> None:
    if not family.bounds:
        made.add_metric(labels, cells[0])
        return
    buckets, count = [], 0.0
    for bound, own in zip((*map(str, family.bounds), "+Inf"), cells, strict=False):
        count += own
        buckets.append((bound, count))
    made.add_metric(labels, buckets, sum_value=cells[-1])
