"""Followed: a model's name whose route in a registry is followed while the server runs.

Reading one looks at the registry and loads every release on the route, checked against its manifest, so that a route is taken
whole or not at all. A server's worker imports this file: no Polars.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.registry import Registry
from seakeep.serving.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from seakeep.core.route import Arm, Route

RELEASES = "releases"


@dataclass(frozen=True, slots=True)
class Followed:
    """A name and the releases on its route. home: of the registry. served: one a release of the route, in its order."""

    name: str
    home: Path
    route: Route
    served: tuple[Served, ...]

    @classmethod
    def of(cls, home: Path, name: str) -> Followed:
        """The name as its route stands now.

        Raises: UnreadableRegistry; BadReference, if the name has no release or no champion; CannotServe, BadDocument, if a
        release cannot be loaded.
        """
        with Registry.existing(home) as registry:
            route = registry.route(name)
        return cls(name, home, route, _load(home, name, route, ()))

    def to(self, route: Route) -> Followed:
        """The same name on another route; releases that are on both are not read again. Raises as `of`."""
        return replace(self, route=route, served=_load(self.home, self.name, route, self.served))


def _load(home: Path, name: str, route: Route, known: Iterable[Served]) -> tuple[Served, ...]:
    loaded = {one.release: one for one in known}
    arms: dict[str, Arm] = {arm.release: arm for arm in (*route.arms, *route.shadows)}
    return tuple(
        loaded.get(digest) or Served.load(home / RELEASES / digest, name=name, version=arms[digest].version)
        for digest in route.releases
    )
