"""Panels as values: a title, what is asked, the unit, and the limits that colour it. `building` turns them into Grafana's JSON.

A panel without a limit says what is; one with a limit says what is wrong, by the release's own contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["lines", "number", "table", "states", "heat"]
Words = Literal["", "verdict", "yes", "no", "phase", "moment"]
OVER = "$__rate_interval"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of Prometheus. legend: with labels in braces, "{{version}}". dashed: drawn as a limit of another query."""

    expr: str
    legend: str = ""
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. unit: Grafana's word for it. warn, bad: from where on it is yellow and red; below, where `low_is_bad`.

    words: how values are told in words. span: of 24 columns. least, most: ends of the axis, None where the values decide.
    """

    title: str
    about: str
    queries: tuple[Query, ...]
    kind: Kind = "lines"
    unit: str = "short"
    warn: float | None = None
    bad: float | None = None
    low_is_bad: bool = False
    words: Words = ""
    span: int = 8
    least: float | None = 0
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. kind: of which each model has one. model: its name. versions: whether it asks for a choice of releases."""

    kind: Literal["service", "quality", "rollout"]
    model: str
    title: str
    about: str
    rows: tuple[Row, ...]
    versions: bool = True

    def panels(self) -> Iterator[Panel]:
        """Every panel, in order."""
        for row in self.rows:
            yield from row.panels


def number(title: str, about: str, expr: str, **options: object) -> Panel:
    """A single number, small."""
    return Panel(title, about, (Query(expr),), "number", **{"span": 4, **options})  # type: ignore[arg-type]
