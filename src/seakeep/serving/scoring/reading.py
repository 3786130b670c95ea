"""Reading: a table's rows in chunks, unit by unit, without those of units that were written before.

Units are so many rows of the whole table, in its order, as engines cut it, so that a run is the same wherever it goes on. Pieces
of which nothing is wanted are not read where the file's own figures tell how many rows they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from seakeep.data.engines import NotVisible, known_counts
from seakeep.data.frames import fetch, flow, known_columns, schema_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from seakeep.core.dataset import Dataset


_RANGE_ROWS = 1 << 17
"""Measured: fewer take longer where row groups are large, more take memory."""


class Piece(NamedTuple):
    """Some rows of a unit. begin: number of the first in the table."""

    unit: int
    begin: int
    frame: pl.DataFrame


def chunks(
    dataset: Dataset, columns: Sequence[str] | None, *, unit_rows: int, chunk_rows: int, skip: Container[int] = ()
) -> Iterator[Piece]:
    """The rows, at most `chunk_rows` at a time and never of two units; none of the units in `skip`. A table without rows is one empty piece.

    Memory: some chunks. Raises: DataError, naming the file; NotVisible, where a file has other rows than it said.
    """
    kept: list[pl.DataFrame] = []
    at = height = 0  # the row after those in `kept`, and how many are there
    total = 0
    for number, lazy in enumerate(_pieces(dataset, columns)):
        count = lazy.rows
        if count is not None and not height and _all_skipped(at, count, unit_rows, skip):
            at += count
            total += count
            continue
        came = 0
        for frame in _frames(dataset, number, lazy, rows=chunk_rows):
            start = 0
            came += frame.height
            while start < frame.height:
                begin = at - height
                end = _end(begin, unit_rows, chunk_rows)
                taken = min(end - at, frame.height - start)
                kept.append(frame[start : start + taken])
                start, at, height = start + taken, at + taken, height + taken
                if at == end:
                    if begin // unit_rows not in skip:
                        yield Piece(begin // unit_rows, begin, pl.concat(kept))
                    kept, height = [], 0
        total += came
        if count not in (None, came):
            raise NotVisible.changed(dataset.description, came, count)
    if height and (at - height) // unit_rows not in skip:
        yield Piece((at - height) // unit_rows, at - height, pl.concat(kept))
    if not total and 0 not in skip:
        empty = schema_of(dataset).to_frame(eager=True)
        yield Piece(0, 0, empty if columns is None else empty.select(columns))


class _Piece(NamedTuple):
    piece: pl.LazyFrame
    rows: int | None


def _pieces(dataset: Dataset, columns: Sequence[str] | None) -> Iterator[_Piece]:
    """Each piece, let go once it was read, as it keeps the footer of its file; and how many rows it has, where that is known."""
    names = None if columns is None else known_columns(columns, dataset)
    counts = known_counts(dataset)
    waiting = list(reversed(dataset.pieces()))
    for number in range(len(waiting)):
        piece = waiting.pop()
        yield _Piece(piece if names is None else piece.select(names), None if counts is None else counts[number])


def _frames(dataset: Dataset, number: int, lazy: _Piece, *, rows: int) -> Iterator[pl.DataFrame]:
    """A piece bit by bit: by ranges of rows, where its rows are those of the file and are found without reading those before."""
    if lazy.rows is None:
        yield from flow(dataset, number, lazy.piece, rows=rows)
        return
    for begin in range(0, max(lazy.rows, 1), _RANGE_ROWS):
        yield fetch(dataset, number, lazy.piece.slice(begin, _RANGE_ROWS))


def _end(begin: int, unit_rows: int, chunk_rows: int) -> int:
    """Where the chunk ends that begins at a row."""
    unit = begin // unit_rows * unit_rows
    return min(unit + ((begin - unit) // chunk_rows + 1) * chunk_rows, unit + unit_rows)


def _all_skipped(begin: int, rows: int, unit_rows: int, skip: Container[int]) -> bool:
    """Whether nothing is wanted of these rows."""
    return all(unit in skip for unit in range(begin // unit_rows, (begin + max(rows, 1) - 1) // unit_rows + 1))
