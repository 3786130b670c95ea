"""Objects: files named by the digest of their content, `objects/ab/cdef…`. Whole or absent, and checked when read.

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
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{62}")


@dataclass(frozen=True, slots=True)
class Objects:
    """The folder of objects."""

    folder: Path

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

    def __contains__(self, digest: str) -> bool:
        """Whether the object's file is there. Its content is not read."""
        return self.path(digest).is_file()

    def __iter__(self) -> Iterator[str]:
        """Every object's digest, sorted; other files in the folder are passed over."""
        for folder in sorted(self.folder.glob("??")):
            if _FOLDER.fullmatch(folder.name):
                names = sorted(path.name for path in folder.iterdir())
                yield from (folder.name + name for name in names if _REST.fullmatch(name))


def _holds(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except FileNotFoundError:
        return False
