"""Iceberg: a table's folder or metadata file, or `iceberg://catalog/namespace.table`, by the library pyiceberg.

A catalog is one that pyiceberg knows by its own configuration (`~/.pyiceberg.yaml`, or `PYICEBERG_CATALOG__<NAME>__URI` in the environment), where its secrets stay. Snapshots are
chosen by `?snapshot=<id>` or `?at=<time>`. Rows come file by file in the order of the snapshot's manifests, a piece a file, read batch by batch; deletes and
changed columns are applied as the format says; columns that nobody asks for are not read, nor are files and row groups that the table's own figures say hold no
row of a filter. What is hard: a folder does not say which of its metadata files is the newest, so their numbers do, as long as no two are alike.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from seakeep.core.addresses import scheme
from seakeep.core.errors import MissingExtra
from seakeep.data.content import digest_of_frames
from seakeep.data.errors import BadSnapshot, CannotRead
from seakeep.data.reading.scanning import scan
from seakeep.data.tables._pushed import pushed
from seakeep.data.tables._versions import asked_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

_NUMBER = re.compile(r"^v?([0-9]+)")
_PLANS = 16


@dataclass(frozen=True, slots=True, eq=False)
class IcebergSource:
    """A snapshot of a table. called: what the user called it. snapshot: its number; None for a table without any. tasks: pyiceberg's, a file each."""

    called: str
    snapshot: int | None
    table: Any = field(repr=False)
    tasks: tuple[Any, ...] = field(repr=False)
    schema: pl.Schema
    plans: OrderedDict[str, tuple[Any, frozenset[str]]] = field(default_factory=OrderedDict, repr=False)
    """Filters that were asked before: pyiceberg's like, and the files that may hold such rows."""

    @property
    def description(self) -> str:
        """What to call this table in messages."""
        return f"{self.called} ({'no snapshot' if self.snapshot is None else f'snapshot {self.snapshot}'})"

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """A data file each, without the rows that are deleted; one empty piece for a table without files."""
        return tuple(map(self._piece, self.tasks)) or (pl.LazyFrame(schema=self.schema),)

    def files(self) -> Sequence[str]:
        """Data files and the metadata file, absolute, where they are on this machine: a snapshot that comes is seen beside the latter."""
        places = [*(task.file.file_path for task in self.tasks), self.table.metadata_location]
        return tuple(path for path in map(_path, places) if path)

    def digest(self) -> str:
        """SHA-256 of names, types and values of the rows in order: a copy elsewhere, and a snapshot that changed no row, have the same."""
        return digest_of_frames(piece.collect() for piece in self.pieces())

    def _piece(self, task: Any) -> pl.LazyFrame:
        return scan(
            lambda columns: _frames(self, task, columns),
            self.schema,
            filtered=lambda columns, predicate: _filtered(self, task, columns, predicate),
        )


def _filtered(source: IcebergSource, task: Any, columns: Sequence[str], predicate: pl.Expr) -> Iterator[pl.DataFrame]:
    """Columns of the rows of a data file that may pass a filter: none, unread, where the table knows that no row does."""
    row_filter, files = _plan(source, predicate)
    if row_filter is None:
        return _frames(source, task, columns)
    if task.file.file_path not in files:
        return iter([pl.DataFrame(schema={name: source.schema[name] for name in columns})])
    return _frames(source, task, columns, row_filter=row_filter)


def _plan(source: IcebergSource, predicate: pl.Expr) -> tuple[Any | None, frozenset[str]]:
    """What of a filter is pushed, and the files that may hold its rows; asked once for all pieces of a query."""
    row_filter = pushed(predicate, source.table, source.snapshot)
    if row_filter is None:
        return None, frozenset()
    known = source.plans.get(str(row_filter))
    if known is None:
        try:
            tasks = source.table.scan(row_filter=row_filter, snapshot_id=source.snapshot).plan_files()
            known = row_filter, frozenset(task.file.file_path for task in tasks)
        except (OSError, ValueError) as error:
            raise CannotRead.failed(source.called, str(error)) from error
        source.plans[str(row_filter)] = known
        while len(source.plans) > _PLANS:
            source.plans.popitem(last=False)
    return known


