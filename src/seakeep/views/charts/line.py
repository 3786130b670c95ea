"""Lines over time: a value a window or a look, its band of uncertainty, thresholds, and marks where something happened.

Two thousand windows do not fit on the width of a phone, so a long line keeps the least and the greatest value of every
stretch: what exceeds a threshold is never thinned away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import svg
from seakeep.views.charts.scales import Format, Scale, Unit, formatter, padded, spanned, ticks, widened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LEFT, _MOST_LEFT, _TOP, _PLOT = 52.0, 104.0, 12.0, 132.0
_STRETCHES = 160
_LEAST_HIGH = 0.01
KINDS = 4

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """points: (x, y), ascending in x. band: (low, high) a point, drawn as an area; empty for none."""

    label: str
    points: Sequence[Point]
    band: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """A dashed line across: a threshold, and its name where it has one."""

    value: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment at which something happened: `words` say what; `stands_out` for alarms."""

    x: float
    words: str
    stands_out: bool = True


def line(
    lines: Sequence[Line],
    *,
    title: str,
    y: str = "",
    x: str = "",
    unit: Unit = "",
    across: Unit = "timestamp",
    levels: Sequence[Level] = (),
    marks: Sequence[Mark] = (),
    from_zero: bool = False,
) -> str:
    """Lines over one horizontal axis, by default of time in microseconds since 1970 UTC.

    Parameters: x, y: names of the axes. unit: of the values; across: of the horizontal axis. levels: thresholds. marks: flags
        at the foot of the plot. from_zero: start the vertical axis at zero. Points that are not finite interrupt a line. The
        first four lines differ in colour and dash; those after repeat.
    """
    thin = [_thinned(one) for one in lines]
    found = [point for one in thin for point in one.points if _is_finite(point)]
    if not found:
        return svg.nothing(title)
    up = _upright([p[1] for p in found], thin, levels, from_zero=from_zero)
    side = _side([p[0] for p in found], marks, _left(up, unit, y), across)
    write = formatter(unit)
    parts = _grid(side, up, unit, y)
    parts += svg.bottom_axis(side, ticks(side.low, side.high, across, count=4), _TOP + _PLOT, name=x)
    parts += [part for level in levels for part in _level(level, side, up, write)]
    parts += [_band(one, i % KINDS, side, up) for i, one in enumerate(thin) if one.band]
    parts += [part for i, one in enumerate(thin) for part in _drawn(one, i % KINDS, side, up, write)]
    parts += [_mark(mark, side, formatter(across)) for mark in marks if math.isfinite(mark.x)]
    legend = thin if len(thin) > 1 else ()
    below = _TOP + _PLOT + (42 if x else 24)
    parts += [part for i, one in enumerate(legend) for part in _named(one, i, below + 12)]
    height = below + 18 * len(legend)
    return svg.canvas(parts, height=height, title=title, description=_described(lines, levels, marks, write))


def _thinned(one: Line) -> Line:
    """At most two points a stretch: the least and the greatest."""
    if len(one.points) <= 2 * _STRETCHES:
        return one
    kept = sorted(set(chain.from_iterable(_extremes(one.points))))
    band = [one.band[i] for i in kept if i < len(one.band)]
    return Line(one.label, [one.points[i] for i in kept], band if len(band) == len(kept) else ())


def _extremes(points: Sequence[Point]) -> Iterator[tuple[int, int]]:
    step = math.ceil(len(points) / _STRETCHES)
    for start in range(0, len(points), step):
        stretch = [i for i in range(start, min(start + step, len(points))) if _is_finite(points[i])]
        if stretch:
            yield min(stretch, key=lambda i: points[i][1]), max(stretch, key=lambda i: points[i][1])
        else:
            yield start, start


def _left(up: Scale, unit: Unit, name: str) -> float:
    """Where the plot begins: right of the longest label of its vertical axis and of the axis' name."""
    longest = max((svg.width(label) for _, label in ticks(up.low, up.high, unit, count=4)), default=0.0)
    return min(max(longest + 12 + (16 if name else 0), 40.0), _MOST_LEFT)


def _side(values: Sequence[float], marks: Sequence[Mark], left: float, unit: Unit) -> Scale:
    moments = [*values, *(mark.x for mark in marks if math.isfinite(mark.x))]
    low, high = spanned(moments, unit)
    return Scale(low, high, left, svg.WIDTH - 10)


def _upright(values: Sequence[float], lines: Sequence[Line], levels: Sequence[Level], *, from_zero: bool) -> Scale:
    ends = [*values, *(level.value for level in levels), *(end for one in lines for pair in one.band for end in pair)]
    finite = [end for end in ends if math.isfinite(end)] + [0.0] * from_zero
    if from_zero and not any(finite):
        return Scale(0.0, _LEAST_HIGH, _TOP + _PLOT, _TOP)
    low, high = padded(min(finite), max(finite))
    low, high = (0.0, high) if 0 <= low < high / 2 else (low, high)
    room = high / 16 - low / 16
    wide = widened(low, high, room)
    return Scale(low if low == 0 else wide[0], wide[1], _TOP + _PLOT, _TOP)


