"""Another unit in part of a column: kilometres and metres, °C and °F, seconds and milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from seakeep.data.quality.blocks import Order, orders
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import MEASURED, numbers, proposed
from seakeep.data.statistics.columns import column_statistics
from seakeep.data.validation.guesses import FEWEST_ROWS, unit_changed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seakeep.core.codec import Json
    from seakeep.data.quality.finding import Look, Table

MEANING = "No column changes its unit within the table."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 200
FEWEST, FEWEST_DIFFERENT, GAP, LEAST_RATIO = 5, 20, 0.4, 1.5

if TYPE_CHECKING:
    Numbers = NDArray[np.float64]


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Blocks of rows (in the table's order, and by time), or numbers beyond a gap, whose deciles are those of the others in another known unit.

    Source of the rule for deciles: data.validation.guesses.unit_changed. In blocks a change must hold for 1 in 40 of the rows and
    100 of them at least. Numbers mixed row by row are seen where the two units' ranges do not touch.
    """
    told: set[str] = set()
    for name, column in table.columns(*MEASURED).items():
        if name in (table.key, table.label) or column.distinct < FEWEST_DIFFERENT or name == table.time:
            continue
        for order in orders(table):
            found = None if name in told else _in_blocks(name, order, table)
            if found:
                told.add(name)
                yield found
        found = None if name in told else _mixed(name, table)
        if found:
            yield found


def _in_blocks(name: str, order: Order, table: Table) -> Found | None:
    """A unit that changes along the rows: blocks whose medians lie apart, without those at the edge between two."""
    values = numbers(order.rows, name)
    blocks = [part[np.isfinite(part)] for part in (values[each] for each in order.parts())]
    if any(len(part) < FEWEST for part in blocks):
        return None
    medians = np.array([np.median(part) for part in blocks])
    ordered = np.sort(medians)
    gaps = np.diff(ordered)
    if not gaps.any() or gaps.max() < GAP * (ordered[-1] - ordered[0]):
        return None
    high = medians > ordered[gaps.argmax()]
    inner = np.array([np.all(high[max(0, at - 1) : at + 2] == high[at]) for at in range(len(high))])
    inner = inner if (inner & high).any() and (inner & ~high).any() else np.ones(len(high), dtype=bool)
    few, many = (high, ~high) if high.sum() <= len(high) / 2 else (~high, high)
    parts = [
        np.concatenate([block for block, chosen in zip(blocks, side & inner, strict=True) if chosen])
        for side in (many, few)
    ]
    start = order.place(order.edges[int(np.flatnonzero(few)[0])], table)
    return _told(
        name,
        parts[0],
        parts[1],
        f"from about {start} on, in {few.mean():.0%} of the rows,",
        {"order": order.name, "at": start},
    )


def _mixed(name: str, table: Table) -> Found | None:
    """Two units side by side: the values on both sides of the widest gap, in ratios."""
    values = numbers(table.sample, name)
    sizes = np.sort(np.abs(values[np.isfinite(values) & (values != 0)]))
    if len(sizes) < 2 * FEWEST_ROWS:
        return None
    inside = sizes[FEWEST_ROWS // 2 : -(FEWEST_ROWS // 2)]
    ratios = inside[1:] / inside[:-1]
    at = int(ratios.argmax())
    if ratios[at] < LEAST_RATIO:
        return None
    cut = float(inside[at])
    low, high = sizes[sizes <= cut], sizes[sizes > cut]
    few, many = (high, low) if len(high) <= len(low) else (low, high)
    side = "above" if few is high else "below"
    return _told(name, many, few, f"in {len(few) / len(sizes):.1%} of the rows, those {side} {cut:.4g},", {side: cut})


def _told(name: str, before: Numbers, after: Numbers, where: str, evidence: dict[str, Json]) -> Found | None:
    known = [column_statistics(pl.Series(name, part)) for part in (before, after)]
    change = unit_changed(known[0], known[1])
    if change is None:
        return None
    factor, words = change
    offset = -32 / 1.8 if "became Fahrenheit" in words else 32.0 if "became Celsius" in words else 0.0
    condition = {side: evidence[side] for side in ("above", "below") if side in evidence}
    step = proposed("convert_units", columns=[name], factor=float(f"{1 / factor:.9g}"), offset=offset, **condition)
    hint = "" if condition else " with the rows in question (equals or time)"
    message = f"Column {name!r}: {where} values are {factor:.6g} times those of the others{' and more' if offset else ''}: {words}."
    return Found(
        name,
        message,
        factor,
        1.0,
        f"Correct it upstream, or {step}{hint}",
        {**evidence, "rows": len(after), "factor": factor},
    )
