"""Keys that stand for two rows: labels and predictions are joined by them, and land on the wrong row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.data.quality.finding import Found
from seakeep.data.quality.looking import Hashes, row_hashes
from seakeep.data.quality.telling import EXAMPLES, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from seakeep.data.quality.finding import Part, Table

MEANING = "No two rows have one key, and none has no key."
COST = "rows"
NEEDS: tuple[str, ...] = ("key",)
LEAST_ROWS = 1


class _Look:
    def __init__(self, key: str) -> None:
        self.key, self.hashes, self.missing = key, Hashes(), 0

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:
        """Remember the keys' hashes."""
        if part == "table":
            self.missing += rows[self.key].null_count()
            self.hashes.add(row_hashes(rows.select(self.key)), first)


def look(table: Table) -> _Look:
    """Looks at the key."""
    return _Look(str(table.key))


def find(table: Table, look: _Look | None) -> Iterator[Found]:
    """Rows whose key an earlier row has, and rows without."""
    if look is None:
        return
    hashes, rows = look.hashes.sorted()
    again = np.flatnonzero(hashes[1:] == hashes[:-1]) + 1
    count = round(len(again) / look.hashes.share) - max(0, look.missing - 1)
    if look.missing:
        message = f"{look.missing:,} of {table.rows:,} rows have no key in {table.key!r}."
        yield Found(
            str(table.key), message, look.missing, 0, "Find where the key is lost upstream.", {"missing": look.missing}
        )
    if count > 0:
        pairs = [[int(rows[at - 1]), int(rows[at])] for at in again[:EXAMPLES]]
        message = f"{count:,} of {table.rows:,} rows have the key {table.key!r} of an earlier row, for example rows {pairs[0][0]:,} and {pairs[0][1]:,}."
        evidence = {"rows": count, "share_looked_at": look.hashes.share, "pairs": pairs}
        yield Found(str(table.key), message, count, 0, proposed("drop_duplicates", by=[table.key]), evidence)
