"""What a value of each setting may be: how it is converted, and what is expected of it in words.

Called by reading for one key at a time. A type says most of it; texts with a form of their own (addresses, lengths of time) stand in
a table, whose words are told where a value has not that form. Numbers are never negative, and text becomes a number only where
it comes from an environment variable, which knows nothing else.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from seakeep.core import durations

if TYPE_CHECKING:
    from collections.abc import Sequence

_PORT = r"(?:6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[0-5]?\d{1,4})"
_ADDRESS = r"([A-Za-z][A-Za-z0-9+.-]*://\S+)?"
_FORMS = {
    "database": (
        _ADDRESS,
        'an address in quotes, "postgresql://USER@HOST/DATABASE", or empty for a file in the registry\'s folder',
    ),
    "objects": (
        _ADDRESS,
        'an address in quotes, "s3://BUCKET/PREFIX", "gs://…" or "az://…", or empty for the registry\'s folder',
    ),
    "engine": (
        r"[A-Za-z][\w+.-]*(\[(\d+|\*)\]|://\S+)?",
        'an engine\'s address in quotes, "local", "ray://HOST:PORT" or "spark://HOST:PORT"',
    ),
    "serve.http": (rf"[^\s]*:{_PORT}", 'HOST:PORT in quotes, for example "127.0.0.1:8080"'),
    "serve.grpc": (rf"([^\s]*:{_PORT})?", 'HOST:PORT in quotes, for example "127.0.0.1:9000", or empty for no gRPC'),
    "rollout.shares": (r"\s*0?\.\d+(\s*,\s*0?\.\d+)*\s*", 'shares in quotes, for example "0.05,0.25,0.5"'),
}
_ANY_TEXT = r"[^\x00]*"
_LENGTH, _LENGTHS = r"\d+(\.\d+)?\s*[wdhms]", f"a length of time in quotes, for example {durations.EXAMPLE}"
_FORMS |= {f"retrain.{name}": (_LENGTH, _LENGTHS) for name in ("cooldown", "per")}
_FORMS |= {"retrain.every": (rf"({_LENGTH})?", f"{_LENGTHS}, or empty for never")}
_FORMS |= {
    "serve.log_keep": (rf"({_LENGTH})?", f"{_LENGTHS}, or empty for ever"),
    "serve.hash_key_file": (_ANY_TEXT, "a file's path in quotes"),
}
_FORMS |= {
    "monitor.window": (rf"({_LENGTH})?", f"{_LENGTHS}, or empty for the pipeline's"),
    "monitor.grace": (_LENGTH, _LENGTHS),
}
_FORMS |= {
    "export.image": (
        r"[^\s]*",
        'an image\'s name without tag in quotes, for example "registry.example.com/team/model"',
    ),
    "export.namespace": (r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", 'a namespace in quotes, for example "models"'),
}
_POSITIVE = (
    "rollout.look_seconds",
    "retrain.max_minutes",
    *(f"serve.{name}" for name in ("workers", "max_body_mb", "max_rows", "drain_seconds")),
)


def converted(key: str, found: object, kind: Any, *, from_text: bool) -> object:
    """`found` as `kind`, or None where it is not one. Numbers are at least 0; text is turned into them from variables only."""
    if get_origin(kind) is Literal:
        return found if found in get_args(kind) else None
    if kind is int:
        if from_text and isinstance(found, str) and found.strip().isdecimal():
            found = int(found)
        whole = isinstance(found, int) and not isinstance(found, bool)
        return found if whole and found >= (key in _POSITIVE) else None  # type: ignore[operator]
    if kind is float:
        return _number(found, from_text=from_text)
    if kind is bool:
        return {"true": True, "false": False}.get(str(found).lower()) if from_text or found in (True, False) else None
    if get_origin(kind) is tuple:
        return _choices(found, get_args(get_args(kind)[0]), from_text=from_text)
    fits = isinstance(found, str | Path) and re.fullmatch(_FORMS.get(key, (r".+", ""))[0], str(found), re.DOTALL)
    return str(found) if fits else None


def expected(key: str, kind: Any) -> str:
    """What a value of that setting must be, in words."""
    if key in _FORMS:
        return _FORMS[key][1]
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(kind))
    if get_origin(kind) is tuple:
        listed = ", ".join(repr(choice) for choice in get_args(get_args(kind)[0]))
        return f"a list of some of {listed}" if listed else "a list of texts"
    if kind in (float, bool):
        return "a number of at least 0" if kind is float else "true or false"
    return f"a whole number of at least {int(key in _POSITIVE)}" if kind is int else "text in quotes"


def _number(found: object, *, from_text: bool) -> float | None:
    """A finite number of at least 0, or None."""
    if from_text and isinstance(found, str):
        try:
            found = float(found)
        except ValueError:
            return None
    fits = isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found) and found >= 0
    return float(found) if fits else None  # type: ignore[arg-type]


def _choices(found: object, known: Sequence[object], *, from_text: bool) -> tuple[object, ...] | None:
    """Some of the known values, or of any texts where none are known, each once, in the order given; or None."""
    if from_text and isinstance(found, str):
        found = [part.strip() for part in found.split(",") if part.strip()]
    fits = isinstance(found, list | tuple) and all(
        item in known if known else item and isinstance(item, str) for item in found
    )
    return tuple(dict.fromkeys(found)) if fits else None  # type: ignore[call-overload]
