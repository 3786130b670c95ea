"""BadSetting: seakeep.toml, an environment variable or a flag is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


class BadSetting(UsageError):
    """A setting is wrong; the message lists every place that was tried."""

    @classmethod
    def unknown(cls, key: str, known: Iterable[str], *, place: str) -> BadSetting:
        known = sorted(known)
        near = nearest(key, known)
        return cls(
            f"there is no setting {key!r}",
            where=place,
            cause=f"Did you mean {near!r}?" if near else f"Known: {', '.join(known)}.",
            fix=f"Rename it to {near}, or remove the line." if near else "Remove the line.",
            key=key,
            nearest=near,
        )

    @classmethod
    def variable(cls, name: str, near: str) -> BadSetting:
        return cls(
            f"the environment variable {name} is no setting",
            cause=f"Did you mean {near}?",
            fix=f"Rename it, or take it away: unset {name}",
            key=name,
            nearest=near,
        )

    @classmethod
    def wrong(
        cls, key: str, found: object, expected: str, *, place: str, tried: Sequence[str], earlier: Sequence[str] = ()
    ) -> BadSetting:
        """place: that gave the value. tried: each place with what it gave. earlier: the places that come before it."""
        better = f", or give the setting in a place that comes earlier: {' or '.join(earlier)}" if earlier else ""
        return cls(
            f"setting {key} is {found!r}, expected {expected}",
            where=place,
            cause="Tried in order:\n    " + "\n    ".join(tried),
            fix=f"Change it there{better}.",
            key=key,
            value=found,
            tried=tuple(tried),
        )

    @classmethod
    def secret(cls, key: str, variable: str, *, place: str) -> BadSetting:
        return cls(
            f"setting {key} holds a password or a key, which may not stand in a file",
            where=place,
            cause="The file is kept with the project's sources, and many read it.",
            fix=f"Take it out, and give it by the environment ({variable}, PGPASSWORD, PGPASSFILE) or the cloud's own identity.",
            key=key,
        )

    @classmethod
    def unreadable(cls, path: Path, reason: str) -> BadSetting:
        return cls(
            f"the settings are not TOML: {reason}",
            where=str(path),
            cause="A quote or bracket is not closed, or text stands without quotes.",
            fix=f"Mend that line of {path}, for example: workers = 2",
            path=path,
        )
