"""Columns that another column gives: each of its values has one value here. They add nothing, and share importance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import MEASURED, numbers, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seakeep.data.quality.finding import Look, Table

MEANING = "No column is a function of another."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 50
MOST, EACH, FIRST, FEWEST_DIFFERENT, STRAIGHT = 5000, 5, 2000, 20, 0.999999


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns B with one value for every value of another column A that occurs EACH times on average; and numbers on a straight line of another's.

    Looked for in the sample, among columns of up to MOST different values.
    """
    names = [
        name for name, column in table.columns().items() if column.missing < column.rows / 2 and column.distinct > 1
    ]
    codes = {name: found for name in names if (found := _codes(table.sample, name)) is not None}
    sizes = {name: len(np.unique(found)) for name, found in codes.items()}
    ordered = sorted(codes, key=lambda name: (sizes[name], name))
    told: set[str] = set()
    for number, given in enumerate(ordered):
        by = next(
            (
                name
                for name in ordered[number + 1 :]
                if sizes[name] > sizes[given] and _function(codes[name], codes[given])
            ),
            None,
        )
        if by is not None and given != table.label:
            told.add(given)
            message = f"Column {given!r} is given by {by!r}: every value of it has one value there ({sizes[by]:,} to {sizes[given]:,} different values)."
            yield Found(
                given,
                message,
                sizes[given],
                sizes[by],
                proposed("drop_columns", columns=[given]),
                {"by": by, "rows": table.sample.height},
            )
    for one, other, slope in _lines(table, told):
        message = (
            f"Column {one!r} lies on a straight line of {other!r} ({one} = {slope[0]:.6g} · {other} + {slope[1]:.6g})."
        )
        yield Found(
            one,
            message,
            1.0,
            STRAIGHT,
            proposed("drop_columns", columns=[one]),
            {"by": other, "slope": slope[0], "offset": slope[1]},
        )


def _codes(rows: pl.DataFrame, name: str) -> NDArray[np.int64] | None:
    """A number for every value, missing one of them; None for a column of too many values to be a category."""
    values = rows[name]
    if values.dtype.is_nested() or values.dtype == pl.Binary:
        return None
    codes = values.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    return codes if int(codes.max()) < min(MOST, rows.height / EACH) else None


def _function(by: NDArray[np.int64], given: NDArray[np.int64]) -> bool:
    """Whether rows that agree in `by` agree in `given`; most pairs are told by their first rows."""
    for rows in (FIRST, len(by)):
        pairs = np.unique(by[:rows] * (int(given.max()) + 1) + given[:rows])
        if len(pairs) > len(np.unique(by[:rows])):
            return False
    return True


def _lines(table: Table, told: set[str]) -> Iterator[tuple[str, str, tuple[float, float]]]:
    names = [
        name
        for name, column in table.columns(*MEASURED).items()
        if column.distinct >= FEWEST_DIFFERENT and name not in told
    ]
    values = {name: numbers(table.sample, name) for name in names}
    for number, one in enumerate(names):
        for other in names[:number]:
            known = np.isfinite(values[one]) & np.isfinite(values[other])
            if known.sum() < EACH * 10 or known.sum() < 0.5 * len(known):
                continue
            x, y = values[other][known][:FIRST], values[one][known][:FIRST]
            if x.std() == 0 or y.std() == 0 or abs(np.corrcoef(x, y)[0, 1]) < STRAIGHT or np.array_equal(x, y):
                continue
            slope, offset = np.polyfit(values[other][known], values[one][known], 1)
            left = values[one][known] - slope * values[other][known] - offset
            if left.std() <= 1e-4 * y.std():
                yield one, other, (float(slope), float(offset))
                break
