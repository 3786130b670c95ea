"""Upkeep: removing what killed processes left behind, and checking that everything on record is whole.

Only temporary names are ever removed, and only while nobody else writes.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from seakeep.core import Check, Report, Verdict
from seakeep.core.files import TEMPORARY
from seakeep.registry.errors import TornObject, TornRelease
from seakeep.registry.releases import check_folder

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from seakeep.core.errors import RegistryError
    from seakeep.registry.objects import Objects
    from seakeep.registry.releases import Releases


def leftovers(home: Path) -> Iterator[Path]:
    """Temporary files and folders in a home, outermost first. The caller makes sure that nobody is writing them."""
    for folder in (home, *(home / name for name in ("objects", "releases", "reports")), *home.glob("objects/??")):
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


def verify(connection: sqlite3.Connection, objects: Objects, releases: Releases) -> Report:
    """Check the database, every object and every file of every release. Reads all of it."""
    checks = (
        _database(connection),
        _all_whole("registry.objects", _torn_objects(connection, objects), "every object is what its name says"),
        _all_whole("registry.releases", _torn_releases(releases), "every release is what its manifest says"),
    )
    return Report("registry", "Registry", "registry", checks)


def _database(connection: sqlite3.Connection) -> Check:
    found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check").fetchall()]
    whole = found == ["ok"]
    return Check(
        "registry.database",
        "registry",
        Verdict.PASS if whole else Verdict.FAIL,
        "the database is whole" if whole else f"the database is damaged: {found[0]}",
        observed=len(found) - whole,
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


def _torn_objects(connection: sqlite3.Connection, objects: Objects) -> Iterator[RegistryError]:
    recorded = [row[0] for row in connection.execute("SELECT object FROM artifacts").fetchall()]
    for digest in sorted({*objects, *recorded}):
        yield from _problem(lambda digest=digest: objects.get(digest))  # type: ignore[misc]


def _torn_releases(releases: Releases) -> Iterator[RegistryError]:
    for digest in releases.digests():
        yield from _problem(lambda digest=digest: check_folder(releases.folder / digest, digest))  # type: ignore[misc]


def _problem(look: Callable[[], object]) -> Iterator[RegistryError]:
    try:
        look()
    except (TornObject, TornRelease) as error:
        yield error
