"""The releases that answered, as a monitor needs them: loaded once, the last few kept. Called by `monitor`."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seakeep.core.codec import BadDocument
from seakeep.monitoring.judging import Watched
from seakeep.registry.errors import BadReference, TornRelease

if TYPE_CHECKING:
    from seakeep.registry import Registry

KEPT = 4


@dataclass(slots=True, eq=False)
class Releases:
    """name: that is watched. hours: of its windows, which choose what is usual."""

    registry: Registry
    name: str
    hours: float
    _loaded: OrderedDict[str, Watched] = field(default_factory=OrderedDict)

    def of(self, digest: str) -> Watched | None:
        """The release, or None where it is not on record or its files are torn."""
        if digest not in self._loaded:
            try:
                found = self.registry.resolve(digest)
                self._loaded[digest] = Watched.load(
                    found.folder, label=found.label, digest=digest, version=found.version, hours=self.hours
                )
            except (BadReference, TornRelease, BadDocument, FileNotFoundError):
                return None
            while len(self._loaded) > KEPT:
                self._loaded.popitem(last=False)
        return self._loaded[digest]

    def label(self, digest: str) -> str:
        """What a person calls it, "flight-delay@3"; its first digits where it is not on record, the name where nobody answered."""
        release = self.of(digest) if digest else None
        return release.label if release else digest[:12] or self.name
