"""The requests of one finished file, for sinks that take them one by one: in the order of time, going on where the last try stopped.

Shadows answered nobody, refused requests have no values, and labels are no requests: they are left out, as KServe's logger does.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import DataError
from seakeep.integrations._sinks.events import Exchange, Origin, exchanges
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.parts import described
from seakeep.prediction_log.tables import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.prediction_log.layout import Layout
    from seakeep.prediction_log.outbox import Parcel

BATCH = 100
"""Requests after which it is remembered how far a file has been sent."""


class Undescribed(DataError):
    """Nothing says how a file's rows are to be read."""

    @classmethod
    def of(cls, log: Layout, parcel: Parcel) -> Undescribed:
        path = log.description(parcel.release)
        return cls(
            f"{path} is missing or damaged, and {parcel.path.name} cannot be made requests without it",
            cause="It was removed, or a disk lost it. The server that serves the release writes it when it starts.",
            fix="Start a server with that release, or put the file back from a backup.",
            path=str(path),
        )


def batches(log: Layout, parcel: Parcel, origin: Origin) -> Iterator[list[Exchange]]:
    """The requests of a file that were not taken yet, so many together; whoever has sent a batch asks for the next. Raises Undescribed."""
    if parcel.is_labels:
        return
    header = next((one for digest, one in described(log).items() if digest.startswith(parcel.release)), None)
    if header is None:
        raise Undescribed.of(log, parcel)
    table = pl.scan_parquet(
        parcel.path, glob=False, hive_partitioning=False, schema=schema_of(header), missing_columns="insert"
    )
    answered = table.filter(pl.col(names.ROLE).is_in(names.ANSWERING)).collect()
    done = parcel.done
    left = islice(exchanges(answered, header, origin), done, None)
    while batch := list(islice(left, BATCH)):
        yield batch
        done += len(batch)
        parcel.mark(done)
