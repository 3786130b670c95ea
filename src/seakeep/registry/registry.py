"""Registry: the memory of a project, in one folder (`.seakeep/`) that needs no service, or on a server and in a bucket.

    registry.sqlite   what was made from what, and when; versions and aliases of releases
    objects/ab/cdef…  statistics, schemas, reports and models, named by their content
    releases/<digest> the folders that are served
    reports/          pictures of reports, for people
    locks/            who is writing
    copies/           of objects that are kept in a bucket

Files are written first and the database row last, so that what can be found is whole, whatever was killed when. Two processes
may do anything here at once. Everything but the database can be copied or put under backup while it is in use.
Where a Place names a server and a bucket, tables and objects are there and the folder holds what belongs to this machine.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from seakeep.core import locks
from seakeep.core.addresses import scheme
from seakeep.registry import stores, upkeep
from seakeep.registry.artifacts import Artifact
from seakeep.registry.charge import Charge
from seakeep.registry.database import one
from seakeep.registry.documents import Documents, Journal
from seakeep.registry.errors import BadReference, TornObject
from seakeep.registry.executions import Execution, Executions
from seakeep.registry.lineage import Direction, Lineage, trace
from seakeep.registry.nouns import N, Noun, Nouns
from seakeep.registry.place import RELEASES, Place
from seakeep.registry.releases import SHORTEST_PREFIX, Registered, Releases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from seakeep.core import Model, Report, Route

GRACE_HOURS = 7 * 24.0
"""How long an object in a bucket that nothing on record uses is kept: a run may be about to put it on record."""
_IDENTITY = ("registry", "identity")
R = TypeVar("R", Registered, Registered | None)
_PREFIX = re.compile(rf"[0-9a-f]{{{SHORTEST_PREFIX},64}}")


class Registry:
    """The registry at a place, or in a folder and nothing else, which is made if it is not there.

    Close it, or use it as a context manager. One registry belongs to one thread; open another for another thread, they see each
    other's work. Raises: UnreadableRegistry, if the database is newer than this Seakeep, torn, or cannot be opened; BadPlace.
    """

    def __init__(self, place: Place | Path | str, *, create: bool = True) -> None:
        self.place = Place.of(place)
        self.home = self.place.home
        self._objects = stores.open_objects(self.place)
        self._connection = stores.open_database(self.place, create=create)
        self._nouns = Nouns(self._connection, self._objects)
        self._releases = Releases(self._connection, self.home / RELEASES, self._objects)
        self.executions = Executions(self._connection)
        self.documents = Documents(self._connection)
        self.journal = Journal(self._connection)
        self._charge = Charge(self._releases, self.documents, self.journal)
        self._claimed = False

    @classmethod
    def existing(cls, place: Place | Path | str) -> Self:
        """The registry at a place. Raises UnreadableRegistry where there is none, and makes nothing."""
        return cls(place, create=False)

    @property
    def is_current(self) -> bool:
        """Whether this is still the registry of its place; a file may have been replaced by another one."""
        return self._connection.is_current()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def put(self, noun: Noun) -> str:
        """Keep Statistics, a Schema, a Report or a Model; returns its digest. Keeping it twice changes nothing."""
        with self.writing():
            self._claim()
            return self._nouns.put(noun)

    def get(self, kind: type[N], digest: str) -> N:
        """The noun of this kind and digest. Raises TornObject where it is absent or its file was changed."""
        return self._nouns.get(kind, digest)

    def has(self, digest: str) -> bool:
        """Whether a noun of this digest is kept."""
        return self._nouns.has(digest)

    def record(self, execution: Execution) -> int:
        """Keep the record of one stage; returns its number. Its outputs must have been kept before."""
        return self.executions.record(execution)

    def register(
        self,
        name: str,
        model: Model,
        reports: Sequence[Report],
        *,
        made_from: Mapping[str, str],
        card: str = "",
        examples: str = "",
        force: bool = False,
    ) -> Registered:
        """Make a release, or find the one of equal content; the first one that passed becomes the champion.

        made_from: digests by role ("training", "held_out", "schema", "code", "champion"). card: Markdown. examples: JSON, of what a server of it is to answer.
        Raises: ReleaseRefused (exit code 1), if a report fails and not `force`; BadReference, for an impossible name.
        """
        with self.writing():
            self._claim()
            return self._releases.register(
                name, model, reports, made_from=made_from, card=card, examples=examples, force=force
            )

    def releases(self, name: str | None = None) -> tuple[Registered, ...]:
        """Releases of one name, or of all, by name and version."""
        return self._releases.all(name)

    def resolve(self, reference: str, *, check: bool = False) -> Registered:
        """The release called "name" (its champion), "name@champion", "name@3", or by a digest's first digits.

        check: whether to compare every file with the manifest first (reads them all).
        Raises: BadReference, naming the nearest name, the versions there are, or the digests that fit; TornRelease.
        """
        return self._here(self._releases.resolve(reference), check=check)

    def champion(self, name: str) -> Registered | None:
        """The release of this name that is in charge, or None."""
        return self._here(self._charge.champion(name))

    def previous_champion(self, name: str) -> Registered | None:
        """The release that was in charge before the champion was promoted, or None. Going back is no promotion."""
        return self._here(self._charge.before(name))

    def promote(self, name: str, version: int, *, why: str, at: float | None = None, back: bool = False) -> Registered:
        """Put a release in charge: it becomes the champion and answers alone. The journal keeps who was before, and why.

        Parameters: at: Unix seconds, by default now. back: whether this returns to an earlier champion.
        Raises: BadReference, if there is no such version.
        """
        with self.transaction():
            return self._charge.promote(name, version, why=why, at=time.time() if at is None else at, back=back)

    def route(self, name: str) -> Route:
        """Who answers for `name`: the route that was set last, else the champion alone.

        Raises: BadReference, if the name has no release or no champion.
        """
        return self._charge.route(name)

    def set_route(self, route: Route, *, why: str, at: float | None = None) -> Route:
        """Change who answers; servers follow within a second. Returns the route with its revision.

        Raises: BadReference, if a release on it is not on record; DocumentChanged, if `route.revision` is not the present one.
        """
        with self.transaction():
            return self._charge.set_route(route, why=why, at=time.time() if at is None else at)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything that the block changes in documents, journal, executions, aliases and routes, or nothing of it."""
        with self._connection.transaction():
            yield

    def find(self, reference: str) -> Artifact:
        """The artifact a person means: a release (as in `resolve`), the first digits of any digest, or the path of
        a data file or of predictions.

        Raises: BadReference, if there is none or several.
        """
        with contextlib.suppress(BadReference):
            found = self._releases.resolve(reference)
            return Artifact(found.label, "release", found.release.digest)
        return self._recorded(reference)

    def lineage(self, reference: str, direction: Direction = "up") -> Lineage:
        """What the artifact was made from ("up", to the data files) or what was made from it ("down")."""
        return trace(self.executions, self.find(reference), direction)

    def verify(self) -> Report:
        """Check the database, every object and every release; reads all of them. Report kind "registry"."""
        return upkeep.verify(self._connection, self._objects, self._releases)

    def clean(self) -> tuple[Path, ...]:
        """Remove what killed processes left behind; does nothing while another process writes. Returns what went."""
        with locks.alone(self.home / "locks" / "writing", wait=False) as held:
            return upkeep.remove(upkeep.leftovers(self.home)) if held else ()

    def sweep(self, *, hours: float = GRACE_HOURS) -> tuple[str, ...]:
        """Remove objects from a bucket that nothing on record uses and nobody has written for so many hours; returns their digests.

        Nothing goes where an object on record cannot be read, since what it speaks of is not known then.
        """
        with contextlib.suppress(TornObject):
            return self._objects.sweep(lambda: self._nouns.used() | self._releases.used(), hours=hours)
        return ()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold off `clean` in other processes while this block writes."""
        with locks.shared(self.home / "locks" / "writing"):
            yield

    def _claim(self) -> None:
        """Let the store of objects know whose it is, once a process."""
        if self._claimed or not self._objects.shared:
            return
        with self.transaction():
            known = self.documents.get(*_IDENTITY)
            owner = str(known.content) if known else secrets.token_hex(16)
            if known is None:
                self.documents.put(*_IDENTITY, owner, expected=None)
        self._objects.claim(owner)
        self._claimed = True

    def _here(self, found: R, *, check: bool = False) -> R:
        """A release as it was found, after its folder was fetched where it is kept elsewhere, and its files were compared."""
        if found is not None:
            (self._releases.whole if check else self._releases.here)(found.release.digest)
        return found

    def _recorded(self, reference: str) -> Artifact:
        """The artifact on record with this path, or with a digest that begins so."""
        path = reference if scheme(reference) else str(Path(reference).absolute())
        query = "SELECT name, kind, digest FROM uses WHERE name = ? AND kind IN ('file', 'predictions')"
        row = one(self._connection.execute(f"{query} ORDER BY execution DESC LIMIT 1", (path,)))
        if row is not None:
            return Artifact(*row)
        prefix = reference.lower()
        found = self._beginning(prefix) if _PREFIX.fullmatch(prefix) else []
        if not found:
            raise BadReference.unknown_artifact(reference, self._releases.names())
        if len(found) > 1:
            raise BadReference.ambiguous(prefix, found)
        query = "SELECT name, kind, digest FROM uses WHERE digest = ? ORDER BY execution DESC LIMIT 1"
        kept = "SELECT kind, kind, digest FROM artifacts WHERE digest = ?"  # that no stage read or wrote: a window's report
        used = one(self._connection.execute(query, (found[0],)))
        return Artifact(*(used or self._connection.execute(kept, (found[0],))[0]))

    def _beginning(self, prefix: str) -> list[str]:
        """Digests on record that begin so, of what stages used and of what is kept."""
        query = "SELECT DISTINCT digest FROM {} WHERE digest >= ? AND digest < ?"
        rows = (
            row
            for name in ("uses", "artifacts")
            for row in self._connection.execute(query.format(name), (prefix, f"{prefix}g"))
        )
        return sorted({str(row[0]) for row in rows})
