"""A sample cut into blocks of equal size along an order: the table's own, or that of its time column.

Used by kinds that ask whether something holds in one part of a table only: another unit, no values, another clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import ROW
from seakeep.data.quality.telling import numbers, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from seakeep.data.quality.finding import Table

BLOCKS, FEWEST = 40, 20


@dataclass(frozen=True, slots=True)
class Order:
    """name: "row" or the time column. rows: the sample in this order. edges: where blocks begin, and the end."""

    name: str
    rows: pl.DataFrame
    edges: tuple[int, ...]

    def parts(self) -> Iterator[slice]:
        """The blocks."""
        return (slice(start, end) for start, end in zip(self.edges, self.edges[1:], strict=False))

    def wider(self, times: int) -> Order:
        """The same order in blocks of so many of these; what is left at the end belongs to the last."""
        inner = self.edges[:-1:times]
        whole = inner if (len(self.edges) - 1) % times == 0 or len(inner) < 2 else inner[:-1]
        return Order(self.name, self.rows, (*whole, self.edges[-1]))

    def rates(self, flags: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The share of true flags in every block."""
        return np.array([flags[part].mean() for part in self.parts()])

    def place(self, position: int, table: Table) -> str:
        """Where a position of the order lies, in words: "row 1,200", "2013-04-01T00:00:00Z"."""
        at = min(position, self.rows.height - 1)
        if self.name == ROW:
            return f"row {self.rows[ROW][at]:,}"
        return str(shown(float(numbers(self.rows, self.name)[at]), table.statistics[self.name]))


def orders(table: Table) -> Iterator[Order]:
    """The table's own order, and that of its time column where that differs."""
    rows = table.sample
    blocks = min(BLOCKS, rows.height // FEWEST)
    if blocks < 4:
        return
    edges = tuple(int(edge) for edge in np.linspace(0, rows.height, blocks + 1))
    time = table.time
    timed = time is not None and table.statistics[time].kind is Kind.TIMESTAMP
    if timed and time is not None and not rows[time].is_sorted():
        yield Order(time, rows.sort(time, nulls_last=True, maintain_order=True), edges)
    yield Order(ROW, rows, edges)


def jump(values: np.ndarray[Any, Any]) -> int:
    """The position that best divides numbers (or flags) in two parts of one mean each, by least squares; 0 for fewer than two."""
    size = len(values)
    if size < 2:
        return 0
    centred = values - values.mean()
    before, sizes = np.cumsum(centred)[:-1], np.arange(1, size)
    return int((before**2 * (1 / sizes + 1 / (size - sizes))).argmax()) + 1
