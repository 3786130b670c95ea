"""Rows of a dataset as Polars frames: all at once (collect), batch by batch (batches), or one piece (fetch).

Every room that needs rows gets them here, so that a file which turns out to be torn half-way is named in the same words
everywhere. What is hard: Polars says what is wrong but not always in which of a thousand files; only once something failed
are the pieces' files looked at one by one. A file damaged inside can make Polars panic, which is no Exception.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import DataError, UsageError
from seakeep.data.errors import BadStep, CannotRead
from seakeep.data.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seakeep.core.dataset import Dataset

FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def schema_of(dataset: Dataset) -> pl.Schema:
    """Column names and types of a dataset, after its steps; read from metadata. Raises DataError."""
    try:
        return dataset.pieces()[0].collect_schema()
    except FAILURES as error:
        raise _explained(dataset, 0, error) from error


def collect(dataset: Dataset, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """All rows in canonical order, in memory. Raises: DataError, naming the file; UsageError, for an unknown column."""
    return pl.concat(_pieces(dataset, columns), rechunk=True)


def batches(dataset: Dataset, *, rows: int = 65_536, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
    """The rows in canonical order, exactly `rows` at a time (fewer in the last batch); none for a table without rows.

    Memory: one piece and one batch. Raises: as `collect`; UsageError, if rows < 1.
    """
    if rows < 1:
        raise UsageError(f"rows must be at least 1, it is {rows}", fix="seakeep.data.batches(dataset, rows=65_536)")
    return _batches(_pieces(dataset, columns), rows)


def fetch(dataset: Dataset, number: int, piece: pl.LazyFrame, *, streaming: bool = False) -> pl.DataFrame:
    """The rows of piece `number` of a dataset, or of a query on it. Raises DataError, naming the file if one is torn.

    streaming: for a query that keeps few rows or columns: the piece itself is then never in memory as a whole.
    """
    try:
        return piece.collect(engine="streaming" if streaming else "auto")
    except DataError:
        raise
    except FAILURES as error:
        raise _explained(dataset, number, error) from error


def flow(dataset: Dataset, number: int, piece: pl.LazyFrame, *, rows: int = 65_536) -> Iterator[pl.DataFrame]:
    """The rows of piece `number` of a dataset in order, some `rows` at a time, so that the piece is never in memory as a whole.

    For steps that look at one row at a time: others may differ in the last bits from what `fetch` gives. Raises as `fetch`.
    """
    try:
        frames = iter(piece.collect_batches(chunk_size=rows, maintain_order=True))
        while (frame := next(frames, None)) is not None:
            yield frame
    except DataError:
        raise
    except FAILURES as error:
        raise _explained(dataset, number, error) from error


def known_columns(names: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """`names`, each checked to be a column of the dataset. Raises UsageError with the nearest name."""
    known = schema_of(dataset)
    for name in names:
        if name not in known:
            raise UsageError.unknown_name("column", name, known, where=dataset.description)
    return tuple(names)


def _pieces(dataset: Dataset, columns: Sequence[str] | None) -> Iterator[pl.DataFrame]:
    """Piece by piece; one that was read is let go, since it keeps the footer of its file."""
    names = None if columns is None else known_columns(columns, dataset)
    waiting = deque(dataset.pieces())
    for number in range(len(waiting)):
        piece = waiting.popleft()
        yield fetch(dataset, number, piece if names is None else piece.select(names))


def _batches(frames: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    kept: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        start = 0
        while frame.height - start >= rows - height:
            yield pl.concat([*kept, frame[start : start + rows - height]])
            start, kept, height = start + rows - height, [], 0
        if start < frame.height:
            kept.append(frame[start:])
            height += frame.height - start
    if kept:
        yield pl.concat(kept)


def _explained(dataset: Dataset, number: int, error: BaseException) -> DataError:
    """The error in our words: about the file if the bare piece cannot be read either, else about the steps."""
    source = dataset.source
    try:
        source.pieces()[number].collect()
    except FAILURES as raw:
        if isinstance(source, FileSource):
            path = Path(source.file_of(number))
            return CannotRead.torn(path, path.suffix.lstrip("."), str(raw))
        return CannotRead.failed(source.description, str(raw))
    return BadStep.wrong_type(dataset.description, str(error))
