"""Categories of very many values: one-hot features explode, and most values are seen too seldom to teach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No category has very many values."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 100
KINDS = (Kind.STRING,)
MANY, SOME, FEWEST_EACH = 1000, 50, 10


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Texts with over 1,000 different values, or over 50 with fewer than 10 rows each, that are no identifiers."""
    for name, column in table.features(Kind.STRING).items():
        distinct = column.distinct
        each = column.present / max(1, distinct)
        if distinct >= 0.95 * column.present or not (distinct > MANY or (distinct > SOME and each < FEWEST_EACH)):
            continue
        message = f"Column {name!r} has {distinct:,} different values, {each:.1f} rows each on average."
        fix = f"Declare it as category({name!r}).hash(256), or with one_hot(min_count=50), which joins the rare ones."
        yield Found(name, message, distinct, MANY, fix, {"rows_each": each, "examples": some(column.top.values)})
