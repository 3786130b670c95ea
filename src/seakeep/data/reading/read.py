"""read: a Dataset from files or a table in memory. Nothing but metadata is read, and everything that can be refused early is.

Paths are resolved here, formats live in `data/sources/<ending>.py`, one file each. What is hard is to name the culprit:
among many files the torn one, the one with other columns, the nearest name to a misspelt one.
"""

from __future__ import annotations

import errno
import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import plugins
from seakeep.core.dataset import Dataset
from seakeep.core.errors import UsageError
from seakeep.data.errors import CannotRead, MixedTables
from seakeep.data.kinds import kind_of
from seakeep.data.reading.fetching import FetchedSource, by_address, fetched, is_address, listed
from seakeep.data.reading.options import NULL_VALUES, TextOptions
from seakeep.data.sources import FileSource
from seakeep.data.steps import Derived, Dropped, Ordered, Where, stepped_schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from seakeep.core.dataset import Source, Step

GROUP = "data.sources"
IN_MEMORY = "memory"
COMPRESSIONS = (".gz", ".zip")


def read(
    data: object,
    *,
    label: str | None = None,
    time: str | None = None,
    key: str | None = None,
    derive: Mapping[str, pl.Expr] | None = None,
    where: pl.Expr | None = None,
    drop: Sequence[str] = (),
    null_values: Sequence[str] = NULL_VALUES,
    types: Mapping[str, pl.DataType] | None = None,
    separator: str = ",",
    infer_rows: int | None = None,
) -> Dataset:
    """A dataset, read lazily.

    Parameters: data: a path, a glob, a folder (every table below it, in name order), a list of paths; an address of the same in a bucket (`s3://`, `gs://`, `az://`), which is
            copied to this machine once a process; a Polars frame, lazy or
            not; an Arrow table; a pandas frame (its index is left out, its NaN are missing values).
        label, time, key: columns with these roles.
        derive: columns to add, in order, each from its own row; a later one may use an earlier one.
        where: keep the rows for which this is true, after deriving. drop: columns to leave out, after that.
        null_values, types, separator, infer_rows: of CSV files only: fields that mean "missing" (by default the empty
            one and NA); types by column name that are not to be inferred (`types={"zip": polars.String()}`); the character
            between fields; rows to infer types from, None (the default) for all, which costs one more pass.
    Raises: CannotRead, MixedTables, BadStep, UnsupportedColumn (all DataError); UsageError, for an unknown column.

    >>> import polars as pl
    >>> read(pl.DataFrame({"late": [True, False], "distance": [733, 1400]}), label="late").label
    'late'
    """
    source = _source(data, TextOptions(tuple(null_values), dict(types or {}), separator, infer_rows))
    steps: list[Step] = [Derived.of(name, expression) for name, expression in (derive or {}).items()]
    if where is not None:
        steps.append(Where.of(where))
    if isinstance(drop, str):
        raise UsageError(f"drop must be a list of column names, found {drop!r}", fix=f"drop=[{drop!r}]")
    if drop:
        steps.append(Dropped(tuple(drop)))
    dataset = Dataset(source, label, time, key, tuple(steps))
    dataset, schema = _columns(dataset)
    for name, dtype in schema.items():
        kind_of(dtype, name=name)
    for role, column in (("label", label), ("time", time), ("key", key)):
        if column is not None and column not in schema:
            raise UsageError.unknown_name(f"{role} column", column, schema, where=dataset.description)
    return dataset


def _source(data: object, options: TextOptions) -> Source:
    if isinstance(data, str) and is_address(data):
        return _of_addresses(data, options)
    if isinstance(data, str | os.PathLike):
        called = os.fspath(data)
        return _of_paths(_resolved(str(called)), str(called), options)
    if isinstance(data, list | tuple):
        return _of_paths(_listed(data), f"{len(data)} files", options)
    options.refuse_for("a table in memory")
    return plugins.load(GROUP, IN_MEMORY).open_table(data)  # type: ignore[no-any-return]


def _of_paths(paths: Sequence[Path], called: str, options: TextOptions) -> Source:
    formats = [_format(path) for path in paths]
    for path, name in zip(paths, formats, strict=True):
        if name != formats[0]:
            raise CannotRead.mixed_formats(paths[0], path)
    return plugins.load(GROUP, formats[0]).open_files(paths, called=called, options=options)  # type: ignore[no-any-return]


def _of_addresses(called: str, options: TextOptions) -> Source:
    """Objects in a bucket, copied here; errors and lineage speak of their addresses."""
    endings = [f".{name}{packed}" for name in _formats() for packed in ("", *COMPRESSIONS)]
    found = listed(called, endings)
    copies = [fetched(each) for each in found]
    names = {str(copy): each.address for copy, each in zip(copies, found, strict=True)}
    with by_address(names):
        inner = _of_paths(copies, called, options)
    assert isinstance(inner, FileSource)
    return FetchedSource(called, inner, tuple(each.address for each in found))


