"""Columns that seem to be filled only after the label is known: in production they are empty when the prediction is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.data.quality.absence import absent
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.codec import Json
    from seakeep.data.quality.finding import Look, Table

MEANING = "No feature seems to be filled only after the label."
COST = "rows"
NEEDS: tuple[str, ...] = ("label",)
LEAST_ROWS = 50
FEWEST, MOST = 20, 0.95


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Features that are missing where the label is, and hardly ever elsewhere; and times later than the time column in nearly all rows."""
    rows = table.sample
    unlabelled = absent(rows, str(table.label))
    columns = table.features()
    if FEWEST <= unlabelled.sum() < len(unlabelled):
        for name in columns:
            missing = absent(rows, name)
            both, either = int((missing & unlabelled).sum()), int((missing | unlabelled).sum())
            if both >= MOST * either:
                message = f"Column {name!r} is missing in the rows without a label, and nearly nowhere else ({both:,} of {either:,}): it is filled with the label."
                yield _found(name, message, both / either, {"both_missing": both, "either_missing": either})
    if table.time is None or table.statistics[table.time].kind is not Kind.TIMESTAMP:
        return
    asked = numbers(rows, table.time)
    for name in (each for each, column in columns.items() if column.kind is Kind.TIMESTAMP):
        times = numbers(rows, name)
        known = np.isfinite(times) & np.isfinite(asked)
        later = float((times[known] > asked[known]).mean()) if known.any() else 0.0
        if later >= MOST and known.sum() >= FEWEST:
            message = f"Column {name!r} is later than {table.time!r} in {later:.1%} of the rows: an event after the prediction."
            yield _found(name, message, later, {"rows": int(known.sum()), "later": later})


def _found(name: str, message: str, share: float, evidence: dict[str, Json]) -> Found:
    fix = f"If it is not known when the prediction is asked for, say so: after=[{name!r}], or available: after in the contract."
    return Found(name, message, share, MOST, fix, evidence)
