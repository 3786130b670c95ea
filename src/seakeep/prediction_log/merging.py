"""Merging: many small files of labels become one, so that a year of labels is read as quickly as a day of them.

Called by the converter, which holds its lock. Labels are a set: one that stands in two files counts once, so that a kill
between the writing of the merged file and the removal of the others changes nothing.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core import locks
from seakeep.core.files import replacing
from seakeep.prediction_log import columns as names
from seakeep.prediction_log.damage import check

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.prediction_log.layout import Layout

_MOST_FILES = 64


def label_files(log: Layout) -> list[Path]:
    """Every file of labels, by name."""
    return sorted(path for path in log.labels.glob("*.parquet") if path.name[0] != ".")


def merge_labels(log: Layout) -> None:
    """Make one file of all, once there are more than 64. Raises CannotWrite or DamagedFile, with nothing changed."""
    standing = {path.stem for path in log.spool.iterdir()}
    files = [path for path in label_files(log) if path.stem not in standing]
    if len(files) <= _MOST_FILES:
        return
    check(log, files)
    merged = (
        pl.read_parquet(files, glob=False, hive_partitioning=False).unique().sort(names.LABELLED, names.ID, names.KEY)
    )
    target = log.labels / f"{files[-1].name[:15]}-merged-{secrets.token_hex(6)}.parquet"
    with replacing(target) as temporary:
        merged.write_parquet(temporary, compression="zstd")
    with locks.alone(log.publishing):
        for path in files:
            path.unlink()
