"""The key figures at the top of a report's page, by kind: metrics of all rows, columns that moved, a rollout's length and rates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.pages.parts import Item
from seakeep.views.pictures.records import is_finite, is_whole, number
from seakeep.views.readiness import sections

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.codec import Scalar
    from seakeep.core.report import Report

_FIGURES = 6
_METRICS = {"slice", "metric", "value"}
_EFFECTS = {"measure", "champion", "challenger"}


def headline(report: Report) -> tuple[Item, ...]:
    """At most six figures; none where the report holds none."""
    by_kind = {"drift": _columns, "monitoring": _columns, "rollout": _rollout, "readiness": _readiness}
    return tuple(by_kind.get(report.kind, _metrics)(report)[:_FIGURES])


def place(report: Report, metric: str) -> int:
    """Metrics that a check is about come first, in the checks' order."""
    asked = [check.subject.partition("[")[0] for check in report.checks]
    return asked.index(metric) if metric in asked else len(asked)


def _metrics(report: Report) -> list[Item]:
    """The metrics of all rows: those that a check is about first."""
    found = [table for table in report.tables if table.name == "metrics" and set(table.columns) >= _METRICS]
    records = [record for table in found for record in table.records() if is_whole(record["slice"])]
    ordered = sorted(records, key=lambda record: place(report, figures.scalar(record["metric"])))
    return [Item(figures.scalar(r["metric"]), figures.short(r["value"]), _between(r)) for r in ordered]


def _between(record: Mapping[str, Scalar]) -> str:
    low, high = record.get("low"), record.get("high")
    return "" if low is None or high is None else f"{figures.short(low)} to {figures.short(high)}"


def _columns(report: Report) -> list[Item]:
    """How many columns were compared, how many moved, and on how many rows."""
    checks = [check for check in report.checks if check.code.startswith("drift.")]
    if not checks:
        return []
    judged, moved = {check.subject for check in checks}, {c.subject for c in checks if c.verdict is Verdict.FAIL}
    open_ = {check.subject for check in checks if check.verdict is Verdict.INCONCLUSIVE} - moved
    items = [Item("columns compared", figures.number(len(judged))), Item("columns moved", figures.number(len(moved)))]
    items += [Item("columns undecided", figures.number(len(open_)))] if open_ else []
    rows = next((check.evidence["rows"] for check in checks if "rows" in check.evidence), None)
    if isinstance(rows, list | tuple) and len(rows) == 2 and all(isinstance(each, int) for each in rows):
        before, after = (figures.number(each) for each in rows if isinstance(each, int))
        items.append(Item("rows", after, f"reference {before}"))
    return items


def _rollout(report: Report) -> list[Item]:
    """The challenger's requests, how long it took, and what it is compared by."""
    evidence = next((check.evidence for check in report.checks if check.code == "rollout.decision"), {})
    requests, seconds = (evidence.get(name) for name in ("requests", "seconds"))
    items = [Item("requests of the challenger", figures.number(requests))] if isinstance(requests, int) else []
    items += [Item("took", figures.seconds(seconds))] if isinstance(seconds, int | float) else []
    tables = [table for table in report.tables if table.name == "effects" and set(table.columns) >= _EFFECTS]
    for record in (record for table in tables for record in table.records()):
        if is_finite(record["challenger"]):
            items.append(_arms(record))
    return items


def _readiness(report: Report) -> list[Item]:
    """Points of the four sections, of which the least is the score."""
    return [Item(name, f"{points:g}", "of 7") for name, points in sections(report).items()]


def _arms(record: Mapping[str, Scalar]) -> Item:
    name = figures.scalar(record["measure"])
    are_copies = "copies" in name  # what the champion itself answered is what they are compared with
    write = figures.share if "rate" in name or are_copies else figures.short
    champion = number(record["champion"])
    beside = "" if are_copies or math.isnan(champion) else f"champion {write(champion)}"
    return Item(name, write(number(record["challenger"])), beside)
