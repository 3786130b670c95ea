"""split: two parts of a dataset, by time or by a hash of the key. Both are lazy; together they are the whole, row by row.

By time for what must be predicted later than it was learned; by key where time does not matter. The hash is our own (see
core.distinct), so that a row is in the same part on every machine, in every run and with every version.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.data.frames import schema_of
from seakeep.data.kinds import kind_of
from seakeep.data.steps import HashShare, TimeRange

if TYPE_CHECKING:
    from seakeep.core.dataset import Dataset


class BadSplit(UsageError):
    """A dataset cannot be split as asked."""

    @classmethod
    def one_way(cls, *, at: object, share: object) -> BadSplit:
        return cls(
            f"split takes either at or share, found at={at!r} and share={share!r}",
            fix="seakeep.split(dataset, at='2013-10-01') or seakeep.split(dataset, share=0.2)",
            at=at,
            share=share,
        )

    @classmethod
    def no_role(cls, role: str, dataset: Dataset) -> BadSplit:
        return cls(
            f"the dataset names no {role} column",
            where=dataset.description,
            cause=f"A split by {role} needs one.",
            fix=f"seakeep.read(…, {role}='…')",
            role=role,
        )

    @classmethod
    def no_time(cls, column: str, dtype: pl.DataType) -> BadSplit:
        return cls(
            f"time column {column!r} is {dtype}, not a date or time",
            cause="It was read as text or as a number.",
            fix=f"seakeep.read(…, derive={{{column!r}: polars.col({column!r}).str.to_datetime('%Y-%m-%d %H:%M')}})",
            column=column,
            dtype=dtype,
        )

    @classmethod
    def no_moment(cls, at: str) -> BadSplit:
        return cls(
            f"{at!r} is no date or time",
            cause="ISO 8601 is expected: year-month-day, then the time if there is one.",
            fix="seakeep.split(dataset, at='2013-10-01')",
            at=at,
        )

    @classmethod
    def zones(cls, column: str, moment: datetime) -> BadSplit:
        return cls(
            f"{moment.isoformat()} has a time zone and column {column!r} has none",
            cause="Which moment is meant cannot be told.",
            fix=f"seakeep.split(dataset, at={moment.replace(tzinfo=None).isoformat()!r})",
            column=column,
        )

    @classmethod
    def skipped(cls, moment: datetime, zone: str) -> BadSplit:
        return cls(
            f"{moment.isoformat()} does not exist in {zone}",
            cause="The clocks go forward there in that hour.",
            fix="Name a moment an hour later, or one in UTC: seakeep.split(dataset, at='2013-03-10T07:30:00Z')",
            moment=moment,
            zone=zone,
        )

    @classmethod
    def no_share(cls, share: float) -> BadSplit:
        return cls(
            f"share must lie between 0 and 1, it is {share!r}",
            fix="seakeep.split(dataset, share=0.2)",
            share=share,
        )

    @classmethod
    def no_key(cls, column: str, dtype: pl.DataType) -> BadSplit:
        return cls(
            f"key column {column!r} is {dtype}, whose values cannot be hashed",
            fix="Name a column of numbers, text or times: seakeep.read(…, key='…')",
            column=column,
            dtype=dtype,
        )


def split(
    dataset: Dataset, *, at: str | date | datetime | None = None, share: float | None = None, salt: str = ""
) -> tuple[Dataset, Dataset]:
    """Two datasets that have every row once.

    Parameters: at: by time: (before it, from then on). ISO 8601 text, a date or a datetime; without a zone it is read in the time
            column's own. Rows without a time go to the first part.
        share: by key: (the rest, this share of the keys), 0 < share < 1. The same keys always fall on the same side; a
            larger share holds all keys of a smaller one. Rows without a key stay together.
        salt: any text; another text gives an independent choice of keys.
    Raises: BadSplit, where the dataset has no such role or a value is out of range; nothing but metadata is read.
    """
    if (at is None) == (share is None):
        raise BadSplit.one_way(at=at, share=share)
    if at is not None:
        return _by_time(dataset, at)
    return _by_key(dataset, float(share or 0.0), salt)


def _by_time(dataset: Dataset, at: str | date | datetime) -> tuple[Dataset, Dataset]:
    if dataset.time is None:
        raise BadSplit.no_role("time", dataset)
    dtype = schema_of(dataset)[dataset.time]
    if kind_of(dtype) is not Kind.TIMESTAMP:
        raise BadSplit.no_time(dataset.time, dtype)
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    moment = _moment(at)
    if moment.tzinfo is not None and zone is None:
        raise BadSplit.zones(dataset.time, moment)
    naive = moment if zone is None else _in_utc(moment, zone)
    parts = (TimeRange(dataset.time, naive.isoformat(), zone, later) for later in (False, True))
    first, second = (dataset.then(part) for part in parts)
    return first, second


def _by_key(dataset: Dataset, share: float, salt: str) -> tuple[Dataset, Dataset]:
    if dataset.key is None:
        raise BadSplit.no_role("key", dataset)
    if not 0.0 < share < 1.0:
        raise BadSplit.no_share(share)
    dtype = schema_of(dataset)[dataset.key]
    if kind_of(dtype) in (Kind.LIST, Kind.STRUCT):
        raise BadSplit.no_key(dataset.key, dtype)
    parts = (HashShare(dataset.key, share, salt, held_out) for held_out in (False, True))
    first, second = (dataset.then(part) for part in parts)
    return first, second


def _moment(at: str | date | datetime) -> datetime:
    if isinstance(at, datetime):
        return at
    if isinstance(at, date):
        return datetime(at.year, at.month, at.day)  # noqa: DTZ001  (read in the column's zone)
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        raise BadSplit.no_moment(at) from None


def _in_utc(moment: datetime, zone: str) -> datetime:
    """The moment without a zone, in UTC. An hour that a clock shows twice is the first of them."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC).replace(tzinfo=None)
    local = pl.Series([moment]).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    found: datetime | None = local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)[0]
    if found is None:
        raise BadSplit.skipped(moment, zone)
    return found
