"""Parts: finished spools become Parquet files by date, hour and release.

A spool is taken when its owner closed it, or when its owner is dead, which its free file lock tells. Its rows are written to
parts of the spool's own name under temporary names; then, under the publishing lock, the parts get their names and the spool
goes. A kill -9 at any point leaves the spool, which still counts while its parts do not, and the next conversion writes the
same parts again: nothing is lost or doubled. One converter works at a time. What is hard is what is damaged or stuck: a
damaged spool gives the rows of its whole frames and is set aside with the reason; a full disk leaves the spool for later.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from seakeep.core import locks
from seakeep.core.errors import DataError
from seakeep.core.files import TEMPORARY, replacing, write_bytes
from seakeep.data.frames import FAILURES
from seakeep.prediction_log import columns as names
from seakeep.prediction_log import frames
from seakeep.prediction_log.frames import Gap, Header
from seakeep.prediction_log.merging import merge_labels
from seakeep.prediction_log.outbox import give
from seakeep.prediction_log.spool import CLOSED, OPEN
from seakeep.prediction_log.tables import Tables, tabulate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from seakeep.prediction_log.layout import Layout

_header = msgspec.json.Decoder(Header)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What `convert` did. spools: converted. rows, labels: in them. torn: spools with damage, set aside. lost_bytes: of the
    damage. left: spools that could not be converted now. problem: why, or "". busy: another converter was at work.
    """

    spools: int = 0
    rows: int = 0
    labels: int = 0
    torn: int = 0
    lost_bytes: int = 0
    left: int = 0
    problem: str = ""
    busy: bool = False


def convert(log: Layout, *, wait: bool = True) -> Conversion:
    """Turn every spool that nobody writes to any more into parts.

    Parameters: wait: for another converter to end; else nothing is done where there is one.
    Never raises for a full disk or a damaged file: what could not be written is counted in `left`, with the `problem`.
    """
    done = Conversion()
    if not log.spool.is_dir():
        return done
    try:
        with locks.alone(log.converting, wait=wait) as held:
            if not held:
                return Conversion(busy=True)
            for path in spools(log):
                done = _converted(log, path, done)
            merge_labels(log)
    except (DataError, *FAILURES) as error:
        return replace(done, problem=str(error))
    return done


def spools(log: Layout) -> list[Path]:
    """Every spool's file, open and closed, by name, which begins with the time of its making.

    The folder is listed twice: one that its owner renames during the first time may be seen under neither name, or both.
    """
    if not log.spool.is_dir():
        return []
    listed = (path for _ in range(2) for path in log.spool.iterdir())
    found = {path.stem: path for path in listed if path.suffix in (OPEN, CLOSED) and path.name[0] != "."}
    return sorted(found.values())


def described(log: Layout) -> dict[str, Header]:
    """The header of every release that has parts, by digest. One that is damaged is left out; a converter writes it anew."""
    found: dict[str, Header] = {}
    for path in sorted(log.releases.glob("[0-9a-f]*.json")):
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            header = _header.decode(path.read_bytes())
            found[header.release] = header
    return found


def _converted(log: Layout, path: Path, done: Conversion) -> Conversion:
    with _unowned(path) as content:
        if content is None:
            return done
        gaps: list[Gap] = []
        try:
            tables = tabulate(frames.each(content, gaps), described(log))
            _publish(log, path, tables, gaps)
        except (DataError, *FAILURES) as error:
            return replace(done, left=done.left + 1, problem=str(error))
    lost = sum(gap.length for gap in gaps)
    return replace(
        done,
        spools=done.spools + 1,
        rows=done.rows + tables.height,
        labels=done.labels + tables.labels.height,
        torn=done.torn + bool(lost or tables.strays),
        lost_bytes=done.lost_bytes + lost,
    )


@contextlib.contextmanager
def _unowned(path: Path) -> Iterator[bytes | None]:
    """The content of a spool that is closed, or whose owner is dead; None for one that is being written to."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # closed by its owner a moment ago; the next conversion takes it
        yield None
        return
    try:
        if path.suffix == OPEN:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with open(handle, "rb", closefd=False) as file:
            content = file.read() if _is_at(handle, path) else None
    except BlockingIOError:
        content = None
    try:
        yield content
    finally:
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    """Whether the file still has this name: its owner may have closed it after it was opened here."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), path.stat())
    return False


def _publish(log: Layout, path: Path, tables: Tables, gaps: Sequence[Gap]) -> None:
    """Write a spool's parts and labels, then show them and take the spool away in one step for every reader."""
    segment = path.stem
    _describe(log, tables.headers)
    made: list[Path] = []
    with contextlib.ExitStack() as writing:
        for target, table in _parts(log, segment, tables):
            made.append(target)
            _sweep(target)
            table.write_parquet(writing.enter_context(replacing(target)), compression="zstd")
        ready = writing.pop_all()
    with locks.alone(log.publishing):
        ready.close()
        give(log, made)  # before the spool goes: who is killed in between gives the same files again
        if gaps or tables.strays:
            _set_aside(log, path, tables, gaps)
        else:
            path.unlink()


def _parts(log: Layout, segment: str, tables: Tables) -> Iterator[tuple[Path, pl.DataFrame]]:
    """Where each table of a segment goes. Rows of one release and hour make one part, whatever a clock did in between."""
    for release, table in tables.rows.items():
        hour = pl.col(names.TIME).dt.truncate("1h").alias("hour")
        for (time,), part in table.group_by(hour, maintain_order=True):
            folder = log.hour(time) / f"release={release[: names.RELEASE_DIGITS]}"
            yield folder / f"{segment}.parquet", part
    if tables.labels.height:
        yield log.labels / f"{segment}.parquet", tables.labels


def _sweep(target: Path) -> None:
    """Remove what a killed converter left of this part; nobody else writes it while the lock is held."""
    for leftover in target.parent.glob(f"{TEMPORARY}*-{target.name}"):
        leftover.unlink(missing_ok=True)


def _describe(log: Layout, headers: Mapping[str, Header]) -> None:
    known = described(log)
    for release, header in headers.items():
        path = log.description(release)
        if release not in known:
            _sweep(path)  # a worker that writes the same at this moment does without
            write_bytes(path, msgspec.json.encode(header))


def _set_aside(log: Layout, path: Path, tables: Tables, gaps: Sequence[Gap]) -> None:
    reason = {
        "spool": path.name,
        "rows_kept": tables.height,
        "records_without_header": tables.strays,
        "damaged": [{"byte": gap.start, "bytes": gap.length, "reason": gap.reason} for gap in gaps],
    }
    write_bytes(log.torn / f"{path.stem}.json", msgspec.json.format(msgspec.json.encode(reason)))
    path.replace(log.torn / f"{path.stem}.spool")
