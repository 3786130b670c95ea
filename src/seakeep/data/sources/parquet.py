"""Parquet files as a Source: files in name order, each cut into ranges of rows.

Called by data.read for paths that end in .parquet. What is hard: a file among thousands may be torn or of another make, and
must be named before any work is done; footers tell, so every footer is read once, on opening.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from seakeep.data.content import digest_of_files
from seakeep.data.errors import CannotRead

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seakeep.data.reading.options import TextOptions

PIECE_ROWS = 1 << 19
_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_SMALLEST = 12
_MOST_ROWS = 1 << 40


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """Parquet files. called: what the user called them. paths: absolute, in order. rows, schemas: of each file."""

    COLUMNS_APART: ClassVar[bool] = True
    called: str
    paths: tuple[Path, ...]
    rows: tuple[int, ...]
    schemas: tuple[pl.Schema, ...] = field(hash=False)

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return self.called

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """Ranges of at most 2^19 rows, file by file; a file without rows is one empty piece.

        The ranges of one file share one scan, which reads the footer once: one read for each would take time and memory
        that grow with the square of the rows.
        """
        scans = {path: pl.scan_parquet(path, glob=False) for path in self.paths}
        return tuple(scans[path].slice(start, PIECE_ROWS) for path, start in self._ranges())

    def files(self) -> Sequence[str]:
        """Absolute paths of the files, one for each, in order."""
        return tuple(map(str, self.paths))

    def file_of(self, piece: int) -> str:
        """The file that a piece is of."""
        return str(self._ranges()[piece][0])

    def digest(self) -> str:
        """SHA-256 of the files' bytes in order."""
        return digest_of_files(self.paths)

    def _ranges(self) -> list[tuple[Path, int]]:
        """The file of every piece, and its first row there."""
        sized = zip(self.paths, self.rows, strict=True)
        return [(path, start) for path, rows in sized for start in range(0, max(rows, 1), PIECE_ROWS)]


def open_files(paths: Sequence[Path], *, called: str, options: TextOptions) -> ParquetSource:
    """A source of these files. Reads every footer. Raises CannotRead, naming the file."""
    options.refuse_for("Parquet")
    footers = [_footer(path) for path in paths]
    return ParquetSource(
        called, tuple(paths), tuple(rows for rows, _ in footers), tuple(schema for _, schema in footers)
    )


def _footer(path: Path) -> tuple[int, pl.Schema]:
    """Rows and columns that a file's footer claims."""
    _check_marks(path)
    try:
        scanned = pl.scan_parquet(path, glob=False)
        return _believable(path, int(scanned.select(pl.len()).collect().item())), scanned.collect_schema()
    except pl.exceptions.DuplicateError as error:
        raise CannotRead.duplicate_columns(str(path), [str(error).partition("'")[2].rpartition("'")[0]]) from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise CannotRead.torn(path, "parquet", str(error)) from error


def _believable(path: Path, rows: int) -> int:
    """Raise CannotRead for more rows than any file has; cutting them into pieces would take all memory."""
    if rows > _MOST_ROWS:
        raise CannotRead.torn(path, "parquet", f"its footer claims {rows:,} rows")
    return rows


def _check_marks(path: Path) -> None:
    """Raise CannotRead, if the file does not begin and end as Parquet does."""
    try:
        with path.open("rb") as file:
            head, size = file.read(4), file.seek(0, 2)
            file.seek(max(size - 4, 0))
            tail = file.read(4)
    except OSError as error:
        raise CannotRead.forbidden(path, error) from error
    if size == 0:
        raise CannotRead.empty(path)
    if _ENCRYPTED in (head, tail):
        raise CannotRead.encrypted(path)
    if size < _SMALLEST or head != _MAGIC or tail != _MAGIC:
        raise CannotRead.torn(path, "parquet", f"{size:,} bytes without the mark PAR1 at both ends")
