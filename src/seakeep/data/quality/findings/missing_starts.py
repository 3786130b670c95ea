"""Values that begin or stop to be there at one point: a sensor switched off, a field dropped from a form, a new source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.quality.absence import absent
from seakeep.data.quality.blocks import jump, orders
from seakeep.data.quality.finding import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No column begins or stops to have values at one point."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 80
LEAST, FEWEST = 0.5, 20


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns whose missing rate jumps by LEAST at least between the parts before and after one point, and is steady on both sides."""
    for order in orders(table):
        for name in table.columns():
            missing = absent(order.rows, name)
            if name == order.name or not 0 < missing.mean() < 1:
                continue
            at = jump(missing)
            before, after = (float(part.mean()) if len(part) else 0.0 for part in (missing[:at], missing[at:]))
            if abs(after - before) < LEAST or min(at, len(missing) - at) < FEWEST:
                continue
            word = "has hardly any value" if after > before else "begins to have values"
            message = f"Column {name!r} {word} from {order.place(at, table)} on: {before:.0%} missing before, {after:.0%} after."
            fix = "Find what changed there; train on rows of one side, or leave the column out."
            evidence = {"order": order.name, "at": order.place(at, table), "before": before, "after": after}
            yield Found(name, message, abs(after - before), LEAST, fix, evidence)
        return
