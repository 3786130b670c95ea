"""A histogram: bars that touch, over a numeric axis; their area is the share of rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import svg
from seakeep.views.charts.scales import Format, Scale, Unit, formatter, padded, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOP, _PLOT = 10.0, 110.0


def histogram(
    edges: Sequence[float],
    counts: Sequence[float],
    *,
    title: str,
    unit: Unit = "",
    name: str = "",
    marks: Sequence[tuple[float, str]] = (),
    whole: bool = False,
    wide: float = svg.WIDTH,
) -> str:
    """Counts between ascending edges of equal distance.

    Parameters: edges: one more than counts. counts: not negative. marks: values to draw a line at, and their names
        ("median"). name: of the horizontal axis. whole: values are whole numbers, and so are ticks.
        wide: of the canvas.
    """
    shown = [count if math.isfinite(count) else 0.0 for count in counts]
    if not sum(shown) or not all(math.isfinite(edge) for edge in edges):
        return svg.nothing(title, reason="No values to draw", wide=wide)
    low, high = padded(edges[0], edges[-1])
    across = Scale(low, high, 4.0, wide - 4.0)
    up = Scale(0.0, max(shown), _TOP + _PLOT, _TOP)
    write = formatter(unit)
    parts = [
        _bar(across, up, edges[i : i + 2], count, words=_words(edges[i : i + 2], count, sum(shown), write))
        for i, count in enumerate(shown)
        if count
    ]
    shown_ticks = [tick for tick in ticks(low, high, unit, count=round(wide / 75)) if not whole or tick[0].is_integer()]
    parts += svg.bottom_axis(across, shown_ticks, _TOP + _PLOT, name=name)
    for at, word in marks:
        if math.isfinite(at) and low <= at <= high:
            parts.append(
                svg.titled(svg.line(across(at), _TOP - 6, across(at), _TOP + _PLOT, kind="mark"), f"{word} {write(at)}")
            )
    description = f"From {write(edges[0])} to {write(edges[-1])}; {figures.number(sum(shown))} rows"
    return svg.canvas(
        parts, height=_TOP + _PLOT + (42 if name else 24), title=title, description=description, wide=wide
    )


def _bar(across: Scale, up: Scale, edges: Sequence[float], count: float, *, words: str) -> str:
    left, right = across(edges[0]), across(edges[1])
    top = min(up(count), up.start - 1.0)
    gap = 0.5 if right - left > 3 else 0.0
    wide = max(right - left - 2 * gap, 1.0)
    shape = svg.element("rect", x=left + gap, y=top, width=wide, height=up.start - top, class_="bar")
    return svg.titled(shape, words)


def _words(edges: Sequence[float], count: float, total: float, write: Format) -> str:
    return f"{write(edges[0])} to {write(edges[1])}: {figures.counted(round(count), 'row')} ({figures.share(count / total)})"
