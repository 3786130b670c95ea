"""Latitudes beyond 90 and longitudes beyond 180 degrees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import MEASURED, Bulk, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "Every latitude and longitude is a place on earth."
COST = "statistics"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 1
LATITUDE, LONGITUDE, MOST = {"lat", "latitude"}, {"lon", "lng", "long", "longitude"}, 0.2


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns named like coordinates, most of whose values are, with values that cannot be."""
    for name, column in table.columns(*MEASURED).items():
        words = set(re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()))
        limit = 90.0 if words & LATITUDE else 180.0 if words & LONGITUDE else None
        if limit is None:
            continue
        bulk = Bulk(column)
        beyond = bulk.below(-limit) + bulk.above(limit)
        if 0 < beyond <= MOST * column.finite:
            message = f"Column {name!r}: {beyond:,} values lie beyond ±{limit:g} degrees ({column.minimum:g} to {column.maximum:g})."
            fix = f"Look whether latitude and longitude are exchanged; else {proposed('drop_outliers', columns=[name], least=-limit, most=limit)}"
            yield Found(name, message, column.maximum, limit, fix, {"rows": beyond, "least": column.minimum})
