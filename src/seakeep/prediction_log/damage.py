"""Damage: finished files that are no Parquet any more, told by name before anything is read of them.

Called by snapshot, compaction, merging and retention. A file that lost its end (a disk that lied about what it had written, a copy cut
short) is seen by its first and last bytes, which costs some microseconds; one that is damaged inside is looked for once something has
failed. Nobody reads on without such a file: a log that is short of rows in silence would be judged by as if it were whole.
"""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import DataError
from seakeep.data.frames import FAILURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from seakeep.prediction_log.layout import Layout

_MAGIC = b"PAR1"
_TAIL = struct.Struct("<I4s")
_LEAST = len(_MAGIC) + _TAIL.size


class DamagedFile(DataError):
    """A finished file of the log cannot be read. path: the file."""

    @classmethod
    def of(cls, log: Layout, path: Path, reason: str) -> DamagedFile:
        return cls(
            f"{path} is damaged: {reason}",
            where=f"the prediction log of {log.name}",
            cause="A disk lost what it had said was written, or somebody changed the file. What it held is lost, and nothing else.",
            fix=f"Put it back from a backup or a sink, or do without it: mkdir -p {log.torn} && mv {path} {log.torn}",
            path=str(path),
        )


def check(log: Layout, files: Iterable[Path]) -> None:
    """Raises DamagedFile for the first that has not the beginning and end of a Parquet file; OSError, where one cannot be opened."""
    for path in files:
        if reason := _reason(path):
            raise DamagedFile.of(log, path, reason)


@contextlib.contextmanager
def named(log: Layout, files: Iterable[Path]) -> Iterator[None]:
    """Raises DamagedFile in the place of what reading these files raised within, where one of them cannot be read."""
    try:
        yield
    except FAILURES as error:
        for path in files:
            if reason := _reason_inside(path):
                raise DamagedFile.of(log, path, reason) from error
        raise


def _reason(path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(handle).st_size
        if size < _LEAST:
            return f"it has {size} bytes"
        begin, end = os.pread(handle, len(_MAGIC), 0), os.pread(handle, _TAIL.size, size - _TAIL.size)
    finally:
        os.close(handle)
    length, mark = _TAIL.unpack(end)
    if begin != _MAGIC or mark != _MAGIC or length > size - _LEAST:
        return "it has not the beginning and the end of a Parquet file"
    return ""


def _reason_inside(path: Path) -> str:
    try:
        pl.read_parquet(path, glob=False, hive_partitioning=False)
    except FileNotFoundError:  # removed meanwhile
        return ""
    except FAILURES as error:
        return str(error).partition("\n")[0]
    return ""
