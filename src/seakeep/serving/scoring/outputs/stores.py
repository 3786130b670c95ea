"""A folder on this machine, or a prefix in a bucket, as what units are kept in: files by key, each whole or absent.

Called by `noted`. On the disk files are written as all of ours are; in a bucket an object appears when all of it has come. What
is hard: a large file must not lie in memory on its way into a bucket, so it is written here first and sent a piece at a time.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from seakeep.core.addresses import scheme
from seakeep.core.files import TEMPORARY, CannotWrite, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Store(Protocol):
    """Files by key, with "/" between the parts of one."""

    def put(self, key: str, write: Callable[[Path], object]) -> None:
        """Keep what `write` writes to the path that it is given. Raises CannotWrite, CannotReach."""

    def get(self, key: str) -> bytes:
        """The content of a file. Raises OSError, CannotReach."""

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Bytes of all files below a prefix (whole parts of a key), by what follows it."""

    def copy(self, key: str, to: str) -> None:
        """Keep a file's content under another key too. Raises CannotWrite, CannotReach."""

    def remove(self, key: str) -> None:
        """Remove a file; nothing where there is none."""


class Disk:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: str, write: Callable[[Path], object]) -> None:
        """Write a file under another name first."""
        with replacing(self.folder / key) as temporary:
            write(temporary)

    def get(self, key: str) -> bytes:
        """Read a file."""
        return (self.folder / key).read_bytes()

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Files below a folder, without those that are being written."""
        found = sorted(path for path in (self.folder / prefix).rglob("*") if path.is_file())
        named = {path.relative_to(self.folder / prefix).as_posix(): path for path in found}
        return {name: path.stat().st_size for name, path in named.items() if not path.name.startswith(TEMPORARY)}

    def copy(self, key: str, to: str) -> None:
        """Copy a file."""
        self.put(to, lambda path: shutil.copyfile(self.folder / key, path))

    def remove(self, key: str) -> None:
        """Remove a file, and its folder where it was the last one there."""
        path = self.folder / key
        path.unlink(missing_ok=True)
        for above in path.relative_to(self.folder).parents[:-1]:
            try:
                (self.folder / above).rmdir()
            except OSError:
                return


class Objects:
    """A prefix in a bucket."""

    def __init__(self, address: str) -> None:
        from seakeep.data.reading.buckets import Bucket

        self._bucket = Bucket(address)

    def put(self, key: str, write: Callable[[Path], object]) -> None:
        """Write a file here, and send it."""
        try:
            with tempfile.TemporaryDirectory(prefix="seakeep-") as folder:
                path = Path(folder) / key.rpartition("/")[2]
                write(path)
                self._bucket.send(key, path)
        except OSError as error:
            raise CannotWrite.because(Path(tempfile.gettempdir()), error) from error

    def get(self, key: str) -> bytes:
        """An object's content."""
        return self._bucket.get(key)

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Objects below a prefix."""
        from seakeep.data.reading.buckets import NotThere

        begin = len(f"{self._bucket.address}/{prefix}/") if prefix else len(f"{self._bucket.address}/")
        try:
            return {found.address[begin:]: found.size for found in self._bucket.list(prefix)}
        except NotThere:
            return {}

    def copy(self, key: str, to: str) -> None:
        """Let the bucket copy an object, which then does not pass through this machine."""
        self._bucket.copy(key, to)

    def remove(self, key: str) -> None:
        """Remove an object."""
        self._bucket.remove(key)


def store_at(place: str) -> Store:
    """The store at a path or an address of objects. Raises CannotReach; MissingExtra, without obstore."""
    return Objects(place) if scheme(place) else Disk(Path(place).expanduser().absolute())
