"""A prediction log as a Source: production data is one more dataset, cut into hours.

Made by PredictionLog.as_dataset of a snapshot, so that the rows stay the same while the log goes on. What is hard is a
canonical order, on which the digest and training depend: rows come from many workers' files, so each hour is sorted by
time, id and role. Every piece has the same columns, those of all releases in the snapshot. Where requests were sampled, the
dataset is an even part of them (see thinning), since whoever reads it takes each row for as much as the next.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import UsageError
from seakeep.data.content import digest_of_frames
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.joining import Known
from seakeep.prediction_log.rows import rows
from seakeep.prediction_log.thinning import evened, kept_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.prediction_log.snapshot import Snapshot, Window

_HOUR = dt.timedelta(hours=1)
_ROLES = (names.TIME, names.KEY)


@dataclass(frozen=True, slots=True, eq=False)
class LogSource:
    """Rows of a log. description: what to call it in messages. columns: of every piece. label: its name, or None. even: the
    probability that every row shall have been kept with.
    """

    description: str
    taken: Snapshot
    window: Window
    known: Known | None
    label: str | None
    columns: pl.Schema
    even: float = 1.0

    @classmethod
    def of(cls, name: str, taken: Snapshot, window: Window, label: str | None) -> LogSource:
        """The answered rows of a snapshot; the labelled ones, if the label has a name. Raises UsageError."""
        known = None if label is None else Known.of(taken.labels, taken.headers.values())
        scanned = rows(taken, window, known)
        table = scanned.collect_schema()
        inputs = [column for column in table if not column.startswith(names.MARK)]
        if label in (*inputs, *_ROLES):
            raise UsageError(
                f"the label is called {label!r}, as a column of the log",
                where=f"predictions of {name}",
                cause="Its values would stand in that column's place.",
                fix="Pass the label's own name: as_dataset(label=…)",
                label=label,
            )
        columns = {column: table[column] for column in (*_ROLES, *inputs)}
        if label is not None:
            columns[label] = table[names.LABEL]
        return cls(_described(name, window), taken, window, known, label, pl.Schema(columns), kept_with(scanned))

    def pieces(self) -> Sequence[pl.LazyFrame]:
        """One piece an hour, in order of time; one empty piece for a log without rows."""
        hours = sorted({hour for hour, _ in self.taken.parts} | self._live_hours())
        return tuple(self._piece(hour) for hour in hours) or (pl.LazyFrame(schema=self.columns),)

    def files(self) -> Sequence[str]:
        """None: what the files hold changes with every minute, and some rows are in none."""
        return ()

    def digest(self) -> str:
        """SHA-256 of names, types and values in canonical order. Reads every row."""
        return digest_of_frames(piece.collect() for piece in self.pieces())

    def _live_hours(self) -> set[dt.datetime]:
        times = [table[names.TIME] for tables in self.taken.live for table in tables.rows.values()]
        return {hour for series in times for hour in series.dt.truncate("1h").unique().to_list()}

    def _piece(self, hour: dt.datetime) -> pl.LazyFrame:
        since, until = self.window.since or hour, self.window.until or hour + _HOUR
        window = replace(self.window, since=max(hour, since), until=min(hour + _HOUR, until))
        parts = {key: paths for key, paths in self.taken.parts.items() if key[0] == hour}
        table = rows(replace(self.taken, parts=parts), window, self.known)
        table = evened(table, self.even).filter(pl.col(names.OUTCOME) == "answered")
        if self.label is not None:
            table = table.filter(pl.col(names.LABEL).is_not_null()).rename({names.LABEL: self.label})
        known = table.collect_schema()
        return table.sort(names.TIME, names.ID, names.ROLE).select(
            (pl.col(name) if name in known else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in self.columns.items()
        )


def _described(name: str, window: Window) -> str:
    words = [f"predictions of {name}"]
    words += [f"since {window.since:%Y-%m-%d %H:%M}"] if window.since else []
    words += [f"until {window.until:%Y-%m-%d %H:%M}"] if window.until else []
    return " ".join(words)
