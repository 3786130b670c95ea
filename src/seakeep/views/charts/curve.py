"""Curves over two numeric axes: ROC, precision and recall, calibration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import svg
from seakeep.views.charts.scales import Scale, Unit, padded, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEFT, _TOP, _PLOT = 52.0, 10.0, 250.0
KINDS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """points: (x, y) in drawing order. dotted: mark every point (for few points, as in a calibration)."""

    label: str
    points: Sequence[tuple[float, float]]
    dotted: bool = False
    intervals: Sequence[tuple[float, float]] = ()


def curve(
    series: Sequence[Series],
    *,
    title: str,
    x: str,
    y: str,
    diagonal: bool = False,
    span: tuple[float, float] | None = (0.0, 1.0),
    unit: Unit = "",
) -> str:
    """Lines through points.

    Parameters: x, y: names of the axes. diagonal: draw y = x, what chance or perfect calibration gives. span: range of both
        axes; None for the points' own ranges. Points that are not finite interrupt a line. The first four series differ in
        colour and dash; those after repeat.
    """
    found = [point for one in series for point in one.points if _is_finite(point)]
    if not found:
        return svg.nothing(title)
    low_x, high_x = span or padded(min(p[0] for p in found), max(p[0] for p in found))
    low_y, high_y = span or padded(min(p[1] for p in found), max(p[1] for p in found))
    across, up = Scale(low_x, high_x, _LEFT, svg.WIDTH - 10), Scale(low_y, high_y, _TOP + _PLOT, _TOP)
    parts = _grid(across, up, unit, y)
    if diagonal:
        parts.append(svg.line(across(low_x), up(low_y), across(high_x), up(high_y), kind="diagonal"))
    parts += svg.bottom_axis(across, ticks(low_x, high_x, unit), _TOP + _PLOT, name=x)
    parts += [part for i, one in enumerate(series) for part in _drawn(one, i % KINDS, across, up)]
    legend = series if len(series) > 1 else ()
    parts += [part for i, one in enumerate(legend) for part in _named(one, i, _TOP + _PLOT + 54)]
    height = _TOP + _PLOT + 42 + 18 * len(legend)
    words = ", ".join(one.label for one in series[:8])
    description = f"{words}; {y} against {x}, {figures.counted(len(found), 'point')}"
    return svg.canvas(parts, height=height, title=title, description=description)


def _grid(across: Scale, up: Scale, unit: Unit, name: str) -> list[str]:
    parts = []
    for at, label in ticks(up.low, up.high, unit):
        parts.append(svg.line(across.start, up(at), across.end, up(at), kind="grid"))
        parts.append(svg.text(svg.fitted(label, 36), across.start - 6, up(at) + 4, anchor="end", kind="tick"))
    middle = (up.start + up.end) / 2
    turned = svg.text(name, 0.0, 0.0, anchor="middle", kind="name")
    return [*parts, svg.element("g", turned, transform=f"translate(11 {middle:g}) rotate(-90)")]


def _drawn(one: Series, kind: int, across: Scale, up: Scale) -> list[str]:
    parts = []
    for (x, _), (low, high) in zip(one.points, one.intervals, strict=False):
        if math.isfinite(x) and _is_finite((low, high)):
            parts.append(svg.line(across(x), up(low), across(x), up(high), kind=f"interval series-{kind}"))
    path = _path(one.points, across, up)
    if path:
        parts.append(svg.titled(svg.element("path", d=path, class_=f"curve series-{kind}"), one.label))
    if one.dotted:
        parts += [_point(point, kind, across, up) for point in one.points if _is_finite(point)]
    return parts


def _path(points: Sequence[tuple[float, float]], across: Scale, up: Scale) -> str:
    commands, pen = [], "M"
    for point in points:
        if not _is_finite(point):
            pen = "M"
            continue
        commands.append(f"{pen}{across(point[0]):.1f} {up(point[1]):.1f}")
        pen = "L"
    return "".join(commands)


def _point(point: tuple[float, float], kind: int, across: Scale, up: Scale) -> str:
    shape = svg.element("circle", cx=across(point[0]), cy=up(point[1]), r=4.0, class_=f"dot series-{kind}")
    return svg.titled(shape, f"{figures.number(point[0])}, {figures.number(point[1])}")


def _named(one: Series, index: int, top: float) -> list[str]:
    y = top + 18 * index
    return [
        svg.line(_LEFT, y - 4, _LEFT + 24, y - 4, kind=f"curve series-{index % KINDS}"),
        svg.text(svg.fitted(one.label, svg.WIDTH - _LEFT - 40), _LEFT + 32, y),
    ]


def _is_finite(point: tuple[float, float]) -> bool:
    return math.isfinite(point[0]) and math.isfinite(point[1])
