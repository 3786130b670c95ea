"""Rows: a snapshot's rows within a window, as one lazy table.

Releases of one model may differ in inputs and classes, so that each is typed by itself, joined with its labels, and then
combined by column names: a column that one release lacks is null in its rows, and one that changed its type gets a type
that holds both. Who compares releases takes them apart (`by_release`), or asks for classes in the form that all share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.kinds import Task
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.classes import Classes
from seakeep.prediction_log.joining import label_type
from seakeep.prediction_log.snapshot import releases_of
from seakeep.prediction_log.tables import OWN, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from seakeep.prediction_log.frames import Header
    from seakeep.prediction_log.joining import Known
    from seakeep.prediction_log.snapshot import Snapshot, Window


def rows(taken: Snapshot, window: Window, known: Known | None, *, shared: bool = False) -> pl.LazyFrame:
    """The rows within a window, with the labels `known`; without label columns for None.

    shared: whether @prediction and @label of classifiers are texts in the form of a class that all releases share, see classes.
    """
    scans = [_release(taken, digits, window, known, shared=shared) for digits in releases_of(taken)]
    return _combined(scans) if scans else _empty(taken, labels=known is not None, shared=shared)


def by_release(taken: Snapshot, window: Window, known: Known | None) -> tuple[pl.LazyFrame, ...]:
    """As `rows`, one table a release, each with its own columns and types."""
    return tuple(_release(taken, digits, window, known) for digits in releases_of(taken))


def newest(headers: Mapping[str, Header]) -> Header:
    """The header of the release with the highest version."""
    return max(headers.values(), key=lambda header: (header.version, header.release))


def _release(
    taken: Snapshot, digits: str, window: Window, known: Known | None, *, shared: bool = False
) -> pl.LazyFrame:
    """One release's rows, with labels of its predictions' type, or of the shared form."""
    files = [path for (_, release), paths in taken.parts.items() if release == digits for path in paths]
    scans = [_scanned(files, taken, digits)] if files else []
    for tables in taken.live:
        scans += [table.lazy() for release, table in tables.rows.items() if release.startswith(digits)]
    table = pl.concat(scans)
    if wanted := _wanted(window):
        table = table.filter(*wanted)
    header = _header(taken, digits)
    classes = Classes(None) if header is None else Classes.of(header)
    table = table if known is None else known.join(table, classes, shared=shared)
    if not shared or classes.forms is None:
        return table
    return table.with_columns(classes.shared(pl.col(names.PREDICTION).cast(pl.String)).alias(names.PREDICTION))


def _header(taken: Snapshot, digits: str) -> Header | None:
    return next((one for release, one in taken.headers.items() if release.startswith(digits)), None)


def _scanned(files: Sequence[Path], taken: Snapshot, digits: str) -> pl.LazyFrame:
    """Parts of one release. A column that the log did not have yet when a part was written is null there."""
    header = _header(taken, digits)
    schema = None if header is None else schema_of(header)
    return pl.scan_parquet(
        list(files), glob=False, hive_partitioning=False, schema=schema, missing_columns="insert" if schema else "raise"
    )


def _combined(scans: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """Every release's rows in one table; a column whose types differ gets the one that holds them all."""
    schemas = [scan.collect_schema() for scan in scans]
    types: dict[str, set[pl.DataType]] = {}
    for schema in schemas:
        for name, dtype in schema.items():
            types.setdefault(name, set()).add(dtype)
    common = {name: _holding(found) for name, found in types.items() if len(found) > 1}
    cast = [
        scan.cast({name: dtype for name, dtype in common.items() if name in schema}) if common else scan
        for scan, schema in zip(scans, schemas, strict=True)
    ]
    return pl.concat(cast, how="diagonal")


def _holding(types: set[pl.DataType]) -> pl.DataType:
    """Numbers for numbers and booleans; text for anything else."""
    if not all(dtype.is_numeric() or dtype == pl.Boolean for dtype in types):
        return pl.String()
    return pl.Float64() if any(dtype.is_float() for dtype in types) else pl.Int64()


def _wanted(window: Window) -> list[pl.Expr]:
    wanted = [pl.lit(True)]
    if window.since is not None:
        wanted.append(pl.col(names.TIME) >= window.since)
    if window.until is not None:
        wanted.append(pl.col(names.TIME) < window.until)
    if window.roles:
        wanted.append(pl.col(names.ROLE).is_in(list(window.roles)))
    if window.releases:
        wanted.append(pl.any_horizontal(pl.col(names.RELEASE).str.starts_with(each) for each in window.releases))
    return wanted


def _empty(taken: Snapshot, *, labels: bool, shared: bool) -> pl.LazyFrame:
    """No rows, typed as the newest release's; of a log that never had any, its own columns alone."""
    schema = schema_of(newest(taken.headers)) if taken.headers else {**OWN, names.PREDICTION: pl.Null()}
    if shared and taken.headers and newest(taken.headers).task != Task.REGRESSION.value:
        schema[names.PREDICTION] = pl.String()
    if labels:
        schema |= {names.LABEL: label_type(schema[names.PREDICTION]), names.LABELLED: OWN[names.TIME]}
    return pl.LazyFrame(schema=schema)
