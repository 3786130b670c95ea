"""Retention: removing what a log holds from before a moment: whole hours of predictions, labels, damaged spools.

Called by `seakeep gc`. An hour goes in one step: its folder loses its name under the publishing lock, and its files go after that,
so that a kill leaves an hour whole or absent, and a scan that begins sees the one or the other. A scan that began before and has not
read the hour yet fails for the missing files and is never short of rows in silence. Spools are converted first, so that no old one
brings its rows back. Labels go a day later than predictions, since a label by id may be that much older than its prediction.
"""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core import locks
from seakeep.core.files import TEMPORARY
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.damage import check
from seakeep.prediction_log.joining import GRACE
from seakeep.prediction_log.labels import write
from seakeep.prediction_log.merging import label_files
from seakeep.prediction_log.outbox import PARQUET
from seakeep.prediction_log.parts import convert, spools
from seakeep.prediction_log.snapshot import Window, hours

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.prediction_log.layout import Layout


@dataclass(frozen=True, slots=True)
class Removed:
    """What went of one model's log. name: the model's. hours: of predictions, from `first` to `last` (their beginnings, UTC; None
    where none went). files, bytes: of those hours. labels: rows. torn: damaged spools. unsent: files that a sink had not
    got yet.
    """

    name: str
    hours: int = 0
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    files: int = 0
    bytes: int = 0
    labels: int = 0
    torn: int = 0
    unsent: int = 0

    @property
    def anything(self) -> bool:
        """Whether something went."""
        return bool(self.hours or self.labels or self.torn or self.unsent)


def remove(log: Layout, *, before: dt.datetime) -> Removed:
    """Remove the hours that ended by `before`, and older labels and damaged spools. Waits for a converter to end.

    Raises: CannotWrite, where the log may only be read or the disk is full; DamagedFile, for labels that cannot be read, which are
        looked at last; what went until then is gone.
    """
    convert(log)
    if not log.root.is_dir():
        return Removed(log.name)
    with locks.alone(log.converting):
        gone = [
            (hour, path) for hour, path in hours(log, Window(until=before)) if hour + dt.timedelta(hours=1) <= before
        ]
        found = [item for _, path in gone for item in path.rglob("*.parquet")]
        size = sum(item.stat().st_size for item in found)
        for leftover in log.parts.glob(f"date=*/{TEMPORARY}*"):  # of a kill; first, as an hour gets its name
            shutil.rmtree(leftover)
        for _, path in gone:
            _remove_hour(log, path)
        _remove_batches(log, before)
        times = [hour for hour, _ in gone]
        removed = Removed(
            log.name,
            len(gone),
            min(times, default=None),
            max(times, default=None),
            len(found),
            size,
            torn=_remove_torn(log, before),
            unsent=_remove_unsent(log, before),
        )
        return replace(removed, labels=_remove_labels(log, before - GRACE))


def _remove_hour(log: Layout, folder: Path) -> None:
    with locks.alone(log.publishing):
        unnamed = folder.rename(folder.with_name(f"{TEMPORARY}{folder.name}"))
    shutil.rmtree(unnamed)
    with locks.alone(log.publishing):  # who lists days does not meet one that goes
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()


def _remove_labels(log: Layout, before: dt.datetime) -> int:
    """Write the labels that stay to a file of their own, then remove the others; a kill in between leaves some of them twice,
    which counts once.
    """
    standing = {path.stem for path in spools(log)}
    removed = 0
    files = label_files(log)
    check(log, files)
    for path in files:
        table = pl.read_parquet(path, glob=False, hive_partitioning=False) if path.stem not in standing else None
        kept = None if table is None else table.filter(pl.col(names.LABELLED) >= before)
        if table is None or kept is None or kept.height == table.height:
            continue
        if kept.height:
            write(log, kept, arrived=kept[names.LABELLED].max())  # type: ignore[arg-type]  # a column of times
        with locks.alone(log.publishing):
            path.unlink()
        removed += table.height - kept.height
    return removed


def _remove_torn(log: Layout, before: dt.datetime) -> int:
    """Damaged spools that were set aside before, with the reason; counts the spools."""
    found = [path for path in log.torn.glob("*") if path.stat().st_mtime < before.timestamp()]
    for path in found:
        path.unlink()
    return sum(path.suffix == ".spool" for path in found)


def _remove_batches(log: Layout, before: dt.datetime) -> None:
    """Rows of batches that were begun before and never ended."""
    for path in log.batches.glob("*"):
        if path.stat().st_mtime < before.timestamp():
            shutil.rmtree(path, ignore_errors=True)


def _remove_unsent(log: Layout, before: dt.datetime) -> int:
    """Files that were finished before and that no sink took; perhaps nobody sends them any more."""
    found = [path for path in log.outbox.glob("*/*") if path.stat().st_mtime < before.timestamp()]
    for path in found:
        path.unlink(missing_ok=True)
    return sum(path.suffix == PARQUET for path in found)
