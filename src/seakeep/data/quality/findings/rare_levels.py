"""Levels of a category with a handful of rows: a typing error, a test account, or too few rows to learn from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import listed, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No category has levels with a handful of rows."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 1000
KINDS = (Kind.STRING,)
FEWEST, LEAST_SHARE, MOST_LEVELS = 10, 0.001, 200


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Levels with fewer than 10 rows and less than 0.1 % of them, in columns of at most 200 levels; some of them are not rare."""
    for name, column in table.features(Kind.STRING).items():
        levels = column.top.as_dict()
        limit = min(FEWEST, LEAST_SHARE * column.present)
        rare = {str(level): int(count) for level, count in levels.items() if count < limit}
        if not column.top.is_exact or len(levels) > MOST_LEVELS or not rare or len(rare) > len(levels) / 2:
            continue
        message = f"Column {name!r} has {len(rare):,} of {len(levels):,} levels with fewer than {math.ceil(limit)} rows: {listed(rare)}."
        fix = proposed("merge_levels", columns=[name], levels=sorted(rare), into="other")
        yield Found(name, message, min(rare.values()), math.ceil(limit), fix, {"levels": rare})
