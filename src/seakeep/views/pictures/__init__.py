"""Which pictures a report's table gets: chosen by the table's name, drawn from the columns it needs.

A table under a known name that lacks a column simply gets no picture: the table itself is always shown. To draw one more
table, write a function of its records and add it to its file's DRAWN under the table's name, with the columns that it reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.report import Report
from seakeep.views.pictures import drift, evaluation, monitoring, readiness, rollout
from seakeep.views.pictures.records import ROWS_DRAWN, Draw, Picture, is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.report import Table

__all__ = ["DRAWN", "NEEDED", "ROWS_DRAWN", "Picture", "is_whole", "pictures"]

DRAWN: Mapping[str, tuple[tuple[str, ...], Draw]] = {
    **evaluation.DRAWN,
    **drift.DRAWN,
    **monitoring.DRAWN,
    **rollout.DRAWN,
    **readiness.DRAWN,
}
NEEDED: Mapping[str, tuple[str, ...]] = {
    name: needed for name, (needed, _) in (*DRAWN.items(), *rollout.DRAWN_WITH_REPORT.items())
}
"""The columns that a table of this name must have to be drawn."""


def pictures(table: Table, *, report: Report | None = None) -> tuple[Picture, ...]:
    """The pictures of `table`; none where its name is not drawn or it lacks a column that the drawing needs.

    report: that the table is part of; a rollout's pictures draw its checks' limits.
    """
    if table.name not in NEEDED or not table.rows or not set(NEEDED[table.name]) <= set(table.columns):
        return ()
    if table.name in DRAWN:
        return tuple(DRAWN[table.name][1](table.records()))
    whole = report or Report("rollout", "", "", (), (table,))
    return tuple(rollout.DRAWN_WITH_REPORT[table.name][1](table.records(), whole))
