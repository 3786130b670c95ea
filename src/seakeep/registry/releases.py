"""Releases: building their folders, numbering them, naming the champion, and finding one by what a person types.

A release's folder is built under a temporary name and renamed to its digest, then a transaction gives it the next version of
its name: a kill between the two leaves a whole folder that nobody lists, and the next registration takes it up. The same
content always has the same digest, so registering it again returns the version it has. The manifest stands in the database
too: which release is the champion, and what it was made from, is known even where its folder was lost.

The first release of a name that passed every check is its champion at once; whatever comes after it waits until somebody
promotes it, on evidence (see pipeline.rollouts). Registering what is already there moves no alias.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core import Release, Verdict
from seakeep.core.codec import BadDocument, from_json, to_json
from seakeep.core.files import TEMPORARY, CannotWrite, write_bytes
from seakeep.core.release import CARD_FILE, EXAMPLES_FILE, MANIFEST_FILE
from seakeep.registry.database import one
from seakeep.registry.errors import BadReference, ReleaseRefused, TornRelease
from seakeep.registry.folders import check_folder, checked_name, write_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from seakeep.core import Model, Report
    from seakeep.registry.database import Database
    from seakeep.registry.stores import Objects

CHAMPION = "champion"
SHORTEST_PREFIX = 4
_PREFIX = re.compile(rf"[0-9a-f]{{{SHORTEST_PREFIX},64}}")


@dataclass(frozen=True, slots=True)
class Registered:
    """A release on record.

    version: 1, 2, 3 … within its name. folder: where its files stand. created: whether this call made it.
    registered: Unix seconds. aliases: names it goes by, such as "champion".
    """

    release: Release
    version: int
    folder: Path
    created: bool = False
    registered: float = 0.0
    aliases: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What a person calls it: "flight-delay@3"."""
        return f"{self.release.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Releases:
    """The folder of releases and the tables that number and name them.

    folder: of this machine. objects: where the files are kept as well if other machines are to have them; a release is then
    brought here when it is first asked for.
    """

    database: Database
    folder: Path
    objects: Objects

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
        """Make a release of `model`, or find the one that has the same content.

        Raises: ReleaseRefused, if a report fails and not `force`; BadReference, for a name that cannot be one;
        CannotWrite, on a full disk, leaving nothing behind.
        """
        checked_name(name)
        if any(report.failed for report in reports) and not force:
            raise ReleaseRefused.by_reports(name, reports)
        with self._building() as folder:
            release = write_folder(
                folder, name, model, reports, made_from=made_from, texts={CARD_FILE: card, EXAMPLES_FILE: examples}
            )
            self._settle(folder, release)
        if self.objects.shared:
            self._send(release)
        version, created = self._number(release)
        return self._registered(release.name, version, created=created)

    def all(self, name: str | None = None) -> tuple[Registered, ...]:
        """Releases of one name, or of all, by name and version. Raises BadReference for a name without any."""
        where, values = ("", ()) if name is None else ("WHERE name = ?", (name,))
        query = f"SELECT name, version FROM releases {where} ORDER BY name, version"  # noqa: S608  (constants)
        rows = self.database.execute(query, values)
        if name is not None and not rows:
            raise BadReference.unknown(name, self.names())
        return tuple(self._registered(*row) for row in rows)

    def names(self) -> tuple[str, ...]:
        """Every name that has a release."""
        return tuple(row[0] for row in self.database.execute("SELECT DISTINCT name FROM releases ORDER BY name"))

    def resolve(self, reference: str) -> Registered:
        """The release called "name" (its champion), "name@champion", "name@3", or by the beginning of its digest.

        Raises: BadReference, naming the nearest name, the versions there are, or the digests that fit.
        """
        name, at, which = reference.partition("@")
        versions = [row[0] for row in self.database.execute("SELECT version FROM releases WHERE name = ?", (name,))]
        if not versions:
            return self._by_digest(reference)
        if which.isdecimal() and int(which) in versions:
            return self._registered(name, int(which))
        alias = which if at else CHAMPION
        version = self.alias(name, alias)
        if version is None and alias == CHAMPION:
            raise BadReference.no_champion(name, sorted(versions))
        if version is None:
            raise BadReference.unknown_version(reference, sorted(versions))
        return self._registered(name, version)

    def alias(self, name: str, alias: str) -> int | None:
        """The version an alias of `name` stands for, or None."""
        query = "SELECT version FROM aliases WHERE name = ? AND alias = ?"
        row = one(self.database.execute(query, (name, alias)))
        return None if row is None else int(row[0])

    def digests(self) -> Iterator[str]:
        """The digest of every release on record."""
        return (row[0] for row in self.database.execute("SELECT digest FROM releases ORDER BY digest"))

    def used(self) -> set[str]:
        """The digests of all files of all releases on record."""
        rows = self.database.execute("SELECT manifest, name FROM releases")
        return {each for row in rows for each in from_json(Release, row[0], path=row[1]).files.values()}

    def here(self, digest: str) -> Path:
        """The folder of a release on this machine; fetched, where it is kept elsewhere and is not here yet.

        Raises: TornObject, TornRelease, where what was fetched is not what the manifest says.
        """
        place = self.folder / digest
        if not self.objects.shared or (place / MANIFEST_FILE).is_file():
            return place
        row = one(self.database.execute("SELECT manifest FROM releases WHERE digest = ?", (digest,)))
        if row is not None:
            self._fetch(from_json(Release, row[0], path=digest))
        return place

    def check(self, digest: str) -> None:
        """Raise TornRelease or TornObject, where the release's lasting files are not what its manifest says. Reads all."""
        if not self.objects.shared:
            check_folder(self.folder / digest, digest)
            return
        row = one(self.database.execute("SELECT manifest FROM releases WHERE digest = ?", (digest,)))
        for kept in sorted(set(from_json(Release, row[0], path=digest).files.values())) if row else ():
            self.objects.check(kept)

    def whole(self, digest: str) -> Path:
        """The folder of a release on this machine, every file compared with the manifest; a torn copy is fetched again."""
        place = self.here(digest)
        try:
            check_folder(place, digest)
        except (TornRelease, BadDocument):
            if not self.objects.shared:
                raise
            shutil.rmtree(place, ignore_errors=True)
            check_folder(self.here(digest), digest)
        return place

    def _send(self, release: Release) -> None:
        """Keep every file as an object; nobody is told of the release before the last of them is kept."""
        for name in release.files:
            self.objects.put((self.folder / release.digest / name).read_bytes())

    def _fetch(self, release: Release) -> None:
        with self._building() as folder:
            for name, digest in release.files.items():
                write_bytes(folder / name, self.objects.get(digest))
            release.save(folder)
            check_folder(folder, release.digest)
            self._settle(folder, release)

    @contextlib.contextmanager
    def _building(self) -> Iterator[Path]:
        """An empty folder to build a release in; removed at the end if it was not renamed."""
        folder = self.folder / f"{TEMPORARY}{secrets.token_hex(6)}"
        try:
            folder.mkdir(parents=True)
            yield folder
        except OSError as error:
            raise CannotWrite.because(folder, error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _settle(self, built: Path, release: Release) -> None:
        """Give the folder its lasting name, unless a whole one stands there; a torn one is replaced."""
        place = self.folder / release.digest
        if place.exists():
            with contextlib.suppress(TornRelease, BadDocument):
                check_folder(place, release.digest)
                return
            os.replace(place, built.with_name(f"{built.name}-torn"))
            shutil.rmtree(built.with_name(f"{built.name}-torn"), ignore_errors=True)
        try:
            os.replace(built, place)
        except OSError:
            check_folder(place, release.digest)  # another process was first

    def _number(self, release: Release) -> tuple[int, bool]:
        """The release's version, and whether it is new. The first one that passed becomes the champion."""
        now = time.time()
        with self.database.transaction():
            row = one(self.database.execute("SELECT version FROM releases WHERE digest = ?", (release.digest,)))
            if row is not None:
                return int(row[0]), False
            latest = self.database.execute("SELECT max(version) FROM releases WHERE name = ?", (release.name,))
            version = (latest[0][0] or 0) + 1
            values = (release.name, version, release.digest, to_json(release, indent=None), now)
            self.database.execute("INSERT INTO releases VALUES (?, ?, ?, ?, ?)", values)
            if release.verdict is Verdict.PASS and self.alias(release.name, CHAMPION) is None:
                self.point(release.name, CHAMPION, version, at=now)
        return version, True

    def point(self, name: str, alias: str, version: int, *, at: float) -> None:
        """Let an alias of `name` stand for this version from now on."""
        query = (
            "INSERT INTO aliases VALUES (?, ?, ?, ?) ON CONFLICT (name, alias) DO UPDATE "
            "SET version = excluded.version, changed = excluded.changed"
        )
        self.database.execute(query, (name, alias, version, at))

    def _registered(self, name: str, version: int, *, created: bool = False) -> Registered:
        query = "SELECT manifest, registered FROM releases WHERE name = ? AND version = ?"
        manifest, registered = self.database.execute(query, (name, version))[0]
        release = from_json(Release, manifest, path=f"{name}@{version}")
        query = "SELECT alias FROM aliases WHERE name = ? AND version = ? ORDER BY alias"
        aliases = tuple(row[0] for row in self.database.execute(query, (name, version)))
        return Registered(release, version, self.folder / release.digest, created, registered, aliases)

    def _by_digest(self, reference: str) -> Registered:
        prefix = reference.lower()
        if not _PREFIX.fullmatch(prefix):
            raise BadReference.unknown(reference, self.names())
        query = "SELECT digest, name, version FROM releases WHERE substr(digest, 1, ?) = ? ORDER BY digest"
        rows = self.database.execute(query, (len(prefix), prefix))
        if not rows:
            raise BadReference.unknown(reference, self.names())
        if len(rows) > 1:
            raise BadReference.ambiguous(prefix, [f"{row[0]} {row[1]}@{row[2]}" for row in rows])
        return self._registered(rows[0][1], rows[0][2])
