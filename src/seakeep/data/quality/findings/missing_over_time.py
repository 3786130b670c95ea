"""Missing values that come and go with time: a source that fails by the week, a form that changed step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.data.quality.absence import absent
from seakeep.data.quality.blocks import jump, orders
from seakeep.data.quality.finding import ROW, Found
from seakeep.data.quality.findings.missing_starts import LEAST as JUMP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "Values are missing alike all along the table."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 80
LEAST = 0.1


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns whose missing rate differs between blocks by LEAST at least (10th to 90th percentile), five times beyond chance.

    A single jump is told by `missing_starts`.
    """
    for order in orders(table):
        for name in table.columns():
            missing = absent(order.rows, name)
            overall = float(missing.mean())
            if name == order.name or not 0 < overall < 1:
                continue
            rates = order.rates(missing)
            low, high = np.quantile(rates, [0.1, 0.9])
            chance = 2.6 * float(np.sqrt(overall * (1 - overall) * len(rates) / len(missing)))
            at = jump(missing)
            if high - low < max(LEAST, 2 * chance) or abs(missing[:at].mean() - missing[at:].mean()) >= JUMP:
                continue
            message = f"Column {name!r} is missing in {low:.1%} to {high:.1%} of the rows, depending on {'the row' if order.name == ROW else order.name}."
            fix = f"Find what fills it; if it stays, keep the fact as a feature: number({name!r}).missing_flag()."
            yield Found(
                name,
                message,
                float(high - low),
                LEAST,
                fix,
                {"order": order.name, "rates": [round(float(rate), 4) for rate in rates]},
            )
        return
