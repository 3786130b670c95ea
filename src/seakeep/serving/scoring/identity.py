"""Whose run it is: what the answers of a table depend on, so that a run goes on only with parts that are its own.

Files are known by their sights: path, size, time of change and inode, as make and git know them. Reading all of a large table for
a digest would take as long as half of scoring it; a table that is no file has its own digest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.addresses import scheme
from seakeep.core.codec import digest
from seakeep.data.errors import CannotRead
from seakeep.serving.scoring.errors import CannotScore

if TYPE_CHECKING:
    from seakeep.core.dataset import Dataset

Sights = tuple[tuple[str, int, int, int], ...]


def sights_of(dataset: Dataset) -> Sights:
    """Each of a table's files on this machine: path, bytes, time of change in nanoseconds, inode; none for another table. Raises CannotRead."""
    found = []
    for file in dataset.source.files():
        if not scheme(file):
            try:
                status = Path(file).stat()
            except FileNotFoundError as error:
                raise CannotRead.missing(Path(file)) from error
            found.append((file, status.st_size, status.st_mtime_ns, status.st_ino))
    return tuple(found)


def check_unchanged(sights: Sights) -> None:
    """Raise CannotScore for a file that is not as it was seen."""
    for before in sights:
        path = Path(before[0])
        try:
            status = path.stat()
        except OSError as error:
            raise CannotScore.input_changed(str(path)) from error
        if (status.st_size, status.st_mtime_ns, status.st_ino) != before[1:]:
            raise CannotScore.input_changed(str(path))


def table_digest(dataset: Dataset, sights: Sights) -> str:
    """What tells a table from another, and from itself when it has changed. Reads no row of files on this machine."""
    own = [[path.encode("utf-8", "backslashreplace").decode(), *rest] for path, *rest in sights]
    if len(own) < max(1, len(dataset.source.files())):
        return dataset.digest
    return digest([own, [step.canonical for step in dataset.steps], dataset.key])
