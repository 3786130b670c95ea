"""What a prediction log holds on the disk, and how old its newest row is. Called by `text`.

A year of a busy log is half a million files, and a scrape comes every few seconds. Hours that are past do not change, so the size of
a folder is remembered for as long as its time of change stays; a scrape then looks at folders alone.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from typing import TYPE_CHECKING

import polars as pl

from seakeep.pipeline.control.metrics.families import LOG_BYTES, LOG_NEWEST, LOG_SPOOLS, LOG_TORN
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.layout import Layout
from seakeep.prediction_log.parts import spools
from seakeep.prediction_log.snapshot import Window, hours

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from seakeep.pipeline.control.metrics.families import Told
    from seakeep.registry import Registry

SPOOL = "spool"
"""The folder whose files grow, so that its time of change says nothing."""
_REMEMBERED = 1 << 16
_SETTLED = 2_000_000_000


def tell(registry: Registry, name: str) -> Iterator[Told]:
    """The log of a name; nothing where there is none yet."""
    log = Layout.of(registry.home, name)
    if not log.root.is_dir():
        return
    waiting = spools(log)
    yield LOG_BYTES, (name,), held(log.root)
    yield LOG_SPOOLS, (name,), len(waiting)
    yield LOG_TORN, (name,), len(list(log.torn.glob("*.spool")))
    newest = _newest(log, waiting)
    if newest is not None:
        yield LOG_NEWEST, (name,), newest


def held(folder: Path) -> int:
    """Bytes of all files below a folder; what goes meanwhile is not counted."""
    try:
        changed = folder.stat().st_mtime_ns
        settled = folder.name != SPOOL and time.time_ns() - changed > _SETTLED
        size, below = _listed(folder, changed) if settled else _listed.__wrapped__(folder, changed)
    except FileNotFoundError:
        return 0
    return size + sum(map(held, below))


@functools.lru_cache(maxsize=_REMEMBERED)
def _listed(folder: Path, changed: int) -> tuple[int, tuple[Path, ...]]:  # noqa: ARG001  (a part of what is remembered)
    """Bytes of the files that stand in a folder itself, and its folders, as of the time of its last change."""
    size, below = 0, []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below.append(folder / entry.name)
            else:
                with contextlib.suppress(FileNotFoundError):
                    size += entry.stat(follow_symlinks=False).st_size
    return size, tuple(below)


def _newest(log: Layout, waiting: Sequence[Path]) -> float | None:
    """When the newest row came, Unix seconds; None where there is no row."""
    written = []
    for path in waiting:
        with contextlib.suppress(FileNotFoundError):  # it has been converted since
            written.append(path.stat().st_mtime)
    if written:
        return max(written)
    newest = max(hours(log, Window()), default=None)
    files = sorted(newest[1].glob("release=*/*.parquet")) if newest else []
    if not files:
        return None
    times = pl.scan_parquet(
        files, glob=False, hive_partitioning=False, missing_columns="insert", extra_columns="ignore"
    )
    found = times.select(pl.col(names.TIME).max().dt.epoch("us")).collect().item()
    return None if found is None else float(found) / 1e6
