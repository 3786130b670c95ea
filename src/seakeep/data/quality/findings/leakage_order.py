"""Rows, or keys, that are in the order of the label: the position alone tells the answer, and a split in order is no sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.quality.finding import ROW, Found
from seakeep.data.quality.predicting import groups_of, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "Neither the order of the rows nor the key tells the label."
COST = "rows"
NEEDS: tuple[str, ...] = ("label",)
LEAST_ROWS = 100
THRESHOLDS = {"AUC": 0.75, "errors avoided": 0.5, "variance explained": 0.6}


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """The row number and the key (a number, or a text in its own order) as the only feature."""
    goal = target(table)
    if goal is None:
        return
    for name, words in ((ROW, "The order of the rows"), (table.key, f"The key {table.key!r}")):
        if name is None or goal.rows[name].dtype.is_nested():
            continue
        values = goal.rows[name]
        ranks = (
            values if values.dtype.is_numeric() or values.dtype.is_temporal() else values.cast(pl.String).rank("dense")
        )
        groups = groups_of(ranks.alias("@order").to_frame(), "@order")
        score = goal.score(groups) if groups is not None else None
        if score is not None and score.low >= THRESHOLDS[score.measure]:
            message = f"{words} tells the label {table.label!r}: {score.measure} {score.value:.3f} ({score.low:.3f} to {score.high:.3f})."
            fix = "Look how the table was put together (one class after the other?); never take position or key as a feature, and split by hash of the key."
            subject = "table" if name == ROW else name
            yield Found(
                subject,
                message,
                score.value,
                THRESHOLDS[score.measure],
                fix,
                {"interval": [score.low, score.high], "rows": score.rows},
            )
