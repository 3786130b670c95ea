"""Pictures of what moved: every column's distance against natural variation and what is allowed, and both distributions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.charts import Pair, Range, paired, ranges
from seakeep.views.pictures.records import ROWS_DRAWN, Draw, Picture, Record, bound, cut, grouped, is_finite, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BINS_DRAWN = 16


def shape(records: Sequence[Record], column: str) -> Picture:
    """One column's shares by bin, in the reference and now; `records` are the rows of a table "shapes" about it."""
    pairs = [Pair(figures.scalar(r["bin"]), number(r["reference"]), number(r["current"])) for r in records[:BINS_DRAWN]]
    title = f"{figures.visible(column)}: reference and current"
    more = f"The first {BINS_DRAWN} of {len(records)} bins." if len(records) > BINS_DRAWN else ""
    return Picture(paired(pairs, title=title), title, more)


def _shapes(records: Sequence[Record]) -> Iterator[Picture]:
    """One picture a column, in the table's order."""
    for column, rows in list(grouped(records, "column").items())[:ROWS_DRAWN]:
        yield shape(rows, figures.scalar(column))


def _drift(records: Sequence[Record]) -> Iterator[Picture]:
    """One picture a distance: every column against its own threshold and what chance reaches."""
    for distance, rows in grouped(records, "distance").items():
        ordered = sorted(rows, key=_beyond)
        drawn = [_range(record) for record in ordered[:ROWS_DRAWN]]
        title = f"{figures.scalar(distance)} by column"
        says = "Dots: observed. Bars: natural variation. Dashed: the threshold." + cut(rows)
        yield Picture(ranges(drawn, title=title), title, says)


def _range(record: Record) -> Range:
    return Range(
        figures.scalar(record["column"]),
        number(record["observed"]),
        _natural(record),
        bound(record, "threshold"),
        record["verdict"] == Verdict.FAIL.value,
    )


def _natural(record: Record) -> float | None:
    """What unchanged data reaches: by chance at so many rows, or as far as windows of the reference itself were."""
    known = [value for value in (bound(record, "noise"), bound(record, "usual")) if value is not None]
    return max(known, default=None)


def _beyond(record: Record) -> tuple[bool, float]:
    """What failed first, then what is largest; what is not known last."""
    observed = number(record["observed"]) if is_finite(record["observed"]) else -math.inf
    return record["verdict"] != Verdict.FAIL.value, -observed


DRAWN: Mapping[str, tuple[tuple[str, ...], Draw]] = {
    "drift": (("column", "distance", "observed", "threshold", "verdict"), _drift),
    "shapes": (("column", "bin", "reference", "current"), _shapes),
}
