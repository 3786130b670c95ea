"""Snapshot: which files hold a log's rows at one moment, and the rows that are not in parts yet.

Taken under the publishing lock, so that a converter beside it neither hides a row nor shows it twice: a segment counts as its
spool while that stands, and as its parts from then on. Spools are opened under the lock and read after it; an open file can
be read even when its name is gone. Folders are listed by date and hour, so that an hour of a year is found at once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core import locks
from seakeep.core.files import CannotWrite
from seakeep.prediction_log import columns as names
from seakeep.prediction_log import frames
from seakeep.prediction_log.damage import check
from seakeep.prediction_log.joining import GRACE
from seakeep.prediction_log.merging import label_files
from seakeep.prediction_log.parts import described, spools
from seakeep.prediction_log.spool import CLOSED
from seakeep.prediction_log.standing import standing
from seakeep.prediction_log.tables import LABELS, Tables, tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from seakeep.prediction_log.frames import Header
    from seakeep.prediction_log.layout import Layout

_HOUR = dt.timedelta(hours=1)
_MOST_OPEN = 256


@dataclass(frozen=True, slots=True)
class Window:
    """Rows from `since` up to, not including, `until`; None for no bound. releases: digests' first digits; none for all.
    roles: see columns.ROLES; none for all.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    releases: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def has_hour(self, start: dt.datetime) -> bool:
        """Whether a row of the hour that begins at `start` may lie in the window."""
        return (self.until is None or start < self.until) and (self.since is None or start + _HOUR > self.since)

    def has_date(self, date: dt.date) -> bool:
        """Whether a row of this date may lie in the window."""
        return (self.until is None or date <= self.until.date()) and (self.since is None or date >= self.since.date())

    def has_release(self, digits: str) -> bool:
        """Whether a release with these first digits is wanted."""
        return not self.releases or any(digits.startswith(each[: len(digits)]) for each in self.releases)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A log at one moment. parts: Parquet files by hour's start and release's first digits, in order. live: rows of spools.
    labels: every label so far, unordered. headers: of every known release, by digest.
    """

    parts: Mapping[tuple[dt.datetime, str], tuple[Path, ...]] = field(default_factory=dict)
    live: tuple[Tables, ...] = ()
    labels: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LABELS))
    headers: Mapping[str, Header] = field(default_factory=dict)


def take(log: Layout, window: Window) -> Snapshot:
    """The log's files and live rows at this moment. Also of a log that this process may only read. Raises DamagedFile."""
    if not log.root.is_dir():
        return Snapshot()
    with contextlib.ExitStack() as opened:
        with _nothing_published(log):
            found = {path.stem: _opened(path, opened, later=n < _MOST_OPEN) for n, path in enumerate(spools(log))}
            parts = _parts(log, window, found)
            labels = _labels(log, window, found)
        contents = [content() for content in found.values()]
    headers = described(log)
    live = tuple(tabulate(frames.each(content, []), headers) for content in contents)
    for tables in live:
        headers |= tables.headers
    return Snapshot(parts, live, pl.concat([labels, *(tables.labels for tables in live)]), headers)


@contextlib.contextmanager
def _nothing_published(log: Layout) -> Iterator[None]:
    """Keep converters from showing parts meanwhile. Who cannot write locks the file that is there; where there is none,
    nobody has ever published.
    """
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locks.shared(log.publishing))
        except CannotWrite:
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(log.publishing, os.O_RDONLY | os.O_CLOEXEC)
                held.callback(os.close, handle)
                fcntl.flock(handle, fcntl.LOCK_SH)
        yield


def _opened(path: Path, opened: contextlib.ExitStack, *, later: bool) -> Callable[[], bytes]:
    """What gives a spool's content; read `later`, or now, since a process may open only so many files."""
    handle = _open(path)
    if later:
        opened.callback(os.close, handle)
        return lambda: _content(handle)
    try:
        content = _content(handle)
    finally:
        os.close(handle)
    return lambda: content


def _open(path: Path) -> int:
    """A handle on a spool, under either of its names; its owner renames it without the lock."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return os.open(path.with_suffix(CLOSED), os.O_RDONLY | os.O_CLOEXEC)


def _content(handle: int) -> bytes:
    with open(handle, "rb", closefd=False) as file:
        return file.read()


def _parts(
    log: Layout, window: Window, unconverted: Mapping[str, object]
) -> dict[tuple[dt.datetime, str], tuple[Path, ...]]:
    found: dict[tuple[dt.datetime, str], tuple[Path, ...]] = {}
    for hour, folder in hours(log, window):
        for path in _named(folder, "release="):
            digits = path.name.partition("=")[2]
            if window.has_release(digits):
                found[hour, digits] = tuple(item for item in standing(path) if item.stem not in unconverted)
                check(log, found[hour, digits])
    return {key: files for key, files in found.items() if files}


def _labels(log: Layout, window: Window, unconverted: Mapping[str, object]) -> pl.DataFrame:
    """Labels of published files; of predictions' ids those alone that arrived late enough to count in the window."""
    files = [path for path in label_files(log) if path.stem not in unconverted]
    if not files:
        return pl.DataFrame(schema=LABELS)
    check(log, files)
    table = pl.scan_parquet(files, glob=False, hive_partitioning=False)
    if window.since is not None:
        table = table.filter(pl.col(names.ID).is_null() | (pl.col(names.LABELLED) >= window.since - GRACE))
    return table.collect()


def hours(log: Layout, window: Window) -> Iterator[tuple[dt.datetime, Path]]:
    """Folders of the hours that the window touches, with their beginning, in order."""
    for day in _named(log.parts, "date="):
        date = dt.date.fromisoformat(day.name.partition("=")[2])
        for path in _named(day, "hour=") if window.has_date(date) else ():
            hour = dt.datetime.combine(date, dt.time(int(path.name.partition("=")[2])), dt.UTC)
            if window.has_hour(hour):
                yield hour, path


def _named(folder: Path, prefix: str) -> Sequence[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.startswith(prefix))
    except (FileNotFoundError, NotADirectoryError):  # never made, or removed for its age a moment ago
        return ()


def releases_of(snapshot: Snapshot) -> list[str]:
    """First digits of every release that has rows in the snapshot, in order."""
    live = {release[: names.RELEASE_DIGITS] for tables in snapshot.live for release in tables.rows}
    return sorted(live | {digits for _, digits in snapshot.parts})
