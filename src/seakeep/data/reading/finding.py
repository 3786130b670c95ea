"""The Source of what a user calls data: files by path or address, a database, a table of Delta Lake or Iceberg, a table in memory.

Called by data.read. A name is looked at in this order: an address by its scheme (`data/tables/<scheme>.py`, then buckets); a folder, here or in a bucket, that
a table format keeps (it holds `_delta_log`, or Iceberg's metadata); then files, each read by `data/sources/<ending>.py`.
"""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING

from seakeep.core import plugins
from seakeep.core.addresses import has_secret, scheme
from seakeep.core.errors import UsageError
from seakeep.data.errors import BadSnapshot, CannotRead
from seakeep.data.reading.fetching import FetchedSource, by_address, fetched, is_address, listed
from seakeep.data.reading.places import COMPRESSIONS, GROUP, IN_MEMORY, format_of, formats, resolved
from seakeep.data.reading.places import listed as listed_paths
from seakeep.data.sources import FileSource
from seakeep.data.tables._delta_buckets import listed as listed_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from seakeep.core.dataset import Source
    from seakeep.data.reading.options import TextOptions

TABLES = "data.tables"


def source_of(
    data: object,
    options: TextOptions,
    *,
    named: str | None = None,
    query: str | None = None,
    version: int | str | datetime | None = None,
) -> Source:
    """The source of `data`; parameters as of `read`, `named`: its format. Raises CannotRead, UsageError, MissingExtra."""
    if named is not None and named not in formats():
        raise UsageError.unknown_name("format", named, formats())
    table = _table(data) or ("" if named else _table_in_bucket(data))
    if table:
        options.refuse_for(f"a table of {table}")
        opened: Source = plugins.load(TABLES, table).open_table(os.fspath(data), query=query, version=version)  # type: ignore[call-overload]
        return opened
    if query is not None or version is not None:
        raise UsageError(
            f"{'query' if query is not None else 'version'} is for a database or a table with versions, and this is {_called(data)}",
            cause="Files and tables in memory have neither.",
            fix="seakeep.read('postgresql://user@host/database', query='select … order by …')",
        )
    if isinstance(data, str) and is_address(data):
        return _of_addresses(data, options, named)
    if isinstance(data, str | os.PathLike):
        called = str(os.fspath(data))
        return _of_paths(resolved(called, any_name=named is not None), called, options, named)
    if isinstance(data, list | tuple):
        return _of_paths(listed_paths(data, any_name=named is not None), f"{len(data)} files", options, named)
    options.refuse_for("a table in memory")
    return plugins.load(GROUP, IN_MEMORY).open_table(data)  # type: ignore[no-any-return]


def _table(data: object) -> str:
    """The module of `data/tables` that reads it; empty for files and tables in memory."""
    if not isinstance(data, str | os.PathLike):
        return ""
    called = str(os.fspath(data))
    named = scheme(called).partition("+")[0]
    if named in plugins.names(TABLES):
        return named
    if named:
        return ""
    folder = os.path.expanduser(called)  # noqa: PTH111  (Path would refuse names that no file has, before they can be told)
    if os.path.isdir(os.path.join(folder, "_delta_log")):  # noqa: PTH112, PTH118
        return "delta"
    return "iceberg" if _is_iceberg(folder) else ""


def _table_in_bucket(data: object) -> str:
    """The module for an address whose folder holds the log of a Delta table; one or two requests. Raises CannotReach; BadSnapshot, for Iceberg's."""
    if not isinstance(data, str) or not is_address(data) or glob.has_magic(data) or has_secret(data):
        return ""
    if "." in data.rstrip("/").rpartition("/")[2] or "?" in data:
        return ""
    if listed_in(data, "_delta_log"):
        return "delta"
    if any(name.endswith(".metadata.json") for name in listed_in(data, "metadata")):
        raise BadSnapshot.elsewhere(data, "Iceberg")
    return ""


def _is_iceberg(folder: str) -> bool:
    """Whether a folder holds Iceberg's metadata, or this is such a file."""
    if folder.endswith(".metadata.json"):
        return os.path.isfile(folder)  # noqa: PTH113
    metadata = os.path.join(folder, "metadata")  # noqa: PTH118
    return os.path.isdir(metadata) and any(name.endswith(".metadata.json") for name in os.listdir(metadata))  # noqa: PTH112, PTH208


def _called(data: object) -> str:
    return repr(os.fspath(data)) if isinstance(data, str | os.PathLike) else f"a {type(data).__name__}"


def _of_paths(paths: Sequence[Path], called: str, options: TextOptions, named: str | None) -> Source:
    found = [named or format_of(path) for path in paths]
    for path, name in zip(paths, found, strict=True):
        if name != found[0]:
            raise CannotRead.mixed_formats(paths[0], path)
    return plugins.load(GROUP, found[0]).open_files(paths, called=called, options=options)  # type: ignore[no-any-return]


def _of_addresses(called: str, options: TextOptions, named: str | None) -> Source:
    """Objects in a bucket, copied here; errors and lineage speak of their addresses."""
    endings = [] if named else [f".{name}{packed}" for name in formats() for packed in ("", *COMPRESSIONS)]
    found = listed(called, endings)
    copies = [fetched(each) for each in found]
    names = {str(copy): each.address for copy, each in zip(copies, found, strict=True)}
    with by_address(names):
        inner = _of_paths(copies, called, options, named)
    assert isinstance(inner, FileSource)
    return FetchedSource(called, inner, tuple(each.address for each in found))
