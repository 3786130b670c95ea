"""The bins of a column's picture, from the histogram that its statistics carry.

A column's few far values would squeeze all others into one bar, so a picture may leave them out: it says how many.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seakeep.core.histogram import key_of
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
    return filled(histogram, edges)


def _range(histogram: Histogram) -> tuple[float, float]:
    least, most = histogram.bounds(0)[0], histogram.bounds(len(histogram.keys) - 1)[1]
    low, high = histogram.quantile(0.005), histogram.quantile(0.995)
    assert low is not None
    assert high is not None
    if high > low and most / 2 - least / 2 > _FAR * (high / 2 - low / 2):
        return low, high
    return least, most


def filled(histogram: Histogram, edges: tuple[float, ...]) -> Bins:
    """A histogram over given edges, which need not be its own.

    Buckets between two edges' own go into their bin at once; only those that hold an edge are looked at one by one.
    """
    keys = [key_of(edge) >> histogram.shift for edge in edges]
    starts = [bisect_left(histogram.keys, key) for key in keys]
    cut = sorted({at for at, key in zip(starts, keys, strict=True) if histogram.keys[at : at + 1] == (key,)})
    counts = [float(sum(histogram.counts[start:stop])) for start, stop in pairwise(starts)]
    outside = float(sum(histogram.counts[: starts[0]]) + sum(histogram.counts[starts[-1] :]))
    for at in cut:
        index = bisect_right(starts, at) - 1
        if index < len(counts):
            counts[index] -= histogram.counts[at]
        else:
            outside -= histogram.counts[at]
        outside += _spread(histogram.counts[at], histogram.bounds(at), edges, counts)
    return Bins(edges, tuple(counts), outside)


def _spread(count: int, bounds: tuple[float, float], edges: tuple[float, ...], counts: list[float]) -> float:
    """Spread a bucket evenly over the bins it touches; returns what lies beyond them."""
    outside = 0.0
    for low, high, part in _parts(*bounds, edges):
        if low > edges[-1] or high < edges[0]:
            outside += count * part
        else:
            index = min(bisect_right(edges, low / 2 + high / 2) - 1, len(counts) - 1)
            counts[max(index, 0)] += count * part
    return outside


def _parts(low: float, high: float, edges: tuple[float, ...]) -> list[tuple[float, float, float]]:
    """A bucket cut at the edges inside it: (low, high, share of the bucket) each."""
    inside = [edge for edge in edges if low < edge < high]
    if not inside:
        return [(low, high, 1.0)]
    cuts = [low, *inside, high]
    whole = high / 2 - low / 2
    return [(a, b, (b / 2 - a / 2) / whole) for a, b in pairwise(cuts) if math.isfinite(whole)]
