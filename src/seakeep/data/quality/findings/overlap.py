"""Rows of the test set that are in the training set: the model is asked what it has been told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.data.frames import schema_of
from seakeep.data.quality.finding import Found
from seakeep.data.quality.findings.duplicate_rows import expected_pairs
from seakeep.data.quality.looking import Hashes, chosen, row_hashes
from seakeep.data.quality.telling import some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Part, Table

MEANING = "No row of the other table is in this one, beyond what chance gives."
COST = "both tables"
NEEDS: tuple[str, ...] = ("against",)
LEAST_ROWS = 2
CHANCE = 10.0


class _Look:
    def __init__(self, columns: list[str], types: dict[str, pl.DataType]) -> None:
        self.columns, self.types = columns, types
        self.test, self.training = Hashes(), Hashes()

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:
        """Remember the hashes of both tables, in the types of the first."""
        kept = rows.select(pl.col(name).cast(self.types[name], strict=False) for name in self.columns)
        (self.training if part == "table" else self.test).add(row_hashes(kept), first)


def look(table: Table) -> _Look | None:
    """Looks at the columns that both tables have, but for the key."""
    assert table.against is not None
    columns = [name for name in schema_of(table.against) if name in table.types and name != table.key]
    return _Look(columns, dict(table.types)) if columns else None


def find(table: Table, look: _Look | None) -> Iterator[Found]:
    """Rows of the other table that stand in this one."""
    if look is None:
        return
    count, share, examples = common(look.test, look.training)
    rows = expected_pairs(table, look.columns)
    chance = 2 * rows * len(look.test.sorted()[0]) / look.test.share / max(1, table.rows)
    if count and count > CHANCE * chance:
        message = f"{count:,} rows of the other table are in this one too, equal in {len(look.columns)} columns, for example its row {examples[0]:,}."
        fix = "Take them out of the test set, or split again by key (split(share=…) keeps the rows of a key together)."
        yield Found(
            "table", message, count, 0, fix, {"rows": count, "share_looked_at": share, "examples": some(examples)}
        )


def common(test: Hashes, training: Hashes) -> tuple[int, float, list[int]]:
    """How many rows of the test are in the training set, in which share of all hashes that was looked, and some of them."""
    share = min(test.share, training.share)
    theirs, rows = test.sorted()
    ours = training.sorted()[0]
    kept = chosen(theirs, share) if share < 1 else np.ones(len(theirs), dtype=bool)
    at = np.minimum(np.searchsorted(ours, theirs), max(0, len(ours) - 1))
    inside = kept & (ours[at] == theirs) if len(ours) else np.zeros(len(theirs), dtype=bool)
    return round(int(inside.sum()) / share), share, sorted(int(row) for row in rows[inside][:1000])[:5]
