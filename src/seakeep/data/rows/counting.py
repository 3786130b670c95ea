"""Counting what rows break, piece by piece: the counts of pieces add, so that any cutting gives the same judgement.

Called by `judge`. One query a piece looks at every rule at once and reads the columns that rules speak of; only for pieces in which
something is broken does a second one fetch examples: the first rows in the table's order, by number.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.data.frames import fetch
from seakeep.data.rows.lookups import OWN
from seakeep.data.rows.plan import asked, mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from seakeep.core.dataset import Dataset
    from seakeep.data.rows.criteria import Criterion
    from seakeep.data.rows.plan import Plan

ROW = f"{OWN}row"
_BROKEN, _ROWS = f"{OWN}broken", f"{OWN}rows"


@dataclass(frozen=True, slots=True)
class Counts:
    """rows: looked at. broken, asked: rows that break each criterion, and that it had something to judge in."""

    rows: int
    broken: tuple[int, ...]
    asked: tuple[int, ...]

    def __add__(self, other: Counts) -> Counts:
        broken = tuple(map(sum, zip(self.broken, other.broken, strict=True)))
        return Counts(self.rows + other.rows, broken, tuple(map(sum, zip(self.asked, other.asked, strict=True))))

    def shows(self, at: int, criterion: Criterion) -> bool:
        """Whether broken rows of a criterion deserve to be shown: each is a fault, or there are more than are allowed."""
        return self.broken[at] > (0 if criterion.marks else criterion.tolerance * self.asked[at])


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
    """The counts of one piece: first what aggregates tell, and row by row what they could not settle."""
    long = [at for at, each in enumerate(plan.criteria) if each.short is None]
    asking = {asked(at): each.asked for at in long if (each := plan.criteria[at]).asked is not None}
    masked = plan.masked(piece, long).with_columns(**asking) if asking else plan.masked(piece, long)
    sums = [pl.col(mask(at)).sum() for at in long] + [pl.col(name).sum() for name in asking]
    row = _row(dataset, number, masked.select(pl.len().alias(_ROWS), *sums, *_shortcuts(plan)))
    unsettled = [at for at, each in enumerate(plan.criteria) if each.short and row.get(_clear(at)) is False]
    if unsettled:
        looked = plan.masked(piece, unsettled).select(pl.col(mask(at)).sum() for at in unsettled)
        row |= _row(dataset, number, looked)
    rows, numbers = int(row[_ROWS]), range(len(plan.criteria))
    broken = tuple(int(row.get(mask(at)) or 0) for at in numbers)
    return Counts(rows, broken, tuple(int(row.get(asked(at), rows)) for at in numbers))


def _shortcuts(plan: Plan) -> Iterator[pl.Expr]:
    """The aggregates of those criteria that have some."""
    for at, each in enumerate(plan.criteria):
        if each.short is not None:
            named = ((each.short.count, mask(at)), (each.short.clear, _clear(at)), (each.short.asked, asked(at)))
            yield from (expression.alias(name) for expression, name in named if expression is not None)


def _clear(number: int) -> str:
    return f"{OWN}clear {number}"


def _row(dataset: Dataset, number: int, query: pl.LazyFrame) -> dict[str, Any]:
    return fetch(dataset, number, query, streaming=True).row(0, named=True)


def look(
    plan: Plan,
    dataset: Dataset,
    *,
    examples: int,
    progress: Callable[[int, float, float], None] | None,
    is_part: bool = False,
) -> Found:
    """Everything that a report says of a table's rows.

    progress: called with (rows so far, share of the table, seconds). is_part: whether this is one part of a table; then there are examples of
    whatever is broken, since only the whole tells whether a share is within what is allowed.
    """
    pieces, started = dataset.pieces(), time.perf_counter()
    counted: list[Counts] = []
    for number, piece in enumerate(pieces):
        counted.append(count_piece(plan, dataset, number, piece))
        if progress:
            rows, share = sum(each.rows for each in counted), (number + 1) / len(pieces)
            progress(rows, share, time.perf_counter() - started)
    zero = (0,) * len(plan.criteria)
    counts = sum(counted, Counts(0, zero, zero))
    looking = _Examples(
        plan, dataset, examples, [at for at, each in enumerate(plan.criteria) if is_part or counts.shows(at, each)]
    )
    start = 0
    for number, (piece, found) in enumerate(zip(pieces, counted, strict=True)):
        looking.at(number, piece.with_row_index(ROW, start), found)
        start += found.rows
    return Found(counts, tuple(each.rows for each in counted), looking.broken_rows, looking.found)


class _Examples:
    """The examples found so far. broken_rows: rows that break a criterion which marks. shown: the criteria that deserve examples."""

    def __init__(self, plan: Plan, dataset: Dataset, most: int, shown: Sequence[int]) -> None:
        self.plan, self.dataset, self.most = plan, dataset, most
        self.shown = shown
        self.found: dict[int, pl.DataFrame] = {}
        self.broken_rows = 0

    def at(self, number: int, piece: pl.LazyFrame, counts: Counts) -> None:
        """Look at a piece, if it has broken rows to count or to show; a criterion that nothing breaks in it is not asked again."""
        wanted = [at for at in self.shown if counts.broken[at] and self._height(at) < self.most]
        marking = [at for at, each in enumerate(self.plan.criteria) if each.marks and counts.broken[at]]
        if not wanted and not marking:
            return
        names = dict.fromkeys(name for at in wanted for name in self.plan.criteria[at].columns)
        known = [name for name in names if name in piece.collect_schema()]
        masks = [mask(at) for at in wanted]
        is_broken = pl.any_horizontal([mask(at) for at in marking]) if marking else pl.lit(False)
        masked = self.plan.masked(piece, sorted({*wanted, *marking})).with_columns(is_broken.alias(_BROKEN))
        shown = masked.filter(pl.any_horizontal(_BROKEN, *masks)).select(ROW, _BROKEN, *masks, *known)
        frame = fetch(self.dataset, number, shown, streaming=True).sort(ROW)
        self.broken_rows += int(frame[_BROKEN].sum())
        for at in wanted:
            columns = [name for name in self.plan.criteria[at].columns if name in known]
            some = frame.filter(pl.col(mask(at))).select(ROW, *columns).head(self.most - self._height(at))
            self.found[at] = pl.concat([self.found[at], some]) if at in self.found else some

    def _height(self, at: int) -> int:
        return self.found[at].height if at in self.found else 0
