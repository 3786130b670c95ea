"""What can go wrong with a registry, in words. Every message of this room stands here, one classmethod each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import RegistryError, SeakeepError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from seakeep.core import Report

SHOWN = 8


class UnreadableRegistry(RegistryError):
    """The registry's database cannot be used."""

    @classmethod
    def newer(cls, path: Path | str, found: int, known: int) -> UnreadableRegistry:
        return cls(
            f"the registry has version {found}, this Seakeep reads up to version {known}",
            where=str(path),
            cause="A newer Seakeep wrote it; reading it with this one could lose what it cannot see.",
            fix="pip install --upgrade seakeep",
            path=path,
            version=found,
        )

    @classmethod
    def corrupt(cls, path: Path | str, reason: str) -> UnreadableRegistry:
        return cls(
            f"the registry is not a readable SQLite database: {reason}",
            where=str(path),
            cause="The file was torn, overwritten, or belongs to another program.",
            fix=f"Restore it from a backup, or start anew (objects and releases stay): mv {path} {path}.broken",
            path=path,
        )

    @classmethod
    def unusable(cls, path: Path, reason: str) -> UnreadableRegistry:
        return cls(
            f"the registry cannot be read or written: {reason}",
            where=str(path),
            cause="The folder is read-only, full, belongs to somebody else, or another process holds the database.",
            fix=f"Check it with: ls -ld {path.parent} && df -h {path.parent}",
            path=path,
        )

    @classmethod
    def locked(cls, path: Path, seconds: float) -> UnreadableRegistry:
        return cls(
            f"the registry is locked: another process has held it for more than {seconds:g} seconds",
            where=str(path),
            cause="A program writes into it without end, has stopped within a write, or looks at it with a database tool.",
            fix=f"See who it is and end it, then try again: fuser {path}",
            path=path,
        )

    @classmethod
    def absent(cls, places: Sequence[Path], near: Sequence[Path] = ()) -> UnreadableRegistry:
        """near: registries' folders in the projects beside or below."""
        tried = "\n  ".join(str(place) for place in places)
        fix = "Run a pipeline first (seakeep run FILE), or name its folder: --home DIR"
        if near:
            found = ", ".join(str(home) for home in near)
            fix = f"There is one in {found}. Go there: cd {near[0].parent}, or name its folder: --home {near[0]}"
        return cls(
            "there is no registry here",
            cause=f"Looked for:\n  {tried}",
            fix=fix,
            places=tuple(places),
            near=tuple(near),
        )


class TornObject(RegistryError):
    """An object of the registry is absent or is not what its name says."""

    @classmethod
    def absent(cls, kind: str, digest: str) -> TornObject:
        return cls(
            f"there is no {kind} {digest[:12]} in the registry",
            cause="It was made in another home, or its file was removed.",
            fix="Make it again: seakeep run FILE --no-cache",
            digest=digest,
        )

    @classmethod
    def differs(cls, path: Path, found: str) -> TornObject:
        return cls(
            f"the content has digest {found[:12]}, its name says otherwise",
            where=str(path),
            cause="The file was torn or changed after it was written; nothing of it was used.",
            fix=f"rm {path} && seakeep run FILE --no-cache",
            path=path,
            digest=found,
        )

    @classmethod
    def replaced(cls, address: str, found: str) -> TornObject:
        return cls(
            f"the content has digest {found[:12]}, its name says otherwise",
            where=address,
            cause="Somebody has written another object of this name, or the store has damaged it; nothing of it was used.",
            fix="Make it again, which replaces it: seakeep run FILE --no-cache",
            address=address,
            digest=found,
        )


