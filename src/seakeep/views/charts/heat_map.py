"""A heat map: rows by columns, the shade is the share of its row. For a confusion matrix."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import svg

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEFT, _TOP, _LIMIT = 112.0, 44.0, 12
_SHADES = 6


def heat_map(
    labels: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[float]], *, title: str, x: str, y: str
) -> str:
    """Cells with their number and the share of their row.

    Parameters: cells: one sequence a label, one number (not negative) a column. x, y: what columns and rows are. At most 12
        by 12 are drawn, the first ones; the description says what was left out.
    """
    if not labels or not columns or not any(any(row) for row in cells):
        return svg.nothing(title)
    shown = [list(row)[:_LIMIT] for row in cells[:_LIMIT]]
    wide = (svg.WIDTH - _LEFT - 4) / min(len(columns), _LIMIT)
    tall = min(wide, 56.0)
    parts = [svg.text(x, _LEFT + (svg.WIDTH - _LEFT) / 2, 14.0, anchor="middle", kind="name")]
    parts.append(svg.text(y, 0.0, 34.0, kind="name"))
    for j, column in enumerate(columns[:_LIMIT]):
        parts.append(
            svg.text(svg.fitted(column, wide - 6), _LEFT + wide * (j + 0.5), 34.0, anchor="middle", kind="tick")
        )
    for i, row in enumerate(shown):
        top = _TOP + tall * i
        parts.append(svg.text(svg.fitted(labels[i], _LEFT - 12), _LEFT - 8, top + tall / 2 + 4, anchor="end"))
        total = sum(cell for cell in cells[i] if math.isfinite(cell))
        for j, cell in enumerate(row):
            words = f"{y} {labels[i]}, {x} {columns[j]}"
            parts.append(_cell(cell, total, (_LEFT + wide * j, top, wide, tall), words))
    description = _described(labels, columns, shown)
    return svg.canvas(parts, height=_TOP + tall * len(shown) + 6, title=title, description=description)


def _cell(cell: float, total: float, box: tuple[float, float, float, float], words: str) -> str:
    x, y, wide, tall = box
    share = cell / total if total and math.isfinite(cell) else 0.0
    shade = min(_SHADES - 1, int(share * _SHADES))
    shape = svg.element("rect", x=x + 1, y=y + 1, width=wide - 2, height=tall - 2, rx=2.0, class_=f"cell shade-{shade}")
    middle, ink = x + wide / 2, "on-dark" if shade >= _SHADES // 2 else "on-light"
    part = svg.text(figures.share(share, digits=2), middle, y + tall / 2 + 15, anchor="middle", kind=f"tick {ink}")
    number = svg.text(
        svg.fitted(figures.number(cell), wide - 4),
        middle,
        y + tall / 2 - (0 if tall > 40 else -4),
        anchor="middle",
        kind=f"value {ink}",
    )
    return svg.titled(
        shape + number + (part if tall > 40 else ""), f"{words}: {figures.number(cell)} ({figures.share(share)})"
    )


def _described(labels: Sequence[str], columns: Sequence[str], shown: Sequence[Sequence[float]]) -> str:
    cells = "; ".join(
        f"{labels[i]} as {columns[j]}: {figures.number(cell)}"
        for i, row in enumerate(shown)
        for j, cell in enumerate(row)
    )
    more = len(labels) > _LIMIT or len(columns) > _LIMIT
    return cells + ("; the rest is in the table" if more else "")
