"""Arrow IPC files as a Source: files with a footer are cut into ranges of rows; streams are read once and kept as Parquet.

Called by data.read for .arrow, .feather and .ipc, by whichever of the two formats a file's first bytes are. What is hard: a stream says
neither how many rows it has nor where they are, and one that was torn ends where a whole one might.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core.errors import MissingExtra
from seakeep.data.content import digest_of_files
from seakeep.data.errors import CannotRead
from seakeep.data.reading.landing import PIECE_ROWS, Landed, land

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from seakeep.data.reading.options import TextOptions

_FILE, _STREAM, _OLD = b"ARROW1", b"\xff\xff\xff\xff", b"FEA1"
_FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True, slots=True)
class ArrowFile:
    """One file. rows: that its footer counts. landed: a stream's rows; None for a file with a footer."""

    path: Path
    rows: int
    schema: pl.Schema = field(hash=False)
    landed: Landed | None = None

    def pieces(self) -> tuple[pl.LazyFrame, ...]:
        """Ranges of at most 2^19 rows; a file without rows is one empty piece."""
        if self.landed is not None:
            return self.landed.pieces()
        return tuple(_scanned(self.path).slice(start, PIECE_ROWS) for start in range(0, max(self.rows, 1), PIECE_ROWS))


@dataclass(frozen=True, slots=True)
class ArrowSource:
    """Arrow IPC files. called: what the user called them."""

    called: str
    parts: tuple[ArrowFile, ...]

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return self.called

    @property
    def schemas(self) -> Sequence[pl.Schema]:
        """The columns of every file."""
        return tuple(part.schema for part in self.parts)

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """Ranges of rows, file by file."""
        return tuple(piece for part in self.parts for piece in part.pieces())

    def files(self) -> Sequence[str]:
        """Absolute paths of the files, in order."""
        return tuple(str(part.path) for part in self.parts)

    def file_of(self, piece: int) -> str:
        """The file that a piece is of."""
        return [str(part.path) for part in self.parts for _ in part.pieces()][piece]

    def digest(self) -> str:
        """SHA-256 of the files' bytes in order."""
        return digest_of_files([part.path for part in self.parts])


def open_files(paths: Sequence[Path], *, called: str, options: TextOptions) -> ArrowSource:
    """A source of these files. Reads every footer, and every stream. Raises CannotRead, naming the file; MissingExtra."""
    options.refuse_for("Arrow IPC")
    return ArrowSource(called, tuple(_opened(path) for path in paths))


def _opened(path: Path) -> ArrowFile:
    try:
        facts = path.stat()
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise CannotRead.forbidden(path, error) from error
    if facts.st_size == 0:
        raise CannotRead.empty(path)
    if head.startswith(_OLD):
        raise CannotRead.old_feather(path)
    if head.startswith(_STREAM):
        landed = _landed(path, facts.st_size, facts.st_mtime_ns)
        return ArrowFile(path, 0, landed.schema, landed)
    if not head.startswith(_FILE):
        raise CannotRead.torn(path, "Arrow IPC", "its first bytes are not ARROW1")
    try:
        scanned = _scanned(path)
        return ArrowFile(path, int(scanned.select(pl.len()).collect().item()), scanned.collect_schema())
    except _FAILURES as error:
        raise CannotRead.torn(path, "Arrow IPC", str(error)) from error


def _scanned(path: Path) -> pl.LazyFrame:
    return pl.scan_ipc(path, glob=False)


@functools.lru_cache(maxsize=1000)
def _landed(path: Path, _size: int, _changed: int) -> Landed:
    arrow = _arrow()
    try:
        with path.open("rb") as file, arrow.ipc.open_stream(file) as stream:
            empty = _frame(stream.schema.empty_table())
            return land(_frames(arrow, stream), str(path), schema=empty.schema)
    except (*_FAILURES, EOFError, ValueError) as error:
        raise CannotRead.torn(path, "Arrow IPC stream", str(error)) from error


def _frames(arrow: Any, stream: Any) -> Iterator[pl.DataFrame]:
    for batch in stream:
        batch.validate(full=True)  # Polars trusts offsets, and would read beyond the buffers of a damaged stream
        yield _frame(arrow.Table.from_batches([batch]))


def _frame(table: Any) -> pl.DataFrame:
    """A table as a frame, its names checked first, since Polars would keep the last of two."""
    names = table.schema.names
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise CannotRead.duplicate_columns("an Arrow IPC stream", twice)
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _arrow() -> Any:
    try:
        import pyarrow as pa
        import pyarrow.ipc
    except ImportError as error:
        raise MissingExtra.of("pyarrow", "arrow", purpose="reading an Arrow IPC stream") from error
    return pa
