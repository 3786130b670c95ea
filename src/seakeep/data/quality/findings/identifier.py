"""Columns that name rows, among the features: a model learns them by heart and meets new ones ever after."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import proposed, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.statistics import ColumnStatistics
    from seakeep.data.quality.finding import Look, Table

MEANING = "No feature names single rows."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 100
KINDS = (Kind.STRING, Kind.INTEGER)
LEAST_SHARE, LONGEST = 0.95, 64
NAMES = {"id", "uuid", "guid", "key", "index", "idx", "pk", "rowid", "hash"}


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Texts or whole numbers that are different in nearly every row, and look like names or counters."""
    for name, column in table.features(Kind.STRING, Kind.INTEGER).items():
        share = column.distinct / column.present
        if (
            column.present < LEAST_ROWS
            or share < LEAST_SHARE
            or not (_prose(column) if column.kind is Kind.STRING else _counts(name, column))
        ):
            continue
        different = f"{'about ' if column.sketch else ''}{min(column.distinct, column.present):,}"
        message = (
            f"Column {name!r} is different in nearly every row ({different} of {column.present:,}), as identifiers are."
        )
        fix = f"Declare it as the key (key={name!r}) or leave it out of the features; {proposed('drop_columns', columns=[name])}"
        yield Found(
            name,
            message,
            min(share, 1.0),
            LEAST_SHARE,
            fix,
            {"distinct": column.distinct, "rows": column.rows, "examples": some(column.top.values)},
        )


def _prose(column: ColumnStatistics) -> bool:
    """Texts that are short, or have no spaces."""
    return column.lengths is not None and (
        (column.lengths.maximum or 0) <= LONGEST or not any(" " in str(text) for text in column.top.values[:50])
    )


def _counts(name: str, column: ColumnStatistics) -> bool:
    """Whole numbers without gaps, or named like identifiers."""
    dense = column.distinct >= 0.95 * ((column.maximum or 0) - (column.minimum or 0) + 1)
    words = set(re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()))
    return dense or bool(words & NAMES)
