"""Pictures as inline SVG: small pure functions from numbers to text. No colour is written here; pages style the classes.

Every picture is drawn on a canvas 420 units wide, the width of a phone, and scales with its page. What is not finite is left
out and counted in the picture's description; a picture of nothing says so.
"""

from __future__ import annotations

from seakeep.views.charts.bars import Bar, bars
from seakeep.views.charts.curve import Series, curve
from seakeep.views.charts.dots import Dot, dots
from seakeep.views.charts.heat_map import heat_map
from seakeep.views.charts.histogram import histogram
from seakeep.views.charts.line import Level, Line, Mark, line
from seakeep.views.charts.paired import Pair, paired
from seakeep.views.charts.ranges import Range, ranges
from seakeep.views.charts.strips import Strip, strips
from seakeep.views.charts.timeline import Phase, timeline

__all__ = [
    "Bar",
    "Dot",
    "Level",
    "Line",
    "Mark",
    "Pair",
    "Phase",
    "Range",
    "Series",
    "Strip",
    "bars",
    "curve",
    "dots",
    "heat_map",
    "histogram",
    "line",
    "paired",
    "ranges",
    "strips",
    "timeline",
]
