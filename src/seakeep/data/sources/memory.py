"""Tables in memory as a Source: Polars frames, lazy or not; Arrow and pandas tables become Polars frames first.

Called by data.read. A lazy frame is cut by row numbers, so its rows must come in a fixed order.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core.errors import MissingExtra
from seakeep.data.content import digest_of_frames
from seakeep.data.errors import CannotRead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PIECE_ROWS = 1 << 19


def open_table(data: object) -> MemorySource:
    """A source of a Polars, Arrow or pandas table. Raises CannotRead, MissingExtra."""
    return MemorySource.of(_as_polars(data))


@dataclass(frozen=True, slots=True, eq=False)
class MemorySource:
    """A table in memory. rows: of the whole table."""

    table: pl.LazyFrame
    rows: int

    @classmethod
    def of(cls, frame: pl.DataFrame | pl.LazyFrame) -> MemorySource:
        """A source of this frame's rows; a lazy frame is counted, which may mean to run it once."""
        if isinstance(frame, pl.DataFrame):
            return cls(frame.lazy(), frame.height)
        return cls(frame, int(frame.select(pl.len()).collect().item()))

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return f"a table in memory ({self.rows:,} rows, {len(self.table.collect_schema())} columns)"

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """Ranges of rows in order; one empty piece for a table without rows."""
        return tuple(self.table.slice(start, PIECE_ROWS) for start in range(0, max(self.rows, 1), PIECE_ROWS))

    def files(self) -> Sequence[str]:
        """None: there is no file."""
        return ()

    def digest(self) -> str:
        """SHA-256 of names, types and values in order, whatever the chunks."""
        return digest_of_frames(piece.collect() for piece in self.pieces())


def _as_polars(data: object) -> pl.DataFrame | pl.LazyFrame:
    if isinstance(data, pl.DataFrame | pl.LazyFrame):
        return data
    library = type(data).__module__.partition(".")[0]
    if library == "pandas":
        return _from_pandas(data)
    if library == "pyarrow":
        return _from_arrow(data)
    raise CannotRead.unknown_object(data)


def _from_pandas(data: Any) -> pl.DataFrame:
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtra.of("pyarrow", "pandas", purpose="reading a pandas frame")
    _check_different([str(name) for name in data.columns])
    return _converted(lambda: pl.from_pandas(data))


def _from_arrow(data: Any) -> pl.DataFrame:
    if type(data).__name__ not in ("Table", "RecordBatch"):
        raise CannotRead.unknown_object(data)
    _check_different(data.schema.names)
    return _converted(lambda: pl.from_arrow(data))


def _converted(convert: Callable[[], pl.DataFrame | pl.Series]) -> pl.DataFrame:
    try:
        frame = convert()
    except (pl.exceptions.PolarsError, TypeError, ValueError, ImportError, ArithmeticError) as error:
        raise CannotRead.not_convertible(str(error)) from error
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _check_different(names: Sequence[str]) -> None:
    twice = [name for name in dict.fromkeys(names) if list(names).count(name) > 1]
    if twice:
        raise CannotRead.duplicate_columns("a table in memory", twice)
