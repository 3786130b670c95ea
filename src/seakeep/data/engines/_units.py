"""A table cut into units: the same rows in the same units on any engine, which is what makes answers equal to the bit.

A unit is so many rows of the whole table, in canonical order and after its steps, as `batches` gives them; it may span files.
To find one without reading those before it, every piece's rows are counted first: from the footers where that is enough, by
the workers where the table is text or filtered.
"""

from __future__ import annotations

import io
from itertools import accumulate
from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.engines._job import Unit
from seakeep.data.frames import fetch
from seakeep.data.sources.parquet import ParquetSource
from seakeep.data.steps import Derived, Dropped, Ordered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seakeep.core.dataset import Dataset

_KEEP_ROWS = (Derived, Dropped, Ordered)


def known_counts(dataset: Dataset) -> tuple[int, ...] | None:
    """Rows of every piece, where metadata tell; None where rows must be read for it."""
    if not isinstance(dataset.source, ParquetSource) or not all(isinstance(step, _KEEP_ROWS) for step in dataset.steps):
        return None
    pieces = dataset.source.pieces()
    return tuple(fetch(dataset, number, piece.select(pl.len())).item() for number, piece in enumerate(pieces))


def units_of(counts: Sequence[int], rows: int) -> Iterator[Unit]:
    """Units of exactly `rows` rows (fewer in the last), from the rows of every piece; one empty unit for no rows.

    >>> [unit.ranges for unit in units_of([3, 2], 4)]
    [((0, 0, 3), (1, 0, 1)), ((1, 1, 1),)]
    """
    ends = list(accumulate(counts))
    total, piece = (ends[-1] if ends else 0), 0
    for number, begin in enumerate(range(0, max(total, 1), rows)):
        end, ranges, at = min(begin + rows, total), [], begin
        while at < end:
            while ends[piece] <= at:
                piece += 1
            taken = min(end, ends[piece]) - at
            ranges.append((piece, at - (ends[piece] - counts[piece]), taken))
            at += taken
        yield Unit(number, begin, end - begin, tuple(ranges) or ((0, 0, 0),))


def packed(frame: pl.DataFrame) -> bytes:
    """A frame in Arrow's IPC format."""
    file = io.BytesIO()
    frame.write_ipc(file, compression="lz4")
    return file.getvalue()


def unpacked(content: bytes) -> pl.DataFrame:
    """The frame that `packed` wrote."""
    return pl.read_ipc(io.BytesIO(content))
