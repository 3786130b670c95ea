"""PredictionLog: what a model was asked and answered, with labels as they arrive. `as_dataset` closes the ring.

A log is a folder (see layout); its rows lie in parts and in spools that are not converted yet, and a scan gives both, each
row once, while workers write and a converter works beside it. Nothing of it is in the registry's database.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.dataset import Dataset
from seakeep.core.errors import UsageError
from seakeep.data.frames import collect
from seakeep.data.reading.read import read
from seakeep.prediction_log import columns as names
from seakeep.prediction_log import labels, parts, snapshot
from seakeep.prediction_log.joining import Known
from seakeep.prediction_log.layout import Layout
from seakeep.prediction_log.rows import by_release, rows
from seakeep.prediction_log.snapshot import Window
from seakeep.prediction_log.source import LogSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from seakeep.prediction_log.labels import LabelSummary

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
        Raises: UsageError, for a time or role that is none; DamagedFile, for a file within the window that lost its end.
        """
        window = Window(moment(since, "since"), moment(until, "until"), tuple(releases), _checked(roles))
        taken = snapshot.take(self.layout, window)
        return rows(taken, window, Known.of(taken.labels, taken.headers.values()) if labels else None)

    def scan_by_release(
        self,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        roles: Sequence[str] = (),
        labels: bool = True,
    ) -> tuple[pl.LazyFrame, ...]:
        """As `scan`, at one moment, but one table a release that has files there, each with its own columns and types."""
        window = Window(moment(since, "since"), moment(until, "until"), (), _checked(roles))
        taken = snapshot.take(self.layout, window)
        return by_release(taken, window, Known.of(taken.labels, taken.headers.values()) if labels else None)

    def as_dataset(
        self,
        *,
        label: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        releases: Sequence[str] = (),
        roles: Sequence[str] = names.ANSWERING,
    ) -> Dataset:
        """Production data as one more dataset: the inputs of answered requests, with `@time` as time and `@key` as key.

        Parameters: label: the name that the label shall have; only labelled rows are then in the dataset. Without it the labels
            are left out. roles: by default the answers that were given; a shadow's rows would repeat the same requests.
            Others: as `scan`.
        Returns: a dataset of this moment: rows and labels that come later are not in it. Its pieces are hours, its rows are
            ordered by time and id, so that its digest does not depend on workers and files.
        Raises: UsageError, for a label that is called as an input.
        """
        window = Window(moment(since, "since"), moment(until, "until"), tuple(releases), _checked(roles))
        source = LogSource.of(self.name, snapshot.take(self.layout, window), window, label)
        return Dataset(source, label, names.TIME, names.KEY)

    def add_labels(
        self,
        frame: object,
        *,
        label: str,
        id: str | None = None,  # noqa: A002
        key: str | None = None,
        arrived: Moment | None = None,
        hash_key: bytes | None = None,
    ) -> LabelSummary:
        """Keep labels of predictions, all of them or none.

        Parameters: frame: a dataset, or what seakeep.read takes: a table, a path. label: its column of labels. id, key: its
            column of predictions' ids (`@id`), or of their keys; one of the two. arrived: when they came, by default now. hash_key: with which the log's keys are hashed,
            where they are (see hashing).
        Rules: see joining; a row that changes nothing is counted and does no harm, so a table may be added again and again.
        Raises: UsageError, BadLabels, DataError; CannotWrite (a full disk), with nothing kept.
        """
        columns = {by: column for by, column in ((names.ID, id), (names.KEY, key)) if column is not None}
        if len(columns) != 1:
            raise UsageError(
                "labels are given by a prediction's id or by its key, expected one of the two",
                fix='log.add_labels(frame, label="late", key="flight_id")  (--id COLUMN or --key COLUMN)',
            )
        ((by, column),) = columns.items()
        table = collect(frame if isinstance(frame, Dataset) else read(frame))
        at = moment(arrived, "arrived") or dt.datetime.now(dt.UTC)
        given = labels.labels_of(table, label=label, by=by, column=column, arrived=at)
        taken = snapshot.take(self.layout, Window())
        headers = tuple(taken.headers.values())
        if by == names.KEY and any(names.KEY in header.hidden for header in headers):
            given = labels.with_hashed_keys(given, hash_key, name=self.name)
        given = labels.translated(given, headers)
        known = rows(taken, Window(), None).select(by)
        found = labels.summary(given, taken.labels, known, by=by, empty=table.height - given.height, headers=headers)
        if given.height:
            if arrived is None:  # whoever has read the log meanwhile must not have passed them by
                at = dt.datetime.now(dt.UTC)
                given = given.with_columns(pl.lit(at).cast(pl.Datetime("us", "UTC")).alias(names.LABELLED))
            labels.write(self.layout, given, arrived=at)
        return found


@dataclass(frozen=True, slots=True)
class FoundPrediction:
    """Where a prediction was found. name: the model's. rows: of the request, with labels, a shadow's among them."""

    name: str
    rows: pl.DataFrame


def find(home: Path | str, prediction_id: str) -> FoundPrediction | None:
    """The rows of one prediction, or of a whole request by its base id, in any model's log below `home`; None if unknown.

    Files whose range of ids cannot hold it are passed over; a server's ids begin with its start, so that few others are read.
    """
    of_request = (pl.col(names.ID) >= f"{prediction_id}.") & (pl.col(names.ID) < f"{prediction_id}/")  # "/" follows "."
    mine = (pl.col(names.ID) == prediction_id) | of_request
    for layout in Layout.all_of(home):
        found = PredictionLog(layout).scan().filter(mine).collect()
        if found.height:
            return FoundPrediction(layout.name, found)
    return None


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


def _checked(roles: Sequence[str]) -> tuple[str, ...]:
    for role in roles:
        if role not in names.ROLES:
            raise UsageError.unknown_name("role", role, names.ROLES)
    return tuple(roles)
