"""Objects as files in the registry's folder, named by the digest of their content: `objects/ab/cdef…`.

The registry keeps nouns here. Writing what is there already costs a read; a torn file of the right name is replaced, so
that making something again mends it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.files import write_bytes
from seakeep.registry.errors import TornObject

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from seakeep.registry.place import Place

FOLDER = "objects"
_FOLDER = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{62}")


def open_objects(place: Place) -> LocalObjects:
    """The objects in the place's folder. Nothing is made yet."""
    return LocalObjects(place.home / FOLDER)


@dataclass(frozen=True, slots=True)
class LocalObjects:
    """The folder of objects. shared: the folder is the registry's own, and so are the releases beside it."""

    folder: Path
    shared: bool = False

    def path(self, digest: str) -> Path:
        """Where the object with this digest stands, or would."""
        return self.folder / digest[:2] / digest[2:]

    def put(self, content: bytes) -> str:
        """Keep `content`; returns its SHA-256. Raises CannotWrite on a full disk, leaving nothing behind."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        if not _holds(path, digest):
            write_bytes(path, content)
        return digest

    def get(self, digest: str) -> bytes:
        """The content with this digest. Raises TornObject where it is absent or differs."""
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise TornObject.absent("object", digest) from error
        found = hashlib.sha256(content).hexdigest()
        if found != digest:
            raise TornObject.differs(path, found)
        return content

    def check(self, digest: str) -> None:
        """Raise TornObject where it is absent or differs."""
        self.get(digest)

    def __contains__(self, digest: str) -> bool:
        """Whether the object's file is there. Its content is not read."""
        return self.path(digest).is_file()

    def __iter__(self) -> Iterator[str]:
        """Every object's digest, sorted; other files in the folder are passed over."""
        for folder in sorted(self.folder.glob("??")):
            if _FOLDER.fullmatch(folder.name):
                names = sorted(path.name for path in folder.iterdir())
                yield from (folder.name + name for name in names if _REST.fullmatch(name))

    def claim(self, owner: str) -> None:
        """Nothing: the folder is the registry's own."""

    def sweep(self, used: Callable[[], Collection[str]], *, hours: float) -> tuple[str, ...]:  # noqa: ARG002
        """Nothing: what killed writers leave in a folder has a temporary name, and goes with those."""
        return ()


def _holds(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except FileNotFoundError:
        return False
