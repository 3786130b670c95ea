"""Horizontal bars from zero, for amounts: importance, distances, errors. With intervals and a threshold where there are any."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.views.charts import svg
from seakeep.views.charts.scales import Format, Scale, Unit, formatter, padded, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW, _TOP = 24.0, 6.0
_VALUES = 58.0


@dataclass(frozen=True, slots=True)
class Bar:
    """label, value, an interval where there is one, and whether it stands out (over its threshold, say) or steps back (a rest)."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    stands_out: bool = False
    soft: bool = False
    threshold: float | None = None


def bars(
    rows: Sequence[Bar],
    *,
    title: str,
    unit: Unit = "",
    name: str = "",
    threshold: float | None = None,
    wide: float = svg.WIDTH,
) -> str:
    """One bar a row, in the order given, its value written beside it; an axis only where intervals or thresholds need one.

    Parameters: threshold: drawn across all bars; a bar's own is drawn on it alone. Values that are not finite are written,
        not drawn. wide: of the canvas.
    """
    if not rows:
        return svg.nothing(title, wide=wide)
    limits = [v for row in rows for v in (row.value, row.low, row.high, row.threshold) if v is not None]
    finite = [value for value in (*limits, *((threshold,) if threshold is not None else ())) if math.isfinite(value)]
    low, high = padded(min([0.0, *finite]), max([0.0, *finite]))
    low, high = (0.0, 1.0) if not any(finite) else (low, high)
    across = Scale(low, high, svg.label_room([row.label for row in rows], wide), wide - _VALUES)
    bottom = _TOP + _ROW * len(rows)
    parts = [part for i, row in enumerate(rows) for part in _row(row, _TOP + _ROW * i, across, write=formatter(unit))]
    has_scale = threshold is not None or any(row.low is not None or row.threshold is not None for row in rows)
    if has_scale:
        parts += svg.bottom_axis(across, ticks(low, high, unit, count=3), bottom, name=name)
    parts.append(svg.line(across(0.0), _TOP, across(0.0), bottom, kind="axis"))
    if threshold is not None and math.isfinite(threshold):
        parts.append(svg.line(across(threshold), _TOP, across(threshold), bottom, kind="threshold"))
    height, words = bottom + (40 if name else 24) * has_scale + 2, _described(rows, formatter(unit))
    return svg.canvas(parts, height=height, title=title, description=words, wide=wide)


def _row(row: Bar, top: float, across: Scale, *, write: Format) -> list[str]:
    middle = top + _ROW / 2
    parts = [
        svg.titled(
            svg.text(svg.fitted(row.label, across.start - 10), across.start - 8, middle + 4, anchor="end"), row.label
        ),
        svg.text(write(row.value), across.end + _VALUES, middle + 4, anchor="end", kind="value"),
    ]
    if math.isfinite(row.value):
        left, right = sorted((across(0.0), across(row.value)))
        kind = "bar out" if row.stands_out else "bar soft" if row.soft or row.low is not None else "bar"
        parts.append(svg.element("rect", x=left, y=top + 4, width=max(right - left, 0.5), height=_ROW - 8, class_=kind))
    parts += interval(row.low, row.high, middle, across)
    if row.threshold is not None and math.isfinite(row.threshold):
        parts.append(svg.line(across(row.threshold), top + 1, across(row.threshold), top + _ROW - 1, kind="threshold"))
    return parts


def interval(low: float | None, high: float | None, y: float, across: Scale) -> list[str]:
    """A whisker from low to high at height `y`; nothing where an end is unknown."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return []
    left, right = across(low), across(high)
    return [svg.element("path", d=f"M{left:.1f} {y - 3:.1f}v6m0-3H{right:.1f}m0-3v6", class_="interval")]


def _described(rows: Sequence[Bar], write: Format) -> str:
    listed = "; ".join(f"{row.label} {write(row.value)}" for row in rows[:8])
    return listed + (f"; and {len(rows) - 8} more" if len(rows) > 8 else "")
