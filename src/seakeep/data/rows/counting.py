"""Counting what rows break, piece by piece: the counts of pieces add, so that any cutting gives the same judgement.

Called by `judge`. One query a piece looks at every rule at once and reads the columns that rules speak of; only for pieces in which
something is broken does a second one fetch examples: the first rows in the table's order, by number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.frames import fetch
from seakeep.data.rows.plan import asked, mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.core.dataset import Dataset
    from seakeep.data.rows.plan import Plan

ROW = "@row"
_BROKEN, _ROWS = "@any", "@rows"


@dataclass(frozen=True, slots=True)
class Counts:
    """rows: looked at. broken, asked: rows that break each criterion, and that it had something to judge in."""

    rows: int
    broken: tuple[int, ...]
    asked: tuple[int, ...]

    def __add__(self, other: Counts) -> Counts:
        broken = tuple(map(sum, zip(self.broken, other.broken, strict=True)))
        return Counts(self.rows + other.rows, broken, tuple(map(sum, zip(self.asked, other.asked, strict=True))))


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a table. counts: of the whole; rows: of each piece; broken_rows: that break a criterion which marks.

    examples: the first broken rows of each criterion that has some, with `@row` and the values of its columns.
    """

    counts: Counts
    rows: tuple[int, ...]
    broken_rows: int
    examples: Mapping[int, pl.DataFrame]


def count_piece(plan: Plan, dataset: Dataset, number: int, piece: pl.LazyFrame) -> Counts:
    """The counts of one piece."""
    judging = [(each, at) for at, each in enumerate(plan.criteria) if each.asked is not None]
    masked = plan.masked(piece).with_columns(
        each.asked.alias(asked(at)) for each, at in judging if each.asked is not None
    )
    sums = [pl.col(mask(at)).sum() for at in range(len(plan.criteria))]
    found = masked.select(pl.len().alias(_ROWS), *sums, *(pl.col(asked(at)).sum() for _, at in judging))
    row = fetch(dataset, number, found, streaming=True).row(0, named=True)
    rows = int(row[_ROWS])
    marks = range(len(plan.criteria))
    return Counts(rows, tuple(int(row[mask(at)]) for at in marks), tuple(int(row.get(asked(at), rows)) for at in marks))


def look(plan: Plan, dataset: Dataset, *, examples: int, progress: Callable[[int, int, int], None] | None) -> Found:
    """Everything that a report says of a table's rows. progress: called with (rows so far, pieces done, pieces in all)."""
    pieces = dataset.pieces()
    counted: list[Counts] = []
    for number, piece in enumerate(pieces):
        counted.append(count_piece(plan, dataset, number, piece))
        if progress:
            progress(sum(each.rows for each in counted), number + 1, len(pieces))
    zero = (0,) * len(plan.criteria)
    counts = sum(counted, Counts(0, zero, zero))
    looking = _Examples(plan, dataset, examples)
    start = 0
    for number, (piece, found) in enumerate(zip(pieces, counted, strict=True)):
        if any(found.broken):
            looking.at(number, piece.with_row_index(ROW, start), found)
        start += found.rows
    return Found(counts, tuple(each.rows for each in counted), looking.broken_rows, looking.found)


class _Examples:
    """The examples found so far. broken_rows: rows that break a criterion which marks."""

    def __init__(self, plan: Plan, dataset: Dataset, most: int) -> None:
        self.plan, self.dataset, self.most = plan, dataset, most
        self.found: dict[int, pl.DataFrame] = {}
        self.broken_rows = 0

    def at(self, number: int, piece: pl.LazyFrame, counts: Counts) -> None:
        """Look at a piece that has broken rows."""
        wanted = [at for at, count in enumerate(counts.broken) if count and self._height(at) < self.most]
        names = dict.fromkeys(name for at in wanted for name in self.plan.criteria[at].columns)
        known = [name for name in names if name in piece.collect_schema()]
        masked = self.plan.masked(piece).with_columns(self.plan.is_broken().alias(_BROKEN))
        masks = [mask(at) for at in wanted]
        shown = masked.filter(pl.any_horizontal(_BROKEN, *masks)).select(ROW, _BROKEN, *masks, *known)
        frame = fetch(self.dataset, number, shown, streaming=True).sort(ROW)
        self.broken_rows += int(frame[_BROKEN].sum())
        for at in wanted:
            columns = [name for name in self.plan.criteria[at].columns if name in known]
            some = frame.filter(pl.col(mask(at))).select(ROW, *columns).head(self.most - self._height(at))
            self.found[at] = pl.concat([self.found[at], some]) if at in self.found else some

    def _height(self, at: int) -> int:
        return self.found[at].height if at in self.found else 0
