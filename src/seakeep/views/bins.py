"""The bins of a column's picture, from the histogram that its statistics carry.

A column's few far values would squeeze all others into one bar, so a picture may leave them out: it says how many.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind

if TYPE_CHECKING:
    from seakeep.core.histogram import Histogram

BINS = 32
_FAR = 4.0


@dataclass(frozen=True, slots=True)
class Bins:
    """edges: ascending, equally far apart. counts: rows between them; outside: rows beyond the first and last edge."""

    edges: tuple[float, ...]
    counts: tuple[float, ...]
    outside: float = 0.0


def binned(histogram: Histogram, kind: Kind, *, bins: int = BINS) -> Bins:
    """Equal bins over the histogram; whole numbers get one bin a value where they are few.

    Buckets of an inexact histogram are spread evenly over the bins they touch, so counts may be fractions. Values beyond
    the middle 99 % are left out where they would stretch the picture to over four times its width. Empty for no rows.
    """
    if not histogram.counts:
        return Bins((), ())
    low, high = _range(histogram)
    if kind is Kind.INTEGER and high - low < bins:
        edges = tuple(low - 0.5 + i for i in range(round(high - low) + 2))
    elif low == high:
        room = abs(low) / 32 or 0.5
        edges = (max(low - room, -sys.float_info.max), min(low + room, sys.float_info.max))
    else:
        edges = tuple(low * (1 - i / bins) + high * (i / bins) for i in range(bins + 1))
    return _filled(histogram, edges)


def _range(histogram: Histogram) -> tuple[float, float]:
    least, most = histogram.bounds(0)[0], histogram.bounds(len(histogram.keys) - 1)[1]
    low, high = histogram.quantile(0.005), histogram.quantile(0.995)
    assert low is not None
    assert high is not None
    if high > low and most / 2 - least / 2 > _FAR * (high / 2 - low / 2):
        return low, high
    return least, most


def _filled(histogram: Histogram, edges: tuple[float, ...]) -> Bins:
    counts = [0.0] * (len(edges) - 1)
    outside = 0.0
    for i, count in enumerate(histogram.counts):
        for low, high, part in _parts(*histogram.bounds(i), edges):
            index = min(bisect_right(edges, low / 2 + high / 2) - 1, len(counts) - 1)
            if low > edges[-1] or high < edges[0]:
                outside += count * part
            else:
                counts[max(index, 0)] += count * part
    return Bins(edges, tuple(counts), outside)


def _parts(low: float, high: float, edges: tuple[float, ...]) -> list[tuple[float, float, float]]:
    """A bucket cut at the edges inside it: (low, high, share of the bucket) each."""
    inside = [edge for edge in edges if low < edge < high]
    if not inside:
        return [(low, high, 1.0)]
    cuts = [low, *inside, high]
    whole = high / 2 - low / 2
    return [(a, b, (b / 2 - a / 2) / whole) for a, b in pairwise(cuts) if math.isfinite(whole)]
