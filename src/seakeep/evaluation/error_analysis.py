"""Error analysis: the slices in which most errors happen that would not at the overall rate. Called by `evaluate`.

Looks at every frequent value and range of every raw column and at all pairs of columns. A slice's excess is its errors less what its
rows would have at the overall rate: it grows with how bad and with how common a slice is, which is the order in which to work on
them. What is hard is that hundreds of slices are looked at: intervals are at the level divided by their number (Bonferroni), and a
cross is listed only if it says more than the slices it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Task
from seakeep.core.report import Table
from seakeep.evaluation.slices import JOINED
from seakeep.evidence.intervals import difference_of_rates, normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.evaluation.collect import Collected, Grouped
    from seakeep.evaluation.gates import Rules
    from seakeep.evaluation.parts import Limits

COLUMNS = ("slice", "rows", "errors", "error_rate", "excess", "low", "high")
MOST_COLUMNS = 12
MOST_GROUPS = 20
LISTED = 20
SAME = 0.9


@dataclass(frozen=True, slots=True)
class _Cell:
    """A slice's rows and the sums of its errors and of their squares."""

    name: str
    rows: int
    errors: float
    squares: float

    @property
    def rate(self) -> float:
        return self.errors / self.rows


def error_table(seen: Collected, *, rules: Rules) -> tuple[Table, ...]:
    """The table errors, largest excess first; nothing without rows, without errors or without finite scores."""
    sample = seen.sample
    if not sample.rows or not sample.is_finite:
        return ()
    is_rate = sample.task is not Task.REGRESSION
    errors = (~sample.right).astype(np.float64) if is_rate else np.abs(sample.errors)
    every = _Cell("all", sample.rows, float(errors.sum()), float(np.square(errors).sum()))
    cells, looked_at = _cells(seen, errors, rules)
    worst = sorted((c for c in cells if _excess(c, every) > 0), key=lambda c: (-_excess(c, every), c.name))[:LISTED]
    level = 1 - (1 - rules.level) / max(1, looked_at)
    rows = tuple(
        (c.name, c.rows, c.errors, c.rate, _excess(c, every), *_limits(c, every, level=level, is_rate=is_rate))
        for c in worst
    )
    what = "Errors are wrong decisions" if is_rate else "Errors are absolute errors, their rate the mean"
    note = (
        f"{what}; overall rate {every.rate:.4g}. {looked_at:,} slices were looked at, and the intervals allow for that."
    )
    unseen = len(seen.groups) - MOST_COLUMNS
    note += f" {unseen} columns after the first {MOST_COLUMNS} were not." if unseen > 0 else ""
    return (Table("errors", "Where the errors are", COLUMNS, rows, note),)


def _cells(seen: Collected, errors: NDArray[np.float64], rules: Rules) -> tuple[list[_Cell], int]:
    """The slices worth listing, and the number of all that were looked at."""
    columns = [_compact(group) for group in list(seen.groups.values())[:MOST_COLUMNS]]
    alone = [_summed(column.codes, column.names, errors, rules) for column in columns]
    found = [cell for cells in alone for cell in cells.values()]
    looked_at = len(found)
    for (i, first), (j, second) in combinations(enumerate(columns), 2):
        names = [f"{a}{JOINED}{b}" for a in first.names for b in second.names]
        codes = np.where((first.codes < 0) | (second.codes < 0), -1, first.codes * len(second.names) + second.codes)
        crossed = _summed(codes, names, errors, rules)
        looked_at += len(crossed)
        for place, cell in crossed.items():
            own, other = divmod(place, len(second.names))
            if _says_more(cell, alone[i].get(own), alone[j].get(other)):
                found.append(cell)
    return found, looked_at


def _compact(group: Grouped) -> Grouped:
    """The column with its MOST_GROUPS most frequent groups numbered from 0, the others -1."""
    counts = np.bincount(group.codes, minlength=len(group.names))
    kept = np.argsort(-counts, kind="stable")[:MOST_GROUPS]
    kept = kept[counts[kept] > 0]
    places = np.full(len(group.names), -1, np.int32)
    places[kept] = np.arange(len(kept))
    return replace(group, codes=places[group.codes], names=tuple(group.names[i] for i in kept))


def _summed(
    codes: NDArray[np.int32], names: Sequence[str], errors: NDArray[np.float64], rules: Rules
) -> dict[int, _Cell]:
    """Every group large enough that is not the whole table, by number."""
    size = len(names) + 1
    counts = np.bincount(codes + 1, minlength=size)
    sums = np.bincount(codes + 1, weights=errors, minlength=size)
    squares = np.bincount(codes + 1, weights=errors**2, minlength=size)
    large = np.flatnonzero((counts >= max(1, rules.min_rows)) & (counts < len(codes)))
    return {
        place - 1: _Cell(names[place - 1], int(counts[place]), float(sums[place]), float(squares[place]))
        for place in large.tolist()
        if place
    }


def _says_more(cell: _Cell, *parents: _Cell | None) -> bool:
    """Whether a cross is worse than both slices it is made of, and is not nearly one of them."""
    return all(p is not None and cell.rate > p.rate and cell.rows <= SAME * p.rows for p in parents)


def _excess(cell: _Cell, every: _Cell) -> float:
    return cell.errors - cell.rows * every.rate


def _limits(cell: _Cell, every: _Cell, *, level: float, is_rate: bool) -> Limits:
    """Limits of the excess, from the difference between the slice and the rest: excess = rows · share of the rest · difference."""
    rest = _Cell("rest", every.rows - cell.rows, every.errors - cell.errors, every.squares - cell.squares)
    scale = cell.rows * rest.rows / every.rows
    if is_rate:
        low, high = difference_of_rates(cell.errors, cell.rows, rest.errors, rest.rows, level=level)
    else:
        low, high = normal(cell.rate - rest.rate, np.sqrt(_variance(cell) + _variance(rest)), level=level)
    return float(low) * scale, float(high) * scale


def _variance(cell: _Cell) -> float:
    """Of the mean error of the cell's rows."""
    return max(0.0, cell.squares / cell.rows - cell.rate**2) / max(1, cell.rows - 1)
