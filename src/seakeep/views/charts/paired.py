"""Two distributions side by side: for every bin the share of rows before and now. For a column that moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import svg
from seakeep.views.charts.scales import Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW, _TOP = 26.0, 26.0
_VALUES = 62.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A bin's label and its shares of the rows, in [0, 1]."""

    label: str
    reference: float
    current: float


def paired(rows: Sequence[Pair], *, title: str, wide: float = svg.WIDTH) -> str:
    """Two bars a bin, the reference's above the current one, and the current share written beside them.

    What is not finite is written, not drawn. wide: of the canvas.
    """
    finite = [share for row in rows for share in (row.reference, row.current) if math.isfinite(share) and share >= 0]
    if not finite:
        return svg.nothing(title, reason="No values to draw", wide=wide)
    across = Scale(0.0, max(finite) or 1.0, svg.label_room([row.label for row in rows], wide), wide - _VALUES)
    parts = [*_key(across.start), svg.line(across.start, _TOP, across.start, _TOP + _ROW * len(rows), kind="axis")]
    parts += [part for i, row in enumerate(rows) for part in _row(row, _TOP + _ROW * i, across, wide)]
    listed = "; ".join(_words(row) for row in rows[:12])
    more = f"; and {len(rows) - 12} more" if len(rows) > 12 else ""
    return svg.canvas(parts, height=_TOP + _ROW * len(rows) + 4, title=title, description=listed + more, wide=wide)


def _key(left: float) -> list[str]:
    """Which bar is which, in the order in which they stand."""
    first, second = left, left + 92
    return [
        svg.element("rect", x=first, y=6.0, width=14.0, height=8.0, class_="bar soft"),
        svg.text("reference", first + 19, 14.0, kind="tick"),
        svg.element("rect", x=second, y=6.0, width=14.0, height=8.0, class_="bar"),
        svg.text("current", second + 19, 14.0, kind="tick"),
    ]


def _row(row: Pair, top: float, across: Scale, wide: float) -> list[str]:
    middle = top + _ROW / 2
    label = svg.text(svg.fitted(row.label, across.start - 10), across.start - 8, middle + 4, anchor="end")
    parts = [svg.titled(label, _words(row))]
    for share, y, tall, kind in ((row.reference, top + 4, 8.0, "bar soft"), (row.current, top + 13, 9.0, "bar")):
        if math.isfinite(share) and share > 0:
            length = max(across(share) - across.start, 0.5)
            parts.append(svg.element("rect", x=across.start, y=y, width=length, height=tall, class_=kind))
    parts.append(svg.text(figures.share(row.current), wide, middle + 4, anchor="end", kind="value"))
    return parts


def _words(row: Pair) -> str:
    return f"{row.label}: {figures.share(row.reference)} before, {figures.share(row.current)} now"
