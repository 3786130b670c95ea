"""What was observed against natural variation and what is allowed: a dot, a soft bar and a dashed line a row.

For distances of columns. The bar is what unchanged data reaches, so that a reader sees at
one glance whether a value is far, whether it is more than luck, and whether the rows suffice to tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.views.charts import svg
from seakeep.views.charts.scales import Format, Scale, Unit, formatter, padded, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW, _TOP = 22.0, 8.0
_VALUES = 70.0


@dataclass(frozen=True, slots=True)
class Range:
    """label, the observed value, what unchanged data reaches, what is allowed; `stands_out` where it is more than allowed."""

    label: str
    observed: float
    natural: float | None = None
    threshold: float | None = None
    stands_out: bool = False


def ranges(rows: Sequence[Range], *, title: str, unit: Unit = "", name: str = "") -> str:
    """One row each, in the order given, on an axis from zero. What is not finite is written, not drawn."""
    ends = [v for r in rows for v in (r.observed, r.natural, r.threshold) if v is not None and math.isfinite(v)]
    if not ends:
        return svg.nothing(title)
    low, high = padded(min([0.0, *ends]), max([0.0, *ends]))
    across = Scale(low, high, svg.label_room([row.label for row in rows]), svg.WIDTH - _VALUES - 6)
    bottom = _TOP + _ROW * len(rows)
    marks = ticks(low, high, unit, count=3)
    parts = [svg.line(across(at), _TOP, across(at), bottom, kind="grid") for at, _ in marks]
    parts += [part for i, row in enumerate(rows) for part in _row(row, _TOP + _ROW * i, across, formatter(unit))]
    parts += svg.bottom_axis(across, marks, bottom, name=name)
    listed = "; ".join(_words(row, formatter(unit)) for row in rows[:8])
    more = f"; and {len(rows) - 8} more" if len(rows) > 8 else ""
    return svg.canvas(parts, height=bottom + (40 if name else 24), title=title, description=listed + more)


def _row(row: Range, top: float, across: Scale, write: Format) -> list[str]:
    middle, words = top + _ROW / 2, _words(row, write)
    label = svg.text(svg.fitted(row.label, across.start - 10), across.start - 8, middle + 4, anchor="end")
    parts = [svg.titled(label, words)]
    if row.natural is not None and math.isfinite(row.natural):
        left, right = sorted((across(0.0), across(row.natural)))
        wide = max(right - left, 1.0)
        parts.append(svg.element("rect", x=left, y=middle - 4, width=wide, height=8.0, rx=2.0, class_="bar soft"))
    if row.threshold is not None and math.isfinite(row.threshold):
        at = across(row.threshold)
        parts.append(svg.line(at, top + 2, at, top + _ROW - 2, kind="threshold"))
    if math.isfinite(row.observed):
        kind = "dot out" if row.stands_out else "dot"
        dot = svg.element("circle", cx=across(row.observed), cy=middle, r=4.5, class_=kind)
        parts.append(svg.titled(dot, words))
    return [*parts, svg.text(write(row.observed), svg.WIDTH, middle + 4, anchor="end", kind="value")]


def _words(row: Range, write: Format) -> str:
    allowed = "" if row.threshold is None else f", at most {write(row.threshold)}"
    natural = "" if row.natural is None else f"; unchanged data reaches {write(row.natural)}"
    return f"{row.label} {write(row.observed)}{allowed}{natural}"
