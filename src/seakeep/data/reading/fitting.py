"""The columns that the files of one dataset have in common, after its steps; or the error that names the two files that differ.

Called by data.read. Only metadata is looked at. Where the user allows it (`widen=True`), types that have a joined one become it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.data.errors import MixedTables
from seakeep.data.reading.widening import joined_schemas
from seakeep.data.sources import FileSource
from seakeep.data.steps import Derived, Dropped, Ordered, Widened, stepped_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from seakeep.core.dataset import Dataset


def widened(dataset: Dataset) -> Dataset:
    """The dataset with every column that files have in several types made of the narrowest type that holds all their values.

    Raises: MixedTables, where a column has no such type, such as text in one file and numbers in another.
    """
    source = dataset.source
    if not isinstance(source, FileSource):
        return dataset
    files, known = source.files(), source.schemas
    places = _first_of_each(known)
    types: dict[str, pl.DataType] = {}
    for place in places:
        found, unlike = joined_schemas([types, known[place]])
        if unlike:
            first = next(other for other in places if unlike in known[other])
            raise MixedTables.not_widened(
                unlike, files=(files[first], files[place]), types=(known[first][unlike], known[place][unlike])
            )
        types = found
    changed = {
        name: dtype for name, dtype in types.items() if any(known[place].get(name, dtype) != dtype for place in places)
    }
    return dataset if not changed else replace(dataset, steps=(Widened.of(changed), *dataset.steps))


def fitted(dataset: Dataset) -> tuple[Dataset, pl.Schema]:
    """The columns after all steps, the same for every file; the dataset, made to give them in the first file's order.

    Raises: MixedTables, naming two files; UsageError, for a column to leave out that is nowhere.
    """
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
