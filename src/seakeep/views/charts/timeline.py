"""A timeline: one row a phase, as long as it lasted, and marks where something was decided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import svg
from seakeep.views.charts.scales import Scale, formatter, spanned, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.views.charts.scales import Format, Unit

_ROW, _TOP = 26.0, 6.0
_VALUES = 66.0


@dataclass(frozen=True, slots=True)
class Phase:
    """start, end: microseconds since 1970 UTC (or the axis' unit). ended: "pass" or "fail" where a decision ended it, else "".

    note: written at the right, such as how long it lasted or with which share of the requests.
    """

    label: str
    start: float
    end: float
    ended: str = ""
    note: str = ""


def timeline(phases: Sequence[Phase], *, title: str, unit: Unit = "timestamp") -> str:
    """Phases in the order given, one below the other; where and how each ended is a sign at its end.

    A phase that lasted no time is a sign alone; one whose times are not finite is named and not drawn.
    """
    ends = [end for phase in phases for end in (phase.start, phase.end) if math.isfinite(end)]
    if not ends:
        return svg.nothing(title)
    low, high = spanned(ends, unit)
    across = Scale(low, high, svg.label_room([phase.label for phase in phases]), svg.WIDTH - _VALUES)
    bottom = _TOP + _ROW * len(phases)
    marks = ticks(low, high, unit, count=3)
    parts = [svg.line(across(at), _TOP, across(at), bottom, kind="grid") for at, _ in marks]
    parts += [part for i, phase in enumerate(phases) for part in _row(phase, _TOP + _ROW * i, across, formatter(unit))]
    parts += svg.bottom_axis(across, marks, bottom)
    words = "; ".join(_words(phase, formatter(unit)) for phase in phases[:12])
    return svg.canvas(parts, height=bottom + 24, title=title, description=words)


def _row(phase: Phase, top: float, across: Scale, write: Format) -> list[str]:
    middle, words = top + _ROW / 2, _words(phase, write)
    label = svg.text(svg.fitted(phase.label, across.start - 10), across.start - 8, middle + 4, anchor="end")
    note = svg.text(svg.fitted(phase.note, _VALUES - 12), svg.WIDTH, middle + 4, anchor="end", kind="value")
    parts = [svg.titled(label, words), *([note] if phase.note else [])]
    if math.isfinite(phase.start) and math.isfinite(phase.end):
        left, right = sorted((across(phase.start), across(phase.end)))
        bar = svg.element(
            "rect",
            x=left,
            y=top + 6,
            width=max(right - left, 2.0),
            height=_ROW - 12,
            rx=3.0,
            class_="bar" if phase.ended != "fail" else "bar out",
        )
        parts.append(svg.titled(bar, words))
        parts += _sign(phase.ended, right, middle)
    return parts


def _sign(ended: str, x: float, y: float) -> list[str]:
    """A tick or a cross in a disc: the decision is told by its form, and by colour only beside it."""
    drawn = {"pass": "m-3.4 .4l2.4 2.4l4.4 -5", "fail": "m-3 -3l6 6m0 -6l-6 6"}.get(ended)
    if drawn is None:
        return []
    disc = svg.element("circle", cx=x, cy=y, r=8.0, class_=f"disc {ended}")
    return [disc, svg.element("path", d=f"M{x:.1f} {y:.1f}{drawn}", class_="stroke")]


def _words(phase: Phase, write: Format) -> str:
    ended = {"pass": ", passed", "fail": ", failed"}.get(phase.ended, "")
    note = f" ({phase.note})" if phase.note else ""
    return f"{figures.visible(phase.label)}{note}: {write(phase.start)} to {write(phase.end)}{ended}"
