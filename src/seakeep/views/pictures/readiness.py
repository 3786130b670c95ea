"""The picture of a readiness report: one bar a section, the lowest of which is the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.views import figures
from seakeep.views.charts import Bar, bars
from seakeep.views.pictures.records import Draw, Picture, Record, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def _sections(records: Sequence[Record]) -> Iterator[Picture]:
    least = min(number(record["points"]) for record in records)
    drawn = [
        Bar(figures.scalar(r["section"]), number(r["points"]), stands_out=number(r["points"]) == least) for r in records
    ]
    title = "Points by section"
    yield Picture(bars(drawn, title=title, threshold=least), title, "The line is the score: the least of the four.")


DRAWN: Mapping[str, tuple[tuple[str, ...], Draw]] = {"readiness": (("section", "points", "most"), _sections)}