def _listed(items: Sequence[object]) -> list[Path]:
    """Every path of a list, each a file, glob or folder, in the order given."""
    if not items:
        raise CannotRead.no_paths()
    for item in items:
        if not isinstance(item, str | os.PathLike):
            raise CannotRead.unknown_object(item)
    return [path for item in items for path in _resolved(os.fspath(item))]  # type: ignore[call-overload]


def _resolved(called: str) -> list[Path]:
    """The files that a path, glob or folder stands for: absolute, in name order. A file of that very name comes first."""
    if "://" in called:
        raise CannotRead.address(called)
    path = _path(called)
    if path.is_dir():
        return _within(path)
    if path.exists() and not path.is_file():
        raise CannotRead.not_a_file(path)
    if path.exists():
        return [path]
    if not glob.has_magic(called):
        raise CannotRead.missing(path)
    found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207  (absolute patterns)
    files = [path for path in found if path.is_file()]
    if not files:
        raise CannotRead.no_match(called)
    return files


def _path(called: str) -> Path:
    """What `called` names, absolute. Raises CannotRead, where no file system could have such a name, or home is unknown."""
    try:
        path = Path(called).expanduser().absolute()
        os.stat(path)  # noqa: PTH116  (Path.exists hides or raises these errors, by version)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise CannotRead.not_a_path(called, error) from error
    except (ValueError, RuntimeError) as error:
        raise CannotRead.not_a_path(called, error) from error
    return path


def _within(folder: Path) -> list[Path]:
    """Every table below a folder; hidden files, and files of other formats such as _SUCCESS, are passed over."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith((".", "_")) and _ending(path) in _formats()
    )
    if not files:
        raise CannotRead.no_tables(folder, _formats())
    return files


def _format(path: Path) -> str:
    name = _ending(path)
    if name not in _formats():
        raise CannotRead.unknown_format(path, _formats())
    return name


def _ending(path: Path) -> str:
    """The format that a file's name says: its ending without the compression's; a bare .zip holds a CSV file."""
    stem = path.name.lower()
    for compression in COMPRESSIONS:
        stem = stem.removesuffix(compression)
    ending = stem.rpartition(".")[2] if "." in stem else ""
    return "csv" if not ending and path.suffix.lower() == ".zip" else ending


def _formats() -> list[str]:
    return [name for name in plugins.names(GROUP) if name != IN_MEMORY]


def _columns(dataset: Dataset) -> tuple[Dataset, pl.Schema]:
    """The columns after all steps, the same for every file; the dataset, made to give them in the first file's order."""
    source = dataset.source
    if not isinstance(source, FileSource):
        schema = source.pieces()[0].collect_schema()
        _check_dropped(dataset, [schema])
        return dataset, stepped_schema(schema, dataset)
    files, known = source.files(), source.schemas
    _check_dropped(dataset, known)
    first = stepped_schema(known[0], dataset)
    ordered = dataset
    for number in _first_of_each(known):
        other = stepped_schema(known[number], dataset)
        _check_same(first, other, files=(files[0], files[number]))
        if other.names() != first.names():
            ordered = dataset.then(Ordered(tuple(first.names())))
    return ordered, first


def _check_dropped(dataset: Dataset, schemas: Sequence[pl.Schema]) -> None:
    """Raise UsageError for a column to leave out that no file has and no step adds."""
    added = [step.name for step in dataset.steps if isinstance(step, Derived)]
    known = dict.fromkeys([*(name for schema in schemas for name in schema), *added])
    for step in dataset.steps:
        for name in step.names if isinstance(step, Dropped) else ():
            if name not in known:
                raise UsageError.unknown_name("column", name, known, where=f"drop of {dataset.source.description}")


def _first_of_each(schemas: Sequence[pl.Schema]) -> list[int]:
    """Where each different schema, its order included, stands first; almost always there is one."""
    seen: dict[tuple[tuple[str, pl.DataType], ...], int] = {}
    for number, schema in enumerate(schemas):
        seen.setdefault(tuple(schema.items()), number)
    return sorted(seen.values())


def _check_same(first: pl.Schema, other: pl.Schema, *, files: tuple[str, str]) -> None:
    for name, dtype in first.items():
        if name not in other:
            raise MixedTables.columns(name, has=files[0], lacks=files[1])
        if other[name] != dtype:
            raise MixedTables.types(name, files=files, types=(dtype, other[name]))
    for name in other:
        if name not in first:
            raise MixedTables.columns(name, has=files[1], lacks=files[0])
