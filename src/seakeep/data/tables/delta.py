"""Delta Lake: a table's folder, `delta://folder?version=3` or `…?at=2013-11-04T12:00:00Z`, by the library deltalake; or `delta+s3://bucket/folder`.

The library reads the log; the files of the version are read by Polars, a piece some 2^19 rows of one file, so that what asks for few columns or rows reads
only these. Rows come by partition, then in the order in which files were added; deleted rows are left out, columns that came later
are missing in older files. What is hard: a feature that changes what files mean (column mapping, say) must be refused, not passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core.addresses import scheme
from seakeep.core.errors import MissingExtra
from seakeep.data.content import digest_of_frames
from seakeep.data.errors import BadSnapshot, CannotRead
from seakeep.data.tables._delta_buckets import Objects, objects_of, storage_options
from seakeep.data.tables._versions import asked_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

PIECE_ROWS = 1 << 19
_KNOWN = ("deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck")
_MAPPED = "delta.columnMapping.mode"
_ROW = "@row"
_CASTS = pl.ScanCastOptions(
    integer_cast="upcast",
    float_cast="upcast",
    datetime_cast=["nanosecond-downcast", "convert-timezone"],
    missing_struct_fields="insert",
    extra_struct_fields="ignore",
)
"""What a column may have been before the table's schema changed."""


@dataclass(frozen=True, slots=True)
class DeltaFile:
    """One file of a version. rows: in it, deleted ones too. partition: values that its folder stands for. deleted: numbers of rows.

    address: where it is; its path, but for a copy from a bucket.
    """

    path: Path
    rows: int
    partition: Mapping[str, object] = field(hash=False)
    deleted: pl.Series | None = field(default=None, hash=False)
    address: str = ""


@dataclass(frozen=True, slots=True)
class DeltaSource:
    """A version of a table. called: what the user called it. log: the entry that made the version, where it is a file."""

    called: str
    version: int
    parts: tuple[DeltaFile, ...]
    log: tuple[str, ...]
    schema: pl.Schema = field(hash=False)

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return f"{self.called} (version {self.version})"

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """Ranges of rows, file by file; one empty piece for a table without files."""
        found = [self._piece(part, start) for part in self.parts for start in range(0, max(part.rows, 1), PIECE_ROWS)]
        return tuple(found) or (pl.LazyFrame(schema=self.schema),)

    def files(self) -> Sequence[str]:
        """Absolute paths or addresses of the files, in order, and of the log's entry: a version that comes is seen beside it."""
        return (*(part.address or str(part.path) for part in self.parts), *self.log)

    def digest(self) -> str:
        """SHA-256 of names, types and values of the rows in order: a copy elsewhere, and a version that changed no row or order, have the same."""
        return digest_of_frames(piece.collect() for piece in self.pieces())

    def _piece(self, part: DeltaFile, start: int) -> pl.LazyFrame:
        inside = pl.Schema({name: dtype for name, dtype in self.schema.items() if name not in part.partition})
        rows = pl.scan_parquet(
            part.path,
            glob=False,
            schema=inside,
            missing_columns="insert",
            extra_columns="ignore",
            hive_partitioning=False,
            cast_options=_CASTS,
        )
        if part.deleted is not None:
            rows = rows.with_row_index(_ROW)
        rows = rows.slice(start, PIECE_ROWS)
        if part.deleted is not None:
            rows = rows.filter(pl.col(_ROW).is_in(part.deleted.implode()).not_()).drop(_ROW)
        values = [
            pl.lit(part.partition[name]).cast(self.schema[name]).alias(name) if name in part.partition else pl.col(name)
            for name in self.schema
        ]
        return rows.select(values)


