"""PredictionLog: what a model was asked and answered, with labels as they arrive. `as_dataset` closes the ring.

A log is a folder (see layout); its rows lie in parts and in spools that are not converted yet, and a scan gives both, each
row once. What is hard: releases of one model may differ in inputs and classes, so that each is typed by itself, joined with
its labels, and then combined by column names; a column that one release lacks is null in its rows.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import UsageError
from seakeep.prediction_log import columns as names
from seakeep.prediction_log import parts, snapshot
from seakeep.prediction_log.joining import Known, label_type
from seakeep.prediction_log.layout import Layout
from seakeep.prediction_log.snapshot import Snapshot, Window
from seakeep.prediction_log.tables import OWN, schema_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seakeep.prediction_log.frames import Header

Moment = dt.datetime | dt.date | str


@dataclass(frozen=True, slots=True)
class PredictionLog:
    """The log of one model. layout: its folder."""

    layout: Layout

    @classmethod
    def of(cls, home: Path | str, name: str) -> PredictionLog:
        """The log of the model `name` below a registry's home; it may be empty, or not there yet."""
        return cls(Layout.of(home, name))

    @property
    def name(self) -> str:
        """The model's name."""
        return self.layout.name

    def convert(self, *, wait: bool = True) -> parts.Conversion:
        """Turn finished spools into parts (see parts.convert)."""
        return parts.convert(self.layout, wait=wait)

    def scan(
        self,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        releases: Sequence[str] = (),
        roles: Sequence[str] = (),
        labels: bool = True,
    ) -> pl.LazyFrame:
        """The log's rows at this moment, each once, by release and then roughly by time.

        Parameters: since, until: rows from the one up to, not including, the other; times without a zone are UTC.
            releases: digests or their first digits. roles: see columns.ROLES; none for all. labels: whether to join them.
        Returns: the columns of columns.py and every input; what was not converted yet is in memory, the rest is read when
            collected. A log without rows in the window gives no rows, typed as the newest release's would be.
        Raises: UsageError, for a time or role that is none.
        """
        window = Window(moment(since, "since"), moment(until, "until"), tuple(releases))
        return rows(snapshot.take(self.layout, window), window, _checked_roles(roles), labels=labels)


def rows(taken: Snapshot, window: Window, roles: Sequence[str], *, labels: bool) -> pl.LazyFrame:
    """The rows of a snapshot within a window."""
    known = Known.of(taken.labels) if labels else None
    scans = [_release(taken, digits, window, known) for digits in snapshot.releases_of(taken)]
    table = pl.concat(scans, how="diagonal_relaxed") if scans else _empty(taken, labels=labels)
    wanted = []
    if window.since is not None:
        wanted.append(pl.col(names.TIME) >= window.since)
    if window.until is not None:
        wanted.append(pl.col(names.TIME) < window.until)
    if roles:
        wanted.append(pl.col(names.ROLE).is_in(list(roles)))
    return table.filter(*wanted) if wanted else table


def moment(value: Moment | None, option: str) -> dt.datetime | None:
    """A bound of a window in UTC. Raises UsageError for text that is no time."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise UsageError(
                f"{option} is {value!r}, expected a time",
                cause="It is not a date or time of ISO 8601.",
                fix=f"{option}=2013-11-04, or 2013-11-04T05:00",
                value=value,
            ) from error
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _checked_roles(roles: Sequence[str]) -> tuple[str, ...]:
    for role in roles:
        if role not in names.ROLES:
            raise UsageError.unknown_name("role", role, names.ROLES)
    return tuple(roles)


def _release(taken: Snapshot, digits: str, window: Window, known: Known | None) -> pl.LazyFrame:
    """One release's rows, with labels of its predictions' type."""
    files = [path for (_, release), paths in taken.parts.items() if release == digits for path in paths]
    scans = [pl.scan_parquet(files, glob=False, hive_partitioning=False)] if files else []
    for tables in taken.live:
        scans += [table.lazy() for release, table in tables.rows.items() if release.startswith(digits)]
    table = pl.concat(scans)
    if window.releases:
        table = table.filter(pl.any_horizontal(pl.col(names.RELEASE).str.starts_with(each) for each in window.releases))
    return table if known is None else known.join(table)


def _empty(taken: Snapshot, *, labels: bool) -> pl.LazyFrame:
    newest: Header | None = max(taken.headers.values(), key=lambda header: header.version, default=None)
    schema = schema_of(newest) if newest else {**OWN, names.PREDICTION: pl.Null()}
    if labels:
        schema |= {names.LABEL: label_type(schema[names.PREDICTION]), names.LABELLED: OWN[names.TIME]}
    return pl.LazyFrame(schema=schema)
