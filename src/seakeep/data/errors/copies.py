"""NoCopy: what must be unpacked or fetched before it is read cannot be: it is too large, or not one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.errors.reading import CannotRead

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class NoCopy(CannotRead):
    """A copy that is to be read from here cannot be made."""

    @classmethod
    def archive(cls, path: Path, members: Sequence[str]) -> NoCopy:
        listed = ", ".join(members[:5]) or "none"
        return cls(
            f"{path} must hold exactly one CSV file, it holds {len(members)}",
            where=listed,
            cause="Which member is meant cannot be told.",
            fix=f"unzip {path} -d tables, and read the folder: seakeep.read('tables/*.csv').",
            path=str(path),
            members=tuple(members),
        )

    @classmethod
    def unpacks_too_large(cls, path: Path, needed: int, free: int, folder: Path) -> NoCopy:
        return cls(
            f"{path} unpacks to {needed:,} bytes or more, and {folder} has {free:,} bytes free",
            cause="A compressed CSV is unpacked to a temporary folder to be read in pieces.",
            fix="Free some space, or name a larger folder: export TMPDIR=/path",
            path=str(path),
            needed=needed,
            free=free,
        )

    @classmethod
    def fetched_too_large(cls, address: str, needed: int, free: int, folder: Path) -> NoCopy:
        return cls(
            f"{address} has {needed:,} bytes, and {folder} has {free:,} bytes free",
            cause="A table at an address is fetched to a temporary folder to be read in pieces.",
            fix="Free some space, or name a larger folder: export TMPDIR=/path",
            path=address,
            needed=needed,
            free=free,
        )

    @classmethod
    def lands_too_large(cls, called: str, needed: int, free: int, folder: Path) -> NoCopy:
        return cls(
            f"{called} needs {needed:,} bytes more, and {folder} has {free:,} bytes free",
            cause="A table that can only be read from its beginning is kept in a temporary folder to be read in pieces.",
            fix="Free some space, or name a larger folder: export TMPDIR=/path",
            path=called,
            needed=needed,
            free=free,
        )
