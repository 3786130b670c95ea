"""Upkeep: removing what killed processes left behind, and checking that everything on record is whole.

Only temporary names are ever removed, and only while nobody else writes.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from seakeep.core import Check, Report, Verdict
from seakeep.core.files import TEMPORARY
from seakeep.registry.errors import TornObject, TornRelease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from seakeep.core.errors import RegistryError
    from seakeep.registry.database import Database
    from seakeep.registry.releases import Releases
    from seakeep.registry.stores import Objects


def leftovers(home: Path) -> Iterator[Path]:
    """Temporary files and folders in a home, outermost first. The caller makes sure that nobody is writing them."""
    named = (home / name for name in ("objects", "releases", "reports", "copies"))
    for folder in (home, *named, *home.glob("objects/??"), *home.glob("copies/??")):
        yield from folder.glob(f"{TEMPORARY}*")


def remove(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Remove files and folders; returns those that are gone."""
    removed = []
    for path in tuple(paths):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        removed.append(path)
    return tuple(removed)


def verify(database: Database, objects: Objects, releases: Releases) -> Report:
    """Check the database, every object and every file of every release. Reads all of it."""
    checks = (
        _database(database),
        _all_whole("registry.objects", _torn_objects(database, objects), "every object is what its name says"),
        _all_whole("registry.releases", _torn_releases(releases), "every release is what its manifest says"),
    )
    return Report("registry", "Registry", "registry", checks)


def _database(database: Database) -> Check:
    found = database.problems()
    whole = not found
    return Check(
        "registry.database",
        "registry",
        Verdict.PASS if whole else Verdict.FAIL,
        "the database is whole" if whole else f"the database is damaged: {found[0]}",
        observed=len(found),
        threshold=0,
        fix="" if whole else "Restore it from a backup.",
    )


def _all_whole(code: str, problems: Iterable[RegistryError], message: str) -> Check:
    found = tuple(problems)
    return Check(
        code,
        "registry",
        Verdict.FAIL if found else Verdict.PASS,
        f"{found[0].found} ({found[0].where})" if found else message,
        observed=len(found),
        threshold=0,
        fix=found[0].fix if found else "",
        evidence={"problems": [f"{problem.found} ({problem.where})" for problem in found]},
    )


def _torn_objects(database: Database, objects: Objects) -> Iterator[RegistryError]:
    recorded = [row[0] for row in database.execute("SELECT object FROM artifacts")]
    for digest in sorted({*objects, *recorded}):
        yield from _problem(lambda digest=digest: objects.check(digest))  # type: ignore[misc]


def _torn_releases(releases: Releases) -> Iterator[RegistryError]:
    for digest in releases.digests():
        yield from _problem(lambda digest=digest: releases.check(digest))  # type: ignore[misc]


def _problem(look: Callable[[], object]) -> Iterator[RegistryError]:
    try:
        look()
    except (TornObject, TornRelease) as error:
        yield error
