"""Another unit in part of a column: kilometres and metres, °C and °F, seconds and milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.data.quality.blocks import Order, jump, orders
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import MEASURED, numbers, proposed
from seakeep.data.quality.units import FEWEST, changed_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from seakeep.data.quality.finding import Look, Table

    Numbers = NDArray[np.float64]

MEANING = "No column changes its unit within the table."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 200
FEWEST_DIFFERENT, LEAST_RATIO = 20, 1.5


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Rows from one point on, or between two (in the table's order, and by time), or numbers beyond a gap, that are distributed as the
    others in another known unit (see `units`). Each part has 100 rows at least.

    Numbers mixed row by row are seen where the two units' ranges do not touch.
    """
    for name, column in table.columns(*MEASURED).items():
        if name in (table.key, table.label, table.time) or column.distinct < FEWEST_DIFFERENT:
            continue
        along = (found for order in orders(table) if (found := _along(name, order, table)) is not None)
        found = next(along, None) or _mixed(name, table)
        if found:
            yield found


def _along(name: str, order: Order, table: Table) -> Found | None:
    """A unit that changes along the rows: at the point that divides the ranks best, or between it and another one."""
    values = numbers(order.rows, name)
    known = np.flatnonzero(np.isfinite(values))
    values = values[known]
    if len(values) < 2 * FEWEST:
        return None
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(float)
    at = jump(ranks)
    left, right = jump(ranks[:at]), at + jump(ranks[at:])
    for start, end in ((at, len(values)), (at, right), (left, at)):
        others = np.concatenate([values[:start], values[end:]])
        place = order.place(int(known[start]), table)
        where = f"from about {place} on, in {(end - start) / len(values):.0%} of the rows,"
        found = _told(name, others, values[start:end], where, {"order": order.name, "at": place})
        if found:
            return found
    return None


def _mixed(name: str, table: Table) -> Found | None:
    """Two units side by side: the values on both sides of the widest gap, in ratios."""
    values = numbers(table.sample, name)
    sizes = np.sort(np.abs(values[np.isfinite(values) & (values != 0)]))
    if len(sizes) < 2 * FEWEST:
        return None
    inside = sizes[FEWEST // 2 : -(FEWEST // 2)]
    ratios = inside[1:] / inside[:-1]
    at = int(ratios.argmax())
    if ratios[at] < LEAST_RATIO:
        return None
    cut = float(inside[at])
    low, high = sizes[sizes <= cut], sizes[sizes > cut]
    few, many = (high, low) if len(high) <= len(low) else (low, high)
    side = "above" if few is high else "below"
    return _told(name, many, few, f"in {len(few) / len(sizes):.1%} of the rows, those {side} {cut:.4g},", {side: cut})


def _told(name: str, others: Numbers, part: Numbers, where: str, evidence: dict[str, Any]) -> Found | None:
    change = changed_unit(others, part)
    if change is None:
        return None
    back = {"factor": float(f"{1 / change.factor:.9g}"), "offset": float(f"{-change.offset / change.factor:.9g}")}
    condition = {side: evidence[side] for side in ("above", "below") if side in evidence}
    step = proposed("convert_units", columns=[name], **back, **condition)
    hint = "" if condition else ", with the rows in question (time or equals)"
    more = f" and {change.offset:+.4g}" if change.offset else ""
    message = (
        f"Column {name!r}: {where} values are {change.factor:.6g} times those of the others{more}: {change.words}."
    )
    told = {
        **evidence,
        "rows": len(part),
        "factor": change.factor,
        "apart": change.apart,
        "apart_converted": change.left,
    }
    return Found(name, message, change.factor, 1.0, f"Correct it upstream, or {step}{hint}", told)
