"""Compaction: the many small parts of an hour that is over become few larger ones, while others read them.

Workers leave a part a minute each, so that an hour of four workers is 240 files a release. Called by the scribe some minutes after an
hour has ended, and again where rows came late. What is hard is that no reader may see a row twice or not at all, whenever somebody
is killed: the larger part is written beside the small ones; a list of what it replaces, `<part>.merged`, stands before it gets its
name, and counts from then on. So one rename is the whole switch. The small parts stay for KEEP_SECONDS, since a scan
that has begun names them, and go when compaction comes by again.

A tool that reads the folder without this list sees those rows twice for that long.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from seakeep.core import locks
from seakeep.core.files import TEMPORARY, replacing, write_bytes
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.damage import DamagedFile, check, named
from seakeep.prediction_log.parts import spools
from seakeep.prediction_log.snapshot import Window, hours
from seakeep.prediction_log.standing import LIST, replaced, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from seakeep.prediction_log.layout import Layout

MOST_ROWS = 500_000
"""Of a larger part; these are in memory at once."""
SETTLE = dt.timedelta(minutes=5)
"""After an hour's end, so that its last spools are converted."""
LOOK_BACK = dt.timedelta(hours=48)
KEEP_SECONDS = 600.0
_FEWEST = 2
_ORDER = (names.TIME, names.ID, names.ROLE)


def compact(
    log: Layout, *, now: dt.datetime, back: dt.timedelta | None = LOOK_BACK, idle: dict[Path, int] | None = None
) -> int:
    """Put together the small parts of the hours that ended within `back`. Returns how many larger parts were made.

    Parameters: back: None for all hours. idle: folders that needed nothing when they were last changed, by the time of that; kept by a
        caller who comes by again and again, so that their files are not opened each time.
    Stops where a converter works. Raises: CannotWrite, with every row as it was; DamagedFile, once all else is done.
    """
    idle = {} if idle is None else idle
    made, damaged = 0, None
    over = now - SETTLE - dt.timedelta(hours=1)
    for hour, folder in hours(log, Window(since=None if back is None else now - back, until=now)):
        for release in sorted(folder.glob("release=*")) if hour <= over else ():
            try:
                changed = release.stat().st_mtime_ns
                if idle.get(release) == changed:
                    continue
                found = _tidied(log, release, before=now.timestamp() - KEEP_SECONDS)
            except FileNotFoundError:  # removed for its age meanwhile
                continue
            except DamagedFile as error:
                damaged = damaged or error
                continue
            if found is None:
                return made
            made += found
            if not found and not any(release.glob(f"[!.]*{LIST}")):
                idle[release] = changed
    if damaged is not None:
        raise damaged
    return made


def _tidied(log: Layout, folder: Path, *, before: float) -> int | None:
    """One release's hour: what is over goes, small parts become larger ones, and how many; None while a converter works."""
    with locks.alone(log.converting, wait=False) as held:
        if not held:
            return None
        _clear(log, folder, before=before)
        unfinished = {path.stem for path in spools(log)}
        return _compacted(log, folder, unfinished)


def _clear(log: Layout, folder: Path, *, before: float) -> None:
    """Remove parts that were replaced long enough ago, lists whose part was never finished, and what a kill left half-written.

    No snapshot is taken meanwhile: it would see the parts without the list.
    """
    for leftover in folder.glob(f"{TEMPORARY}*"):
        leftover.unlink(missing_ok=True)
    for path in folder.glob(f"[!.]*{LIST}"):
        larger = path.with_suffix(".parquet")
        if not larger.exists():
            path.unlink()
        elif larger.stat().st_mtime < before:
            with locks.alone(log.publishing):
                for name in replaced(path):
                    (folder / name).unlink(missing_ok=True)
                path.unlink()


def _compacted(log: Layout, folder: Path, unfinished: set[str]) -> int:
    """A part with a list waits until what it replaced is gone: its list must outlive those files, or they would count again."""
    small = [path for path in standing(folder) if path.stem not in unfinished and not path.with_suffix(LIST).exists()]
    check(log, small)
    with named(log, small):
        groups = [group for group in _groups(small) if len(group) >= _FEWEST]
        for group in groups:
            _merge(log, folder, group)
    return len(groups)


def _groups(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Parts that make a larger one together, in order; parts that are large already are left out."""
    group: list[Path] = []
    rows = 0
    for path in paths:
        own = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
        if own > MOST_ROWS // 2:
            continue
        if rows + own > MOST_ROWS:
            yield group
            group, rows = [], 0
        group.append(path)
        rows += own
    yield group


def _merge(log: Layout, folder: Path, group: Sequence[Path]) -> None:
    listed = [path.name for path in group]
    mark = hashlib.sha256("\n".join(listed).encode()).hexdigest()[:12]
    larger = folder / f"{listed[0][:15]}-merged-{mark}.parquet"
    tables = [pl.read_parquet(path, glob=False, hive_partitioning=False) for path in group]
    widest = max(tables, key=lambda table: table.width)
    merged = pl.concat(tables, how="diagonal").select(widest.columns).sort(_ORDER)
    with contextlib.ExitStack() as writing:
        merged.write_parquet(writing.enter_context(replacing(larger)), compression="zstd")
        write_bytes(larger.with_suffix(LIST), msgspec.json.encode(listed))
        ready = writing.pop_all()
    with locks.alone(log.publishing):
        ready.close()