class TornRelease(RegistryError):
    """A release's folder is absent or is not what its manifest says."""

    @classmethod
    def absent(cls, folder: Path) -> TornRelease:
        return cls(
            "the release's folder is absent or has no manifest",
            where=str(folder),
            cause="It was removed by hand, or the home was copied without it.",
            fix="Make it again: seakeep run FILE --no-cache",
            folder=folder,
        )

    @classmethod
    def differs(cls, path: Path, expected: str, found: str) -> TornRelease:
        return cls(
            f"a file of the release has digest {found[:12] or 'none'}, its manifest says {expected[:12]}",
            where=str(path),
            cause="The file was changed, torn or removed after the release was made.",
            fix="Restore the folder from a backup, or make it again: seakeep run FILE --no-cache",
            path=path,
            expected=expected,
        )


class ReleaseRefused(SeakeepError):
    """A release was not made because its reports fail. Ends the command line with exit code 1."""

    exit_code = 1

    @classmethod
    def by_reports(cls, name: str, reports: Sequence[Report]) -> ReleaseRefused:
        failed = [check for report in reports for check in report.failed]
        listed = [f"{check.code} {check.subject}: {check.message}" for check in failed[:SHOWN]]
        more = [f"and {len(failed) - SHOWN} more"] if len(failed) > SHOWN else []
        return cls(
            f"{name} was not released: {len(failed)} checks failed",
            cause="\n  ".join([*listed, *more]),
            fix=failed[0].fix or "Mend the model or the data; to release it all the same: register(…, force=True).",
            failed=tuple(failed),
        )


class BadReference(UsageError):
    """What names a release or an artifact does not name exactly one."""

    @classmethod
    def bad_name(cls, name: str) -> BadReference:
        return cls(
            f"{name!r} cannot name a release",
            cause="A name has letters, digits, '.', '_' and '-' only, begins with a letter or digit, and has at most 100.",
            fix="Choose another name, for example: flight-delay",
            name=name,
        )

    @classmethod
    def unknown(cls, reference: str, known: Iterable[str]) -> BadReference:
        known = sorted(known)
        near = nearest(reference.partition("@")[0], known)
        listed = ", ".join(known[:SHOWN]) or "none yet (seakeep run FILE makes one)"
        return cls(
            f"there is no release {reference!r}",
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"Known names: {listed}. Also name@champion, name@3, or a digest's first 4 or more digits.",
            reference=reference,
            nearest=near,
        )

    @classmethod
    def unknown_artifact(cls, reference: str, known: Iterable[str]) -> BadReference:
        near = nearest(reference, known)
        return cls(
            f"nothing on record is called {reference!r}",
            cause=f"Did you mean {near!r}?" if near else "",
            fix="Give a release (name, name@3), a digest's first 4 or more digits, a data file's path, or the id of a logged "
            "prediction. List releases with: seakeep releases",
            reference=reference,
        )

    @classmethod
    def unknown_version(cls, reference: str, versions: Sequence[int]) -> BadReference:
        name = reference.partition("@")[0]
        listed = ", ".join(str(version) for version in versions[-SHOWN:])
        return cls(
            f"{name} has no version or alias {reference.partition('@')[2]!r}",
            cause=f"Its latest versions are {listed}.",
            fix=f"seakeep releases {name}",
            reference=reference,
            versions=tuple(versions),
        )

    @classmethod
    def no_champion(cls, name: str, versions: Sequence[int]) -> BadReference:
        return cls(
            f"{name} has no champion: none of its {len(versions)} releases passed every check",
            cause="A release whose checks are inconclusive, or that was forced, is kept but not put in charge.",
            fix=f"Name a version all the same: {name}@{versions[-1]}. See why with: seakeep show {name}@{versions[-1]}",
            name=name,
        )

    @classmethod
    def ambiguous(cls, prefix: str, found: Sequence[str]) -> BadReference:
        listed = "\n  ".join(found[:SHOWN])
        return cls(
            f"{prefix!r} begins {len(found)} digests",
            cause=listed,
            fix=f"Give more digits, for example: {found[0].split()[0][: len(prefix) + 4]}",
            prefix=prefix,
            digests=tuple(found),
        )
