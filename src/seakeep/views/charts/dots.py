"""A forest plot: a dot and its interval a row, on an axis that need not start at zero. For metrics by slice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.views.charts import svg
from seakeep.views.charts.bars import interval
from seakeep.views.charts.scales import Format, Scale, Unit, formatter, padded, ticks, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW, _TOP = 21.0, 8.0
_VALUES = 58.0
_BOLD = 0.86  # of a plain label's length fits where letters are bold


@dataclass(frozen=True, slots=True)
class Dot:
    """label, value and its interval; `leads` marks the row that the others are compared with (all rows of the table)."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    leads: bool = False


def dots(rows: Sequence[Dot], *, title: str, unit: Unit = "", name: str = "", threshold: float | None = None) -> str:
    """One dot a row, in the order given. A fine line runs down from the leading row; the threshold is dashed.

    The axis spans values and interval ends; what is not finite is written, not drawn.
    """
    ends = [v for row in rows for v in (row.value, row.low, row.high) if v is not None and math.isfinite(v)]
    if not ends:
        return svg.nothing(title)
    ends += [threshold] if threshold is not None and math.isfinite(threshold) else []
    low, high = padded(min(ends), max(ends))
    low, high = widened(low, high, high / 20 - low / 20)
    across = Scale(low, high, svg.label_room([_as_wide(row) for row in rows]), svg.WIDTH - _VALUES)
    bottom = _TOP + _ROW * len(rows)
    marks = ticks(low, high, unit, count=3)
    parts = [svg.line(across(at), _TOP, across(at), bottom, kind="grid") for at, _ in marks]
    parts += [svg.line(across(r.value), _TOP, across(r.value), bottom, kind="lead") for r in rows if _leads(r)]
    if threshold is not None and math.isfinite(threshold):
        parts.append(svg.line(across(threshold), _TOP, across(threshold), bottom, kind="threshold"))
    parts += [
        part for i, row in enumerate(rows) for part in _row(row, _TOP + _ROW * (i + 0.5), across, formatter(unit))
    ]
    parts += svg.bottom_axis(across, marks, bottom, name=name)
    description = "; ".join(_words(row, formatter(unit)) for row in rows[:8])
    return svg.canvas(parts, height=bottom + (40 if name else 24), title=title, description=description)


def _row(row: Dot, middle: float, across: Scale, write: Format) -> list[str]:
    kind = "label lead-label" if row.leads else "label"
    room = (across.start - 10) * (_BOLD if row.leads else 1)
    label = svg.text(svg.fitted(row.label, room), across.start - 8, middle + 4, anchor="end", kind=kind)
    parts = [svg.titled(label, _words(row, write)), *interval(row.low, row.high, middle, across)]
    parts.append(svg.text(write(row.value), svg.WIDTH, middle + 4, anchor="end", kind="value"))
    if math.isfinite(row.value):
        dot = svg.element(
            "circle", cx=across(row.value), cy=middle, r=4.0, class_="dot lead-dot" if row.leads else "dot"
        )
        parts.append(svg.titled(dot, _words(row, write)))
    return parts


def _as_wide(row: Dot) -> str:
    """A plain label that takes as much room as the row's."""
    return row.label + "n" * math.ceil(len(row.label) * (1 / _BOLD - 1)) if row.leads else row.label


def _words(row: Dot, write: Format) -> str:
    known = row.low is not None and row.high is not None
    between = (
        f" ({write(row.low)} to {write(row.high)})" if known and row.low is not None and row.high is not None else ""
    )
    return f"{row.label} {write(row.value)}{between}"


def _leads(row: Dot) -> bool:
    return row.leads and math.isfinite(row.value)
