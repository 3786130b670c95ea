"""The two distributions of a column that moved, bin by bin, for a picture: the table "shapes".

Called by `drift`, and by `monitoring`, for columns that failed. Bins are the reference's deciles, its values where they are
few, and its frequent values for text, so that both sides can be read off against what training saw.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from seakeep.core.report import Table
from seakeep.core.statistics import common_kind
from seakeep.data.comparison.moves import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from seakeep.core.codec import Scalar
    from seakeep.core.kinds import Kind
    from seakeep.core.statistics import ColumnStatistics

COLUMNS = ("column", "bin", "reference", "current")
FEW = 12
_SHARES = tuple(i / 10 for i in range(1, 10))
Bin = tuple[str, float, float]


def shapes(pairs: Iterable[tuple[str, ColumnStatistics, ColumnStatistics]]) -> Table:
    """Shares of the rows by bin, of these columns' reference and current statistics; without rows for none."""
    rows: list[tuple[Scalar, ...]] = []
    for name, before, after in pairs:
        if before.finite and after.finite and common_kind(before.kind, after.kind):
            rows += [(name, *each) for each in _bins(before, after)]
    return Table("shapes", "Columns that moved", COLUMNS, tuple(rows), "Shares of the rows that have a value.")


def _bins(before: ColumnStatistics, after: ColumnStatistics) -> Iterator[Bin]:
    if before.kind.is_numeric and (before.distinct > FEW or after.distinct > FEW):
        yield from _ranges(before, after)
    else:
        yield from _values(before, after)


def _values(before: ColumnStatistics, after: ColumnStatistics) -> Iterator[Bin]:
    first, second = before.top.as_dict(), after.top.as_dict()
    weight = {
        value: first.get(value, 0) / before.finite + second.get(value, 0) / after.finite for value in first | second
    }
    common = sorted(weight, key=lambda value: (-weight[value], str(value)))[:FEW]
    if before.kind.is_numeric:
        common.sort()
    shares = [(first.get(value, 0) / before.finite, second.get(value, 0) / after.finite) for value in common]
    for value, (old, new) in zip(common, shares, strict=True):
        yield str(readable(value, before.kind)), old, new
    rest = 1 - sum(old for old, _ in shares), 1 - sum(new for _, new in shares)
    if max(rest) > 1e-9:
        yield "other", max(0.0, rest[0]), max(0.0, rest[1])


def _ranges(before: ColumnStatistics, after: ColumnStatistics) -> Iterator[Bin]:
    found = (before.quantile(share) for share in _SHARES)
    edges = sorted({edge for edge in found if edge is not None})
    texts = [_edge(edge, before.kind) for edge in edges]
    below = [[each.histogram.share_below(edge) for edge in edges] for each in (before, after)]
    old, new = ([0.0, *shares, 1.0] for shares in below)
    labels = [f"≤ {texts[0]}", *(f"{low} to {high}" for low, high in pairwise(texts)), f"> {texts[-1]}"]
    for label, (a, b), (c, d) in zip(labels, pairwise(old), pairwise(new), strict=True):
        yield label, max(0.0, b - a), max(0.0, d - c)


def _edge(value: float, kind: Kind) -> str:
    shown = readable(value, kind)
    return f"{shown:.4g}" if isinstance(shown, float) else str(shown)
