"""Rows that are equal in every column: a file read twice, a join that multiplied, an upload repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.data.quality.finding import Found
from seakeep.data.quality.looking import Hashes, row_hashes
from seakeep.data.quality.telling import EXAMPLES, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from seakeep.data.quality.finding import Part, Table

MEANING = "No row repeats another one, beyond what chance gives."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 2
CHANCE = 10.0


class _Look:
    def __init__(self) -> None:
        self.hashes = Hashes()

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:
        """Remember the rows' hashes."""
        if part == "table":
            self.hashes.add(row_hashes(rows), first)


def look(table: Table) -> _Look | None:
    """Looks at whole rows."""
    return _Look() if table.types else None


def find(table: Table, look: _Look | None) -> Iterator[Found]:
    """Rows that stand in the table before, unless columns of few values make as many by chance (see `expected_pairs`)."""
    if look is None:
        return
    hashes, rows = look.hashes.sorted()
    again = np.flatnonzero(hashes[1:] == hashes[:-1]) + 1
    count = round(len(again) / look.hashes.share)
    if not count or pairs_of(hashes) / look.hashes.share <= CHANCE * expected_pairs(table, list(table.types)):
        return
    pairs = [[int(rows[at - 1]), int(rows[at])] for at in again[:EXAMPLES]]
    about = "" if look.hashes.share == 1 else "about "
    message = f"{about}{count:,} of {table.rows:,} rows repeat an earlier row in all columns; row {pairs[0][1]:,} is row {pairs[0][0]:,} again."
    evidence = {"rows": count, "share_looked_at": look.hashes.share, "pairs": pairs}
    yield Found("table", message[0].upper() + message[1:], count, 0, proposed("drop_duplicates"), evidence)


def pairs_of(hashes: NDArray[np.uint64]) -> float:
    """Pairs of equal rows among sorted hashes."""
    _, counts = np.unique(hashes, return_counts=True)
    return float((counts * (counts - 1.0) / 2).sum())


def expected_pairs(table: Table, columns: Sequence[str]) -> float:
    """Pairs of rows that agree in these columns by chance, if the columns were independent: rows² / 2 times every column's own share."""
    share = 1.0
    for name in columns:
        column = table.statistics[name]
        counts = np.array([*column.top.counts, column.missing], dtype=float) / max(1, column.rows)
        rest = max(0.0, 1 - counts.sum())
        share *= float((counts**2).sum()) + rest**2 / max(1, column.distinct - len(column.top.values))
    return table.rows * (table.rows - 1) / 2 * share
