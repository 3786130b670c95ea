"""What can go wrong with an export, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class BadExport(UsageError):
    """A project or release cannot be exported as asked."""

    @classmethod
    def unknown_option(cls, target: str, name: str, known: Iterable[str]) -> BadExport:
        known = sorted(known)
        near = nearest(name, known)
        return cls(
            f"{target} has no option {name!r}",
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"It has: {', '.join(known) or 'none'}.",
            target=target,
            name=name,
            known=known,
        )

    @classmethod
    def wrong_option(cls, target: str, name: str, found: object, expected: str) -> BadExport:
        return cls(
            f"{name} is {found!r}; expected {expected}",
            where=f"option of {target}",
            fix=f"--set {name}=… with {expected}",
            target=target,
            name=name,
            value=found,
        )

    @classmethod
    def secret(cls, place: str) -> BadExport:
        """The value itself is not told: messages end up in logs."""
        return cls(
            f"{place} holds what looks like a secret; exported files are read by many",
            cause="A password in a URL, or a key whose name says so.",
            fix="Keep it in the platform's secret store, and give the name of that secret instead.",
            place=place,
        )

    @classmethod
    def no_image(cls, target: str) -> BadExport:
        return cls(
            f"{target} needs the name of an image, and there is none",
            cause="Images are pulled from a registry; which one is yours, only you know.",
            fix='--set image=REGISTRY/NAME, or image = "REGISTRY/NAME" below [export] in seakeep.toml',
            target=target,
        )

    @classmethod
    def illegal_name(cls, name: str, legal: str) -> BadExport:
        rule = "lower-case letters, digits and '-', beginning with a letter, at most 52 of them"
        return cls(
            f"{name!r} cannot be the name of an object in Kubernetes, which takes {rule}",
            fix=f"--set name={legal}" if legal else "--set name=NAME",
            name=name,
            legal=legal,
        )

    @classmethod
    def needs(cls, target: str, needed: str, given: str) -> BadExport:
        fixes = {
            "project": f"seakeep export {target} pipeline.py -o DIR",
            "release": f"seakeep run pipeline.py && seakeep export {target} NAME -o DIR",
        }
        return cls(
            f"{target} is exported from a {needed}, and {given!r} has none",
            cause="No release of it passed its checks yet." if needed == "release" else "",
            fix=fixes[needed],
            target=target,
        )

    @classmethod
    def not_passed(cls, label: str, verdict: str) -> BadExport:
        return cls(
            f"{label} did not pass its checks: its verdict is {verdict}",
            cause="What is exported is meant to answer people.",
            fix=f"See why: seakeep show {label}. To export it all the same, marked: --force REASON",
            label=label,
            verdict=verdict,
        )

    @classmethod
    def no_reason(cls) -> BadExport:
        return cls("--force has no reason", fix='Say why, for example --force "only for the test cluster"')

    @classmethod
    def taken(cls, path: Path) -> BadExport:
        return cls(
            f"{path} is no file that an export wrote, and would be overwritten",
            cause="Exported files say so in .seakeep-export beside them; this folder's list does not name it.",
            fix="Choose another folder with -o, or move the file away.",
            path=path,
        )

    @classmethod
    def within_registry(cls, folder: Path, home: Path) -> BadExport:
        return cls(
            f"{folder} lies within the registry {home}",
            cause="What is in there is the registry's: its releases are held against their digests, and what it does not know may go.",
            fix="Choose another folder with -o, for example -o deploy",
            path=folder,
        )
