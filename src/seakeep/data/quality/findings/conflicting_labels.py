"""Equal rows with different labels: one of them is wrong, or what tells them apart is not in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.data.quality.finding import ROW, Found
from seakeep.data.quality.findings.duplicate_rows import expected_pairs
from seakeep.data.quality.looking import Hashes, row_hashes
from seakeep.data.quality.telling import proposed
from seakeep.data.statistics.hashing import mix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Part, Table

MEANING = "No two rows that agree in everything else have different labels."
COST = "rows"
NEEDS: tuple[str, ...] = ("label",)
LEAST_ROWS = 20
CHANCE, MOST_EQUAL = 10.0, 0.2


class _Look:
    def __init__(self, label: str, others: list[str]) -> None:
        self.label, self.others = label, others
        self.hashes, self.labels = Hashes(), Hashes()

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:
        """Remember the rows without their label, and with it."""
        if part == "table":
            known = rows.with_row_index(ROW, offset=first).filter(pl.col(self.label).is_not_null())
            without = row_hashes(known.select(self.others))
            self.hashes.add(without, first)
            self.labels.add(mix(without ^ row_hashes(known.select(self.label), seed=1)), first)


def look(table: Table) -> _Look | None:
    """Looks at everything but the key, which differs in rows that are otherwise one."""
    others = [name for name in table.types if name not in (table.label, table.key)]
    return _Look(str(table.label), others) if others else None


def find(table: Table, look: _Look | None) -> Iterator[Found]:
    """Groups of equal rows with several labels, where rows are hardly ever equal otherwise (at most 20 % of them).

    Where a table's columns have few values, equal rows with different labels are what the label's chance is.
    """
    if look is None:
        return
    alone, both = look.hashes.sorted()[0], look.labels.sorted()[0]
    groups, rows = len(np.unique(alone)), len(alone)
    conflicts = len(np.unique(both)) / look.labels.share - groups / look.hashes.share
    by_chance = expected_pairs(table, look.others)
    if rows and conflicts >= 1 and conflicts > CHANCE * by_chance and groups >= (1 - MOST_EQUAL) * rows:
        message = f"{round(conflicts):,} rows are equal to another one in all columns but the label {table.label!r}, and have another label."
        fix = f"Find which label is right; to keep the first: {proposed('drop_duplicates', by=look.others)}"
        yield Found(
            str(table.label), message, round(conflicts), 0, fix, {"rows": round(conflicts), "different_rows": groups}
        )
