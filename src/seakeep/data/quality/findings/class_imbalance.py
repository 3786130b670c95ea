"""A label of which one class is rare: accuracy says nothing, and few rows teach the rare class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "Every class of the label has at least 5 % of the rows."
COST = "statistics"
NEEDS: tuple[str, ...] = ("label",)
LEAST_ROWS = 50
MOST_CLASSES, LEAST_SHARE = 20, 0.05


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Labels of at most 20 classes with one below LEAST_SHARE."""
    column = table.statistics[str(table.label)]
    classes = column.top.as_dict()
    if not column.top.is_exact or not 2 <= len(classes) <= MOST_CLASSES or column.kind is Kind.NUMBER:
        return
    rarest, count = min(classes.items(), key=lambda item: (item[1], str(item[0])))
    share = count / column.present
    if share < LEAST_SHARE:
        message = (
            f"Class {rarest!r} of the label {table.label!r} has {count:,} of {column.present:,} rows ({share:.2%})."
        )
        fix = (
            "Judge by average_precision or log_loss instead of accuracy, and weigh classes in training (class_weight)."
        )
        shares = {str(name): int(number) for name, number in classes.items()}
        yield Found(str(table.label), message, share, LEAST_SHARE, fix, {"classes": shares})
