"""SVG as text: elements whose attributes and content are escaped, and a canvas with a name for those who do not see it."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.views.charts.scales import Scale

WIDTH = 420.0
FONT = 12.0


def element(name: str, content: str = "", **attributes: object) -> str:
    """One element. `content` is SVG already; attribute values are escaped. A trailing or inner `_` in a name reads as `-`.

    >>> element("rect", x=1.0, class_="bar", stroke_width=2)
    '<rect x="1" class="bar" stroke-width="2"/>'
    """
    pairs = "".join(f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"' for key, value in attributes.items())
    return f"<{name}{pairs}>{content}</{name}>" if content else f"<{name}{pairs}/>"


def text(content: str, x: float, y: float, *, anchor: str = "start", kind: str = "label") -> str:
    """A line of text at (x, y); `kind` is its class."""
    return element("text", escape(figures.visible(content)), x=x, y=y, text_anchor=anchor, class_=kind)


def line(x1: float, y1: float, x2: float, y2: float, *, kind: str) -> str:
    """A straight line; `kind` is its class."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def titled(shape: str, words: str) -> str:
    """`shape` with words that show when a pointer rests on it."""
    return element("g", element("title", escape(figures.visible(words))) + shape)


def canvas(parts: Sequence[str], *, height: float, title: str, description: str = "", wide: float = WIDTH) -> str:
    """The picture. Its name and description are read aloud instead of its shapes."""
    label = figures.visible(". ".join(part for part in (title, description) if part))
    box = f"0 0 {wide:g} {_attribute(height)}"
    return element("svg", "".join(parts), class_="chart", viewBox=box, role="img", aria_label=label)


def nothing(title: str, *, reason: str = "Nothing to draw", wide: float = WIDTH) -> str:
    """The picture of no data."""
    words = text(reason, wide / 2, 30.0, anchor="middle", kind="note")
    return canvas([words], height=48.0, title=title, description=reason, wide=wide)


def bottom_axis(scale: Scale, marks: Sequence[tuple[float, str]], y: float, *, name: str = "") -> list[str]:
    """A horizontal axis at height `y`: its ticks, labels at every second or third of them where all would touch, its name."""
    parts = [line(scale.start, y, scale.end, y, kind="axis")]
    stride = next((n for n in range(1, len(marks)) if _apart(scale, marks[::n])), len(marks))
    for i, (at, label) in enumerate(marks):
        parts.append(line(scale(at), y, scale(at), y + 4, kind="axis"))
        if i % stride == 0:
            parts.append(text(label, _centre(scale, at, label), y + 17, anchor="middle", kind="tick"))
    if name:
        parts.append(text(name, (scale.start + scale.end) / 2, y + 34, anchor="middle", kind="name"))
    return parts


def _centre(scale: Scale, at: float, label: str) -> float:
    half = width(label) / 2
    return min(max(scale(at), half), scale.end + 12 - half)


def _apart(scale: Scale, marks: Sequence[tuple[float, str]]) -> bool:
    ends = [(_centre(scale, at, label), width(label) / 2) for at, label in marks]
    return all(x + half + 8 <= after - other for (x, half), (after, other) in pairwise(ends))


def width(label: str) -> float:
    """About how wide a label is at the tick size, in canvas units: wide characters count double."""
    return sum(FONT * (1.0 if ord(character) > 0x2E80 else 0.56) for character in label)


def label_room(labels: Sequence[str], wide: float = WIDTH) -> float:
    """Where a plot starts that has `labels` to its left: as far as the longest asks, at most two fifths of the canvas."""
    longest = max((width(figures.visible(label)) for label in labels), default=0.0)
    return min(max(longest + 14, 48.0), wide * 0.4)


def fitted(label: str, room: float) -> str:
    """`label`, shortened in its middle to fit in `room` canvas units."""
    shown = figures.visible(label)
    while width(shown) > room and len(shown) > 4:
        shown = figures.shortened(shown, min(len(shown) - 1, max(4, int(len(shown) * room / width(shown)))))
    return shown


def _attribute(value: object) -> str:
    if isinstance(value, float):
        return f"{round(value, 2) + 0.0:g}" if abs(value) < 1e4 else f"{value:.0f}"
    return escape(str(value))
