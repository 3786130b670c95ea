"""Strips: one row a column, one cell a stretch of time, darker the nearer its value is to the threshold, ringed beyond it.

The overview of many columns over many windows: what moved, when it began, and whether it went away. A cell is the worst of
the windows it stands for, so that no alarm is averaged away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import svg
from seakeep.views.charts.scales import Scale, Unit, formatter, spanned, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.views.charts.scales import Format

_ROW, _TOP, _CELLS = 17.0, 6.0, 48
_SHADES = 3


@dataclass(frozen=True, slots=True)
class Strip:
    """points: (x, how many times the threshold), ascending in x; 1 and more exceeds it."""

    label: str
    points: Sequence[tuple[float, float]]


def strips(rows: Sequence[Strip], *, title: str, unit: Unit = "timestamp") -> str:
    """Rows in the order given; at most 48 cells a row. Points that are not finite leave their cell empty."""
    found = [x for row in rows for x, y in row.points if math.isfinite(x) and not math.isnan(y)]
    if not found:
        return svg.nothing(title)
    moments = len({x for row in rows for x, _ in row.points if math.isfinite(x)})
    cells = min(_CELLS, max(moments, 1))
    low, high = spanned(found, unit)
    across = Scale(low, high, svg.label_room([row.label for row in rows]), svg.WIDTH - 8)
    bottom = _TOP + _ROW * len(rows)
    parts = [part for i, row in enumerate(rows) for part in _row(row, _TOP + _ROW * i, across, cells, formatter(unit))]
    parts += svg.bottom_axis(across, ticks(low, high, unit, count=3), bottom + 2)
    words = "; ".join(_words(row) for row in rows[:12])
    more = f"; and {len(rows) - 12} more" if len(rows) > 12 else ""
    return svg.canvas(parts, height=bottom + 28, title=title, description=words + more)


def _row(row: Strip, top: float, across: Scale, cells: int, write: Format) -> list[str]:
    label = svg.text(svg.fitted(row.label, across.start - 10), across.start - 8, top + _ROW / 2 + 4, anchor="end")
    parts = [svg.titled(label, _words(row))]
    wide = (across.end - across.start) / cells
    for cell, (x, worst) in sorted(_worst(row, across, cells).items()):
        shade = f"cell shade-{_shade(worst)}" if worst < 1 else "cell out"
        box = svg.element(
            "rect", x=across.start + cell * wide, y=top + 1, width=wide - 0.6, height=_ROW - 2, class_=shade
        )
        said = f"{row.label}, {write(x)}: {figures.number(worst, digits=2)} times the threshold"
        parts.append(svg.titled(box, said))
    return parts


def _worst(row: Strip, across: Scale, cells: int) -> dict[int, tuple[float, float]]:
    """The greatest value of every cell that holds one, and when it was."""
    found: dict[int, tuple[float, float]] = {}
    for x, y in row.points:
        if math.isfinite(x) and not math.isnan(y):
            place = (across(x) - across.start) / (across.end - across.start)
            cell = min(int(place * cells), cells - 1)
            if cell not in found or y > found[cell][1]:
                found[cell] = (x, y)
    return found


def _shade(worst: float) -> int:
    return min(int(max(worst, 0.0) * _SHADES), _SHADES - 1)


def _words(row: Strip) -> str:
    values = [y for _, y in row.points if not math.isnan(y)]
    over = sum(value >= 1 for value in values)
    return f"{row.label}: {figures.number(over)} of {figures.counted(len(values), 'window')} above the threshold"
