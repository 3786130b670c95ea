"""Outbox: finished files that wait for a sink, one folder a sink: `predictions/<name>/outbox/<digits of the address>/`.

Whoever finishes a file (a converter, a command that adds labels) gives every sink a hard link to it, before what it was made of goes.
So a file waits for its sink whatever becomes of it in the log meanwhile, compacted or removed, and takes no room while it is
there too. The sink's thread (serving.shipping) removes the link when the file was taken: killed in between, it sends that file
again under the same name. Standard library only.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.files import TEMPORARY, replacing, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from seakeep.prediction_log.layout import Layout

PARQUET = ".parquet"
_DONE = ".done"
_DIGITS = 16
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One file for one sink. name: the model's. path: of the link. place: of the file within the log, "parts/date=…/….parquet"."""

    name: str
    path: Path
    place: str

    @property
    def is_labels(self) -> bool:
        """Whether it holds labels, and not predictions."""
        return self.place.startswith("labels/")

    @property
    def release(self) -> str:
        """The first digits of the release whose rows it holds; "" of labels."""
        return "" if self.is_labels else self.place.split("/")[-2].partition("=")[2]

    @property
    def done(self) -> int:
        """How many of its requests the sink has taken already."""
        try:
            return int(self.path.with_suffix(_DONE).read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def mark(self, done: int) -> None:
        """Remember how many requests the sink has taken. Raises CannotWrite."""
        write_bytes(self.path.with_suffix(_DONE), str(done).encode())

    def taken(self) -> None:
        """The sink has it."""
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(_DONE).unlink(missing_ok=True)


def box(log: Layout, address: str) -> Path:
    """The folder of one sink; files are given to it from when it is there."""
    return log.outbox / hashlib.sha256(address.encode()).hexdigest()[:_DIGITS]


def give(log: Layout, files: Iterable[Path]) -> None:
    """Give finished files to every sink that the log has. Raises OSError."""
    for file in files:
        give_as(log, file, file)


def give_as(log: Layout, file: Path, shown: Path) -> None:
    """Give a file to every sink under the name that it will have in the log. Raises OSError."""
    if not log.outbox.is_dir():
        return
    name = shown.relative_to(log.root).as_posix().replace("/", ",")
    for folder in log.outbox.iterdir():
        if folder.is_dir():
            _link(file, folder / name)


def waiting(log: Layout, address: str) -> list[Parcel]:
    """What a sink has not got yet, the oldest first: files' own names begin with the time of their making."""
    folder = box(log, address)
    found = [path for path in folder.glob(f"*{PARQUET}") if path.name[0] != "."] if folder.is_dir() else []
    places = [(path, path.name.replace(",", "/")) for path in found]
    ordered = sorted(places, key=lambda each: (each[1].rpartition("/")[2], each[1]))
    return [Parcel(log.name, path, place) for path, place in ordered]


def _link(file: Path, target: Path) -> None:
    """A link under a temporary name first: one of this name may stand there, of before a kill. Where there are no links, a copy."""
    temporary = target.with_name(f"{TEMPORARY}{target.name}")
    temporary.unlink(missing_ok=True)
    try:
        os.link(file, temporary)
        temporary.replace(target)
        temporary.unlink(missing_ok=True)  # a rename onto another link of the same file does nothing
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with replacing(target) as copy:
            shutil.copyfile(file, copy)