def _grid(side: Scale, up: Scale, unit: Unit, name: str) -> list[str]:
    parts = []
    for at, label in ticks(up.low, up.high, unit, count=4):
        parts.append(svg.line(side.start, up(at), side.end, up(at), kind="grid"))
        parts.append(svg.text(svg.fitted(label, _MOST_LEFT - 8), side.start - 6, up(at) + 4, anchor="end", kind="tick"))
    if name:
        turned = svg.text(svg.fitted(name, _PLOT + 12), 0.0, 0.0, anchor="middle", kind="name")
        parts.append(svg.element("g", turned, transform=f"translate(9 {_TOP + _PLOT / 2:g}) rotate(-90)"))
    return parts


def _level(level: Level, side: Scale, up: Scale, write: Format) -> list[str]:
    if not math.isfinite(level.value):
        return []
    at = up(level.value)
    words = f"{level.label or 'threshold'} {write(level.value)}"
    drawn = svg.titled(svg.line(side.start, at, side.end, at, kind="threshold"), words)
    above = at - 4 if at > _TOP + 14 else at + 13
    named = svg.text(svg.fitted(level.label, side.end - side.start), side.start + 4, above, kind="note")
    return [drawn, *([named] if level.label else [])]


def _band(one: Line, kind: int, side: Scale, up: Scale) -> str:
    """The area between the ends of the band; a gap where an end is not finite."""
    pairs = [
        (side(point[0]), up(low), up(high))
        for point, (low, high) in zip(one.points, one.band, strict=False)
        if _is_finite(point) and _is_finite((low, high))
    ]
    if len(pairs) < 2:
        return ""
    there = "L".join(f"{x:.1f} {high:.1f}" for x, _, high in pairs)
    back = "L".join(f"{x:.1f} {low:.1f}" for x, low, _ in reversed(pairs))
    return svg.element("path", d=f"M{there}L{back}Z", class_=f"band series-{kind}")


def _drawn(one: Line, kind: int, side: Scale, up: Scale, write: Format) -> list[str]:
    commands, pen, alone = [], "M", list[int]()
    for i, point in enumerate(one.points):
        if not _is_finite(point):
            pen = "M"
            continue
        commands.append(f"{pen}{side(point[0]):.1f} {up(point[1]):.1f}")
        beside = one.points[max(i - 1, 0) : i] + one.points[i + 1 : i + 2] if isinstance(one.points, list) else ()
        if pen == "M" and not any(_is_finite(other) for other in beside):
            alone.append(i)
        pen = "L"
    path = svg.element("path", d="".join(commands), class_=f"curve series-{kind}")
    points = [part for i in alone for part in _alone(one, i, kind, side=side, up=up, write=write)]
    return [*([svg.titled(path, one.label)] if commands else []), *points]


def _alone(one: Line, i: int, kind: int, *, side: Scale, up: Scale, write: Format) -> list[str]:
    """A point between gaps: a dot, and its interval, since an area needs two points."""
    x, y = one.points[i]
    low, high = one.band[i] if i < len(one.band) else (math.nan, math.nan)
    known = _is_finite((low, high))
    whisker = [svg.line(side(x), up(low), side(x), up(high), kind=f"interval series-{kind}")] if known else []
    return [*whisker, _point((x, y), kind, side, up, f"{one.label} {write(y)}")]


def _point(point: Point, kind: int, side: Scale, up: Scale, words: str) -> str:
    shape = svg.element("circle", cx=side(point[0]), cy=up(point[1]), r=3.0, class_=f"dot series-{kind}")
    return svg.titled(shape, words)


def _mark(mark: Mark, side: Scale, write: Format) -> str:
    x, y = side(mark.x), _TOP + _PLOT
    shape = svg.element("path", d=f"M{x - 5:.1f} {y:.1f}h10l-5 -9z", class_="flag out" if mark.stands_out else "flag")
    return svg.titled(shape, f"{write(mark.x)}: {mark.words}")


def _named(one: Line, index: int, top: float) -> list[str]:
    y = top + 18 * index
    return [
        svg.line(_LEFT, y - 4, _LEFT + 24, y - 4, kind=f"curve series-{index % KINDS}"),
        svg.text(svg.fitted(one.label, svg.WIDTH - _LEFT - 40), _LEFT + 32, y),
    ]


def _described(lines: Sequence[Line], levels: Sequence[Level], marks: Sequence[Mark], write: Format) -> str:
    """The last value of each line, the thresholds, and how many marks."""
    parts = []
    for one in lines[:8]:
        values = [y for x, y in one.points if _is_finite((x, y))]
        if values:
            parts.append(f"{one.label} from {write(min(values))} to {write(max(values))}, last {write(values[-1])}")
    parts += [f"{level.label or 'threshold'} {write(level.value)}" for level in levels if math.isfinite(level.value)]
    parts += [figures.counted(len(marks), "mark")] if marks else []
    return "; ".join(parts)


def _is_finite(point: tuple[float, float]) -> bool:
    return math.isfinite(point[0]) and math.isfinite(point[1])
