"""Which pictures a report's table gets: chosen by the table's name, drawn from the columns it needs.

A table under a known name that lacks a column simply gets no picture: the table itself is always shown. To draw one more
table, write a function of its records and add it to its file's DRAWN under the table's name, with the columns that it reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.views.pictures import drift, evaluation, monitoring, rollout
from seakeep.views.pictures.records import ROWS_DRAWN, Draw, Picture, is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.core.report import Table

__all__ = ["DRAWN", "ROWS_DRAWN", "Picture", "is_whole", "pictures"]

DRAWN: Mapping[str, tuple[tuple[str, ...], Draw]] = {
    **evaluation.DRAWN,
    **drift.DRAWN,
    **monitoring.DRAWN,
    **rollout.DRAWN,
}


def pictures(table: Table) -> tuple[Picture, ...]:
    """The pictures of `table`; none where its name is not drawn or it lacks a column that the drawing needs."""
    if table.name not in DRAWN or not table.rows:
        return ()
    needed, draw = DRAWN[table.name]
    return tuple(draw(table.records())) if set(needed) <= set(table.columns) else ()
