"""Followed: a model's name whose route in a registry is followed while the server runs.

Reading one looks at the registry and loads every release on the route, checked against its manifest, so that a route is taken
whole or not at all. A server's worker imports this file: no Polars.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.core.release import MANIFEST_FILE
from seakeep.registry.place import Place
from seakeep.serving.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from seakeep.core.route import Arm, Route


@dataclass(frozen=True, slots=True)
class Followed:
    """A name and the releases on its route. place: of the registry. served: one a release of the route, in its order."""

    name: str
    place: Place
    route: Route
    served: tuple[Served, ...]

    @classmethod
    def of(cls, place: Place | Path, name: str) -> Followed:
        """The name as its route stands now.

        Raises: UnreadableRegistry; BadReference, if the name has no release or no champion; CannotServe, BadDocument, if a
        release cannot be loaded.
        """
        from seakeep.registry import Registry

        found = Place.of(place)
        with Registry.existing(found) as registry:
            route = registry.route(name)
        return cls(name, found, route, _load(found, name, route, ()))

    def to(self, route: Route) -> Followed:
        """The same name on another route; releases that are on both are not read again. Raises as `of`."""
        return replace(self, route=route, served=_load(self.place, self.name, route, self.served))


def _load(place: Place, name: str, route: Route, known: Iterable[Served]) -> tuple[Served, ...]:
    loaded = {one.release: one for one in known}
    arms: dict[str, Arm] = {arm.release: arm for arm in (*route.arms, *route.shadows)}
    return tuple(
        loaded.get(digest) or Served.load(_folder(place, digest), name=name, version=arms[digest].version)
        for digest in route.releases
    )


def _folder(place: Place, digest: str) -> Path:
    """A release's folder; the registry is asked only where it must be fetched, so that a server can go on without one."""
    folder = place.release(digest)
    if place.objects and not (folder / MANIFEST_FILE).is_file():
        from seakeep.registry import Registry

        with Registry.existing(place) as registry:
            registry.resolve(digest, check=True)
    return folder
