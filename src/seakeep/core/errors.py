"""The errors of Seakeep: four parts each, so that a reader can act on the message alone.

    SeakeepError                exit code 3
    ├── UsageError              the call, command line or settings are wrong (also a ValueError)
    ├── DataError               a file or table cannot be read as asked
    ├── SchemaMismatch          data and contract disagree where the work cannot go on
    ├── ModelError              a model cannot be trained, exported or run as asked
    ├── RequestError            a request to a server is wrong; carries its HTTP status
    ├── RegistryError           the registry cannot be read or written
    └── MissingExtra            an optional dependency is not installed (also an ImportError)

Each room derives its own errors from these and keeps the wording in classmethods on them, so that a message can be
found, tested and changed in one place. The offending values stay attributes of the exception.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class SeakeepError(Exception):
    """What was found against what was expected, where, the likely cause, and the next line to type.

    Parameters: found: one sentence, found against expected, without a full stop at the end being required.
        where: file, column, stage or address; empty when `found` says it already.
        cause: the likely cause, one sentence. fix: the exact next line to type or change.
        values: the offending values; they become attributes of the exception.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, found: str, *, where: str = "", cause: str = "", fix: str = "", **values: object) -> None:
        self.found = found
        self.where = where
        self.cause = cause
        self.fix = fix
        self.values = values
        super().__init__(self._text())

    def __getattr__(self, name: str) -> object:
        values = self.__dict__.get("values", {})
        if name in values:
            return values[name]
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def _text(self) -> str:
        first = self.found if not self.where else f"{self.found} ({self.where})"
        return "\n  ".join(part for part in (first, self.cause, self.fix) if part)

    def as_plain(self) -> dict[str, str]:
        """The four parts and the error's name as text, for `--json` and HTTP answers."""
        return {
            "error": type(self).__name__,
            "found": self.found,
            "where": self.where,
            "cause": self.cause,
            "fix": self.fix,
        }


class UsageError(SeakeepError, ValueError):
    """The call, the command line or the settings are wrong."""

    @classmethod
    def unknown_name(cls, what: str, name: str, known: Iterable[str], *, where: str = "") -> UsageError:
        """`name` is not one of `known`; the nearest one is proposed."""
        known = sorted(known)
        near = nearest(name, known)
        cause = f"Did you mean {near!r}?" if near else ""
        listed = ", ".join(known) or "none"
        return cls(
            f"there is no {what} {name!r}", where=where, cause=cause, fix=f"Known: {listed}.", name=name, known=known
        )


class DataError(SeakeepError):
    """A file or table cannot be read as asked."""


class SchemaMismatch(SeakeepError):
    """Data and contract disagree where the work cannot go on."""


class ModelError(SeakeepError):
    """A model cannot be trained, exported or run as asked."""


class RequestError(SeakeepError):
    """A request to a server is wrong. `status` is the HTTP status of the answer, 400 to 499."""

    status: int

    def __init__(
        self, found: str, *, status: int = 400, where: str = "", cause: str = "", fix: str = "", **values: object
    ) -> None:
        self.status = status
        super().__init__(found, where=where, cause=cause, fix=fix, **values)


class RegistryError(SeakeepError):
    """The registry cannot be read or written."""


class MissingExtra(SeakeepError, ImportError):
    """An optional dependency is not installed."""

    @classmethod
    def of(cls, module: str, extra: str, *, purpose: str) -> MissingExtra:
        """`module` is needed for `purpose` and comes with `seakeep[extra]`."""
        return cls(
            f"{purpose} needs the package {module!r}, which is not installed",
            fix=f"pip install 'seakeep[{extra}]'",
            module=module,
            extra=extra,
        )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None where nothing is near.

    >>> nearest("distanse", ["distance", "carrier"])
    'distance'
    """
    found = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
