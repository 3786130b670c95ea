"""Place: where a registry is: its folder, its database and its objects.

Without addresses everything is in the folder: an SQLite file and content-addressed files. With them the database is on a server
that many machines share, and the objects are in a bucket; the folder then keeps what belongs to this machine (copies of the
releases that are served, locks, pages) and the prediction log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from seakeep.core.addresses import redacted, scheme

RELEASES = "releases"
_DATABASES = {"": "sqlite", "postgres": "postgresql"}
_OBJECTS = dict.fromkeys(("s3", "gs", "az", "file"), "remote") | {"": "local"}

_NO_SCHEME = "address-without-scheme"
"""No store's name: what was given is no address, and must not be taken for none."""


@dataclass(frozen=True, slots=True)
class Place:
    """home: the registry's folder, absolute. database, objects: addresses; empty for files in the folder.

    The addresses are left out of the representation, since one from the environment may hold a password.
    """

    home: Path
    database: str = field(default="", repr=False)
    objects: str = field(default="", repr=False)

    @classmethod
    def of(cls, place: Place | Path | str) -> Place:
        """A place as it is, or the one that is a folder and nothing else."""
        return place if isinstance(place, Place) else cls(Path(place).absolute())

    @property
    def database_store(self) -> str:
        """The plug-in of `seakeep.registry.stores` that keeps the database."""
        found = scheme(self.database)
        return _DATABASES.get(found, found) if found or not self.database else _NO_SCHEME

    @property
    def objects_store(self) -> str:
        """The plug-in of `seakeep.registry.stores` that keeps the objects."""
        found = scheme(self.objects)
        return _OBJECTS.get(found, found) if found or not self.objects else _NO_SCHEME

    def release(self, digest: str) -> Path:
        """The folder of a release on this machine."""
        return self.home / RELEASES / digest

    def __str__(self) -> str:
        return ", ".join([str(self.home), *(redacted(each) for each in (self.database, self.objects) if each)])