def open_table(address: str, *, query: str | None = None, version: int | str | datetime | None = None) -> DeltaSource:
    """A version of a table, the newest by default. Raises BadSnapshot, CannotRead, UsageError, MissingExtra."""
    if query is not None:
        raise BadSnapshot.no_query(address)
    library = _library()
    asked = asked_of(address, version, word="version")
    bucket = objects_of(asked.place, address) if scheme(asked.place) else None
    folder = Path(asked.place).expanduser().absolute()
    if bucket is None and not (folder / "_delta_log").is_dir():
        raise BadSnapshot.absent(address, "Delta", "the folder has no _delta_log")
    try:
        place = bucket.place if bucket else str(folder)
        table = library.DeltaTable(place, storage_options=storage_options(place))
    except (library.exceptions.DeltaError, OSError, ValueError) as error:
        raise BadSnapshot.absent(address, "Delta", str(error)) from error
    _travel(library, table, address, asked.number, asked.at)
    _check_features(table, address)
    log = (bucket.newest(table.version()),) if bucket else _log(table, folder)
    return DeltaSource(
        address, table.version(), _files(table, bucket or folder, address), log, pl.Schema(table.schema())
    )


def _travel(library: Any, table: Any, address: str, number: int | None, at: datetime | None) -> None:
    """Go to the version that was asked for. Raises BadSnapshot, where it is not there, or is after the newest."""
    wanted = number if number is not None else at
    if wanted is None:
        return
    newest = table.version()
    known = [str(each) for each in range(newest + 1)]
    if number is not None and number > newest:
        raise BadSnapshot.no_version(address, number, known)
    try:
        table.load_as_version(wanted)
    except (library.exceptions.DeltaError, OSError, ValueError) as error:
        raise BadSnapshot.no_version(address, wanted, known) from error


def _check_features(table: Any, address: str) -> None:
    """Raise BadSnapshot for what changes the meaning of files and is not known here."""
    unknown = sorted(set(table.protocol().reader_features or ()) - set(_KNOWN))
    mapping = table.metadata().configuration.get(_MAPPED, "none")
    if mapping != "none" and "columnMapping" not in unknown:
        unknown.append(f"column mapping by {mapping}")
    if unknown:
        raise BadSnapshot.features(address, unknown)


def _files(table: Any, folder: Path | Objects, address: str) -> tuple[DeltaFile, ...]:
    """The version's files by partition, then in the order in which they were added. Those in a bucket are fetched."""
    actions = pl.DataFrame(table.get_add_actions(flatten=True))
    columns = list(table.metadata().partition_columns)
    deleted = _deleted(table)
    found = []
    for row in actions.to_dicts():
        path, place = _found(folder, _unquoted(row["path"]), address)
        partition = {name: row[f"partition.{name}"] for name in columns}
        order = (
            [(value is not None, str(value)) for value in partition.values()],
            row["modification_time"],
            row["size_bytes"],
            row["path"],
        )
        gone = deleted.get(place.removeprefix("file://"))
        found.append((order, DeltaFile(path, _rows(path, row["num_records"]), partition, gone, place)))
    return tuple(file for _, file in sorted(found, key=lambda each: each[0]))


def _found(folder: Path | Objects, name: str, address: str) -> tuple[Path, str]:
    """A data file on this machine, and where it is of. Raises BadSnapshot, where it is gone; as Objects.file."""
    if isinstance(folder, Objects):
        return folder.file(name, address), f"{folder.place}/{name}"
    path = folder / name
    if not path.is_file():
        raise BadSnapshot.lost_file(address, str(path))
    return path, str(path)


def _rows(path: Path, told: int | None) -> int:
    if told is not None:
        return told
    try:
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CannotRead.torn(path, "parquet", str(error)) from error


def _deleted(table: Any) -> dict[str, pl.Series]:
    """Numbers of deleted rows by file, of those that have any."""
    if "deletionVectors" not in (table.protocol().reader_features or ()):
        return {}
    found = pl.DataFrame(table.deletion_vectors())
    return {
        _unquoted(path.removeprefix("file://")): pl.Series(kept).not_().arg_true().cast(pl.get_index_type())
        for path, kept in found.select("filepath", "selection_vector").iter_rows()
    }


def _unquoted(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)


def _log(table: Any, folder: Path) -> tuple[str, ...]:
    entry = folder / "_delta_log" / f"{table.version():020}.json"
    return (str(entry),) if entry.exists() else ()


def _library() -> Any:
    try:
        import deltalake
        import deltalake.exceptions
    except ImportError as error:
        raise MissingExtra.of("deltalake", "delta", purpose="reading a table of Delta Lake") from error
    return deltalake
