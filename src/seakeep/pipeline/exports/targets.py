"""Targets: the foreign systems there are, what each needs, and its options as a person gives them.

`integrations/<target>.py` is a target; a third party adds one with an entry point `seakeep.integrations`. An option is a field
of the target's frozen dataclass `Options`, so what can be set is what has a field; its type says how text is read.
"""

from __future__ import annotations

import math
import re
from dataclasses import MISSING, Field, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from seakeep.core import plugins
from seakeep.core.errors import UsageError
from seakeep.pipeline.exports.errors import BadExport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from seakeep.pipeline.exports.subject import Subject

GROUP = "integrations"
NO_TARGETS = ("tfx",)
"""Doors to foreign systems that convert files both ways; nothing of a project or a release is exported to them."""
SHARED = ("name", "image", "namespace")
"""Options that several targets have; where one is not given, the project's [export] settings or its name hold."""
_LARGEST = 2**31 - 1
"""Whole numbers of Kubernetes and of most others have 32 bits."""
_SECRET = re.compile(
    r"(^|[._-])(password|passwd|secret|token|api[._-]?key|access[._-]?key|private[._-]?key|credentials?)$"
)
_NAMED = re.compile(r"(name|ref|file|path|variable)$")
_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """A foreign system. name: as it is typed, "github-actions". module: its file."""

    name: str
    module: ModuleType

    @classmethod
    def of(cls, name: str) -> Target:
        """The target called `name`. Raises UsageError with the nearest name; MissingExtra."""
        known = targets()
        typed = name.replace("_", "-")
        if typed not in known:
            raise UsageError.unknown_name("target", name, known)
        return cls(typed, plugins.load(GROUP, typed.replace("-", "_")))

    @property
    def needs(self) -> Literal["project", "release", "either"]:
        """What must be known."""
        found: Literal["project", "release", "either"] = self.module.NEEDS
        return found

    @property
    def measures(self) -> bool:
        """Whether it wants to know what a server of the release uses."""
        return bool(getattr(self.module, "MEASURES", False))

    @property
    def summary(self) -> str:
        """One line: what it writes."""
        return (self.module.__doc__ or "").partition("\n")[0]

    def options(self, given: Mapping[str, str], shared: Mapping[str, str]) -> Any:
        """The target's Options. given: as typed. shared: values of the project, for those that were not given.

        Raises: BadExport, for an unknown option, a value it cannot have, or a secret.
        """
        known = {each.name: each for each in fields(self.module.Options)}
        for key in given:
            if key not in known:
                raise BadExport.unknown_option(self.name, key, known)
        both = {**{key: value for key, value in shared.items() if value and key in known}, **given}
        for key, value in both.items():
            refuse_secret(f"option {key}", key, value)
        hints = get_type_hints(self.module.Options)
        return self.module.Options(**{key: self._read(known[key], hints[key], text) for key, text in both.items()})

    def files(self, subject: Subject, options: Any) -> dict[str, str]:
        """What is written: texts by relative path."""
        return dict(self.module.files(subject, options))

    def next_lines(self, subject: Subject, options: Any) -> Sequence[str]:
        """Commands to type next; none where the target says none."""
        lines = getattr(self.module, "next_lines", None)
        return tuple(lines(subject, options)) if lines else ()

    def _read(self, field: Field[Any], kind: Any, text: str) -> object:
        try:
            return _converted(kind, text)
        except ValueError:
            raise BadExport.wrong_option(self.name, field.name, text, _expected(kind)) from None


def targets() -> tuple[str, ...]:
    """Every target's name as it is typed, sorted; none is imported."""
    return tuple(name.replace("_", "-") for name in plugins.names(GROUP) if name not in NO_TARGETS)


def defaults(options: type) -> dict[str, object]:
    """Every option's default by name."""
    return {each.name: None if each.default is MISSING else each.default for each in fields(options)}


def refuse_secret(place: str, key: str, value: str) -> None:
    """Raises BadExport, if `value` is what nobody should read: by the key's name, or a password within a URL."""
    said = bool(value) and bool(_SECRET.search(key.lower())) and not _NAMED.search(key.lower())
    if said or _IN_URL.search(value):
        raise BadExport.secret(place)


def _converted(kind: Any, text: str) -> object:
    """`text` as an option's type. Raises ValueError."""
    if get_origin(kind) is Literal:
        return get_args(kind)[get_args(kind).index(text)]
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower()) if text.lower() in ("true", "false") else _no(text)
    if kind in (int, float):
        number = kind(text)
        return number if math.isfinite(number) and (kind is float or abs(number) <= _LARGEST) else _no(text)
    return text if text.isprintable() else _no(text)


def _no(text: str) -> object:
    raise ValueError(text)


def _expected(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    return {bool: "true or false", int: f"a whole number, at most {_LARGEST}", float: "a number"}.get(
        kind, "text without line breaks"
    )
