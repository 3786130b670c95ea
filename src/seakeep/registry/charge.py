"""Who is in charge of a name: its champion, its route, and how they came to be.

The champion is an alias, the route a document, the reasons lines of the journal; a promotion changes all three in one
transaction, so that a kill leaves the world before or after it. A release holds its model, features and schema, so going back to
an earlier champion brings back all of them together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seakeep.core.codec import from_plain
from seakeep.core.route import Arm, Role, Route
from seakeep.registry.errors import BadReference
from seakeep.registry.releases import CHAMPION

if TYPE_CHECKING:
    from seakeep.registry.documents import Documents, Journal
    from seakeep.registry.releases import Registered, Releases

ROUTE = "route"


@dataclass(frozen=True, slots=True)
class Promotion:
    """A line of the journal: which version was put in charge. before: the champion until then. back: whether it was gone back to."""

    version: int
    release: str
    before: int | None
    back: bool
    why: str


@dataclass(frozen=True, slots=True)
class Charge:
    """The champion and the route of every name. Changes must happen within a transaction."""

    releases: Releases
    documents: Documents
    journal: Journal

    def champion(self, name: str) -> Registered | None:
        """The release in charge, or None."""
        version = self.releases.alias(name, CHAMPION)
        return None if version is None else self.releases.resolve(f"{name}@{version}")

    def before(self, name: str) -> Registered | None:
        """The release that was in charge when the champion was promoted, or None."""
        version = self.releases.alias(name, CHAMPION)
        for entry in reversed(self.journal.entries(kind=CHAMPION, name=name)):
            told = from_plain(Promotion, entry.content, path=f"journal {entry.id}")
            if told.version == version and not told.back:
                return None if told.before is None else self.releases.resolve(f"{name}@{told.before}")
        return None

    def promote(self, name: str, version: int, *, why: str, at: float, back: bool) -> Registered:
        """See Registry.promote."""
        self.releases.resolve(f"{name}@{version}")  # raises where there is none
        before = self.releases.alias(name, CHAMPION)
        self.releases.point(name, CHAMPION, version, at=at)
        promoted = self.releases.resolve(f"{name}@{version}")
        self.journal.append(CHAMPION, name, Promotion(version, promoted.release.digest, before, back, why), at=at)
        alone = Route(name, (arm_of(promoted, "champion"),), revision=self.documents.revision(ROUTE, name))
        self.set_route(alone, why=why, at=at)
        return promoted

    def route(self, name: str) -> Route:
        """See Registry.route."""
        kept = self.documents.get(ROUTE, name)
        if kept is not None:
            return replace(from_plain(Route, kept.content, path=f"{ROUTE} {name}"), revision=kept.revision)
        return Route(name, (arm_of(self.releases.resolve(name), "champion"),))

    def set_route(self, route: Route, *, why: str, at: float) -> Route:
        """See Registry.set_route."""
        known = {each.release.digest for each in self.releases.all(route.name)}
        for digest in route.releases:
            if digest not in known:
                raise BadReference.unknown(f"{route.name} {digest[:12]}", self.releases.names())
        revision = self.documents.put(ROUTE, route.name, route, expected=route.revision)
        changed = replace(route, revision=revision)
        self.journal.append(ROUTE, route.name, {"why": why, "route": changed}, at=at)
        return changed


def arm_of(release: Registered, role: Role, share: float = 1.0) -> Arm:
    """A release's place on a route."""
    return Arm(role, release.release.digest, release.version, share)
