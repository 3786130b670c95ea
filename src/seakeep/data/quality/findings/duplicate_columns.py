"""One column under two names: importances are halved, and a leak hides behind the second name."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Part, Table

MEANING = "No two columns hold the same values."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 20
MOST_PAIRS = 2000


class _Look:
    """Pairs of columns that agreed so far."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:  # noqa: ARG002  (Look's shape)
        """Let go of the pairs that differ."""
        if part == "table":
            self.pairs = [pair for pair in self.pairs if _equal(rows[pair[0]], rows[pair[1]])]


def look(table: Table) -> _Look:
    """Looks at pairs of columns whose statistics agree; a constant column is told as such."""
    marks: dict[object, list[str]] = {}
    for name, column in table.columns().items():
        if column.distinct > 1:
            kind = Kind.NUMBER if column.kind is Kind.INTEGER else column.kind
            mark = (
                kind,
                column.missing,
                column.minimum,
                column.maximum,
                column.zeros,
                column.top.counts[:5],
                column.lengths and column.lengths.total,
            )
            marks.setdefault(mark, []).append(name)
    return _Look([pair for names in marks.values() for pair in combinations(names, 2)][:MOST_PAIRS])


def find(table: Table, look: _Look | None) -> Iterator[Found]:  # noqa: ARG001  (the look has all)
    """Pairs of columns that are equal in every row."""
    for one, other in look.pairs if look else ():
        fix = proposed("drop_columns", columns=[other])
        yield Found(
            f"{one}, {other}",
            f"Columns {one!r} and {other!r} hold the same values in every row.",
            2,
            1,
            fix,
            {"columns": [one, other]},
        )


def _equal(one: pl.Series, other: pl.Series) -> bool:
    if one.dtype != other.dtype and one.dtype.is_numeric() and other.dtype.is_numeric():
        one, other = one.cast(pl.Float64), other.cast(pl.Float64)
    return one.dtype == other.dtype and bool(one.eq_missing(other).all())