def _frames(
    source: IcebergSource, task: Any, columns: Sequence[str], *, row_filter: Any | None = None
) -> Iterator[pl.DataFrame]:
    """Columns of a data file, an empty frame first. Raises CannotRead, naming the file."""
    from pyiceberg.expressions import AlwaysTrue
    from pyiceberg.io.pyarrow import ArrowScan

    wanted = {name: source.schema[name] for name in columns}
    yield pl.DataFrame(schema=wanted)
    projected = source.table.scan(snapshot_id=source.snapshot, selected_fields=tuple(columns)).projection()
    scan = ArrowScan(source.table.metadata, source.table.io, projected, row_filter or AlwaysTrue())
    try:
        for batch in scan.to_record_batches([task]):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame.select(pl.col(name).cast(dtype) for name, dtype in wanted.items())
    except (OSError, ValueError) as error:
        path = Path(_path(task.file.file_path) or task.file.file_path)
        if isinstance(error, FileNotFoundError):
            raise BadSnapshot.lost_file(source.called, str(path)) from error
        raise CannotRead.torn(path, "parquet", str(error)) from error


def open_table(address: str, *, query: str | None = None, version: int | str | datetime | None = None) -> IcebergSource:
    """A snapshot of a table, the newest by default. Raises BadSnapshot, CannotRead, UsageError, MissingExtra."""
    if query is not None:
        raise BadSnapshot.no_query(address)
    _library()
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    asked = asked_of(address, version, word="snapshot")
    table = _table(address, asked.place)
    snapshot = _snapshot(table, address, asked.number, asked.at)
    try:
        scan = table.scan(snapshot_id=snapshot)
        tasks = tuple(scan.plan_files())
        empty = pl.from_arrow(schema_to_pyarrow(scan.projection()).empty_table())
    except (OSError, ValueError, NotImplementedError) as error:
        raise CannotRead.failed(address, str(error)) from error
    assert isinstance(empty, pl.DataFrame)
    return IcebergSource(address, snapshot, table, tasks, empty.schema)


def _table(address: str, place: str) -> Any:
    """The table by its catalog, its metadata file or its folder. Raises BadSnapshot."""
    from pyiceberg.catalog import load_catalog
    from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError, ValidationError
    from pyiceberg.table import StaticTable

    catalog, _, name = place.partition("/")
    try:
        if scheme(address) == "iceberg" and catalog and "." in name and "/" not in name:
            return load_catalog(catalog).load_table(name)
        return StaticTable.from_metadata(_metadata(address, Path(place).expanduser().absolute()))
    except (NoSuchTableError, NoSuchNamespaceError, ValidationError, OSError, ValueError, KeyError) as error:
        raise BadSnapshot.absent(address, "Iceberg", str(error)) from error


def _metadata(address: str, place: Path) -> str:
    """The metadata file of a table: the one that is named, else the folder's newest. Raises BadSnapshot."""
    if place.name.endswith(".metadata.json"):
        return f"file://{place}"
    found = sorted((_number(path), path.name) for path in (place / "metadata").glob("*.metadata.json"))
    if not found:
        raise BadSnapshot.absent(address, "Iceberg", "the folder has no metadata/*.metadata.json")
    if len(found) > 1 and found[-1][0] == found[-2][0]:
        raise BadSnapshot.ambiguous(address, [name for _, name in found[-2:]])
    return f"file://{place / 'metadata' / found[-1][1]}"


def _number(path: Path) -> int:
    told = _NUMBER.match(path.name)
    return int(told[1]) if told else -1


def _snapshot(table: Any, address: str, number: int | None, at: datetime | None) -> int | None:
    """The snapshot that was asked for, or the current one. Raises BadSnapshot."""
    known = {each.snapshot_id: each for each in table.snapshots()}
    if at is not None:
        found = table.snapshot_as_of_timestamp(int(at.timestamp() * 1000))
        if found is None:
            raise BadSnapshot.no_version(address, at.isoformat(), [str(each) for each in known])
        return int(found.snapshot_id)
    if number is not None and number not in known:
        raise BadSnapshot.no_version(address, number, [str(each) for each in known])
    current = table.current_snapshot()
    return number if number is not None else None if current is None else int(current.snapshot_id)


def _path(location: str) -> str:
    """The path of a file on this machine; empty for one elsewhere."""
    return location.removeprefix("file://") if scheme(location) in ("", "file") else ""


def _library() -> None:
    try:
        import pyarrow as pa  # noqa: F401
        import pyiceberg  # noqa: F401
    except ImportError as error:
        raise MissingExtra.of("pyiceberg", "iceberg", purpose="reading a table of Iceberg") from error
