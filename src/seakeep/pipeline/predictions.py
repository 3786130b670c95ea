"""Verbs of the prediction log: find it by a model's name, add labels to it, say what it holds, write it to a file.

The command line and notebooks call these. A name is known if it has a log or a release; a log that is still empty is no error.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.core.files import replacing
from seakeep.pipeline.project import find_place
from seakeep.pipeline.settings import load_settings
from seakeep.prediction_log.layout import Layout
from seakeep.registry import Registry
from seakeep.registry.errors import BadReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from seakeep.prediction_log import LabelSummary, PredictionLog
    from seakeep.prediction_log.log import Moment
    from seakeep.prediction_log.overview import Group
    from seakeep.registry.place import Place

PARQUET, CSV = ".parquet", ".csv"


class CannotWriteLog(UsageError):
    """Predictions cannot be written as asked; nothing was written."""

    @classmethod
    def ending(cls, out: Path) -> CannotWriteLog:
        return cls(
            f"{out.name!r} ends in {out.suffix!r}, expected {PARQUET} or {CSV}",
            cause="The ending says what to write.",
            fix=f"Name it {out.stem or 'predictions'}.parquet.",
            path=str(out),
        )

    @classmethod
    def exists(cls, out: Path) -> CannotWriteLog:
        return cls(
            f"{out} exists already",
            cause="It may hold what was written before.",
            fix="Name another file, or pass overwrite=True (--overwrite).",
            path=str(out),
        )


class WhichLabels(UsageError):
    """Labels come from a table or from a query, one of the two."""

    @classmethod
    def of(cls, name: str) -> WhichLabels:
        return cls(
            "labels come from a file or from a query with its database, expected one of the two",
            fix=f"seakeep labels {name} FILE …, or seakeep labels {name} --sql 'SELECT …' --database sqlite:///PATH …",
        )


@dataclass(frozen=True, slots=True)
class LogSummary:
    """What a log holds in a window. groups: by version, role and outcome. path: what was written, or None."""

    name: str
    groups: tuple[Group, ...]
    path: str | None = None

    @property
    def rows(self) -> int:
        """Rows of all groups, shadows included."""
        return sum(group.rows for group in self.groups)

    @property
    def labelled_share(self) -> float | None:
        """Share of the answered rows that have a label, 0 to 1; shadows left out; None where there are none."""
        answered = [group for group in self.groups if group.outcome == "answered" and group.role != "shadow"]
        rows = sum(group.rows for group in answered)
        return sum(group.labelled for group in answered) / rows if rows else None


def predictions(name: str, *, home: Path | str | None = None) -> PredictionLog:
    """The log of the model `name`: what it was asked and answered, with labels as they arrive.

    home: the registry's folder, by default that of the project around the working folder.
    Raises: BadReference, for a name that has neither a log nor a release; UnreadableRegistry, where there is no registry.
    """
    from seakeep.prediction_log import PredictionLog

    place = _place(home)
    log = PredictionLog.of(place.home, name)
    if not log.layout.root.is_dir():
        with Registry.existing(place) as registry:
            released = {registered.release.name for registered in registry.releases()}
        if name not in released:
            raise BadReference.unknown(name, released | {layout.name for layout in Layout.all_of(place.home)})
    return log


def add_labels(
    name: str,
    data: object | None = None,
    *,
    label: str,
    id: str | None = None,  # noqa: A002
    key: str | None = None,
    sql: str | None = None,
    database: object | None = None,
    arrived: Moment | None = None,
    home: Path | str | None = None,
) -> LabelSummary:
    """Keep labels of a model's predictions, all of them or none.

    Parameters: data: what seakeep.read takes; or sql and database: a query, and "sqlite:///PATH" or an open DB-API connection.
        label, id, key: columns; one of id and key. arrived: when the labels came, by default now. Where the log's keys are hashed,
        the setting serve.hash_key_file says with what.
    Raises: WhichLabels, BadQuery, BadHashKey, and what `predictions` and PredictionLog.add_labels raise.
    """
    from seakeep.prediction_log.hashing import read_key
    from seakeep.prediction_log.sql import read_sql

    if (data is None) == (sql is None) or (sql is None) != (database is None):
        raise WhichLabels.of(name)
    log = predictions(name, home=home)
    table = data if sql is None else read_sql(sql, database)
    file = load_settings(Path.cwd()).key_file
    secret = read_key(file) if file is not None and key is not None else None
    return log.add_labels(table, label=label, id=id, key=key, arrived=arrived, hash_key=secret)


def summary(
    name: str,
    out: Path | str | None = None,
    *,
    since: Moment | None = None,
    until: Moment | None = None,
    releases: Sequence[str] = (),
    roles: Sequence[str] = (),
    overwrite: bool = False,
    home: Path | str | None = None,
) -> LogSummary:
    """What a model's log holds in a window; `out`: also write its rows there (Parquet or CSV by the ending), with labels.

    Finished spools are converted first, so that a log whose server is gone is tidy after a look at it.
    Raises: CannotWriteLog; CannotWrite (a full disk), with nothing written; DamagedFile; what `predictions` and PredictionLog.scan raise.
    """
    from seakeep.prediction_log.damage import named
    from seakeep.prediction_log.overview import overview

    path = None if out is None else _checked(Path(out), overwrite=overwrite)
    log = predictions(name, home=home)
    log.convert(wait=False)
    scan = log.scan(since=since, until=until, releases=releases, roles=roles)
    with named(log.layout, log.layout.parts.rglob("[!.]*.parquet")):
        if path is not None:
            _write(scan, path)
        return LogSummary(name, overview(scan), None if path is None else str(path))


def _place(home: Path | str | None) -> Place:
    start = Path.cwd()
    return find_place(start, load_settings(start, arguments={"home": home}))


def _checked(path: Path, *, overwrite: bool) -> Path:
    if path.suffix.lower() not in (PARQUET, CSV):
        raise CannotWriteLog.ending(path)
    if path.exists() and not overwrite:
        raise CannotWriteLog.exists(path)
    return path


def _write(scan: pl.LazyFrame, path: Path) -> None:
    with replacing(path) as temporary:
        if path.suffix.lower() == PARQUET:
            scan.sink_parquet(temporary)
        else:
            scan.sink_csv(temporary)
