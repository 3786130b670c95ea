"""Finding `seakeep.toml`, and making Settings of all the places that may give a value, the first of which counts.

What is hard is to say where a wrong value came from: every place that was tried is told, with the file's line. A secret in the file is
refused, and one in an environment variable is not shown.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

from seakeep.core.addresses import has_secret, redacted
from seakeep.monitoring.settings import BadMonitor
from seakeep.pipeline.errors import BadSetting
from seakeep.pipeline.settings.sections import Settings
from seakeep.pipeline.settings.values import converted, expected

FILE = "seakeep.toml"
PREFIX = "SEAKEEP_"
_MISSPELT = 0.8  # how alike, by difflib, a variable is to a setting that it was meant to be
_CALLERS = 2  # of the places, those that a caller gives: arguments and flags
_PATHS = (
    "home",
    "tls.certificate",
    "tls.key",
    "tls.client_ca",
    "access.tokens",
)  # those in the file are relative to it
Values = Mapping[str, object]


def load_settings(start: Path, *, arguments: Values | None = None, flags: Values | None = None) -> Settings:
    """The settings that hold for folder `start`: the nearest seakeep.toml in it or above it, overridden as stated.

    Parameters: arguments, flags: values by dotted key ("serve.workers"); None means not given.
    Raises: BadSetting, for an unknown key (nearest name, line), a misspelt variable, or a wrong value (every place that was tried).
    """
    path = find_file(start)
    written = _flat(_parsed(path)) if path else {}
    known = dict(_keys(Settings))
    for key in written:
        if key not in known:
            raise BadSetting.unknown(key, known, place=f"{path} line {_line(path, key)}")
        if has_secret(str(written[key])):
            raise BadSetting.secret(key, variable(key), place=f"{path} line {_line(path, key)}")
    places = (arguments or {}, flags or {}, _environment(known), written)
    values = {key: _value(key, kind, places, path) for key, kind in known.items()}
    for key in _PATHS:
        if path and values[key] and all(place.get(key) is None for place in places[:-1]):
            values[key] = str(path.parent / Path(str(values[key])).expanduser())
    try:
        settings: Settings = _built(Settings, {key: value for key, value in values.items() if value is not None}, path)
    except BadMonitor as error:
        key = f"monitor.{error.option}"
        raise _refused(key, values[key], str(error.expected), places, path) from error
    return settings


def find_file(start: Path) -> Path | None:
    """The nearest seakeep.toml in folder `start` or above it, or None."""
    start = Path(start).absolute()
    return next((folder / FILE for folder in (start, *start.parents) if (folder / FILE).is_file()), None)


def variable(key: str) -> str:
    """The environment variable of a setting.

    >>> variable("serve.workers")
    'SEAKEEP_SERVE_WORKERS'
    """
    return PREFIX + key.replace(".", "_").upper()


def keys() -> tuple[str, ...]:
    """Every setting's dotted key, in order."""
    return tuple(key for key, _ in _keys(Settings))


def _keys(kind: type, prefix: str = "") -> list[tuple[str, Any]]:
    hints = get_type_hints(kind)
    found: list[tuple[str, Any]] = []
    for item in fields(kind):
        hint = hints[item.name]
        if is_dataclass(hint) and isinstance(hint, type):
            found.extend(_keys(hint, f"{prefix}{item.name}."))
        elif item.name != "file":
            found.append((prefix + item.name, hint))
    return found


def _parsed(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadSetting.unreadable(path, str(error)) from error


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in table.items():
        flat.update(_flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value})
    return flat


def _environment(known: Mapping[str, Any]) -> dict[str, object]:
    """The settings that variables give. One that is nearly a setting's is refused: a server whose tokens were misspelt would be open."""
    variables = {variable(key): key for key in known}
    for name in sorted(os.environ.keys() - variables):
        if name.startswith(PREFIX) and (near := _misspelt(name, variables)):
            raise BadSetting.variable(name, near)
    return {key: os.environ[name] for name, key in variables.items() if name in os.environ}


def _misspelt(name: str, variables: Mapping[str, str]) -> str | None:
    """The setting's variable of the same section that `name` is hardly different from; None for what others put there.

    Kubernetes puts variables beside ours for a Service of that name (SEAKEEP_SERVE_PORT, SEAKEEP_SERVE_SERVICE_HOST).
    """
    sections = {variable(key.partition(".")[0]) + "_" for key in variables.values() if "." in key}
    section = next((section for section in sections if name.startswith(section)), "")
    own = {known.removeprefix(section): known for known in variables if section and known.startswith(section)}
    found = get_close_matches(name.removeprefix(section), own, n=1, cutoff=_MISSPELT)
    return own[found[0]] if found else None


def _value(key: str, kind: Any, places: tuple[Values, ...], path: Path | None) -> object:
    """The first value given, converted; None where there is none."""
    for number, place in enumerate(places):
        found = place.get(key)
        if found is None:
            continue
        value = converted(key, found, kind, from_text=number == 2)
        if value is None:
            raise _refused(key, found, expected(key, kind), places, path)
        return value
    return None


def _refused(key: str, found: object, expected: str, places: tuple[Values, ...], path: Path | None) -> BadSetting:
    """What is said of a wrong value: from where it came, and every place that was tried.

    Arguments and flags are places of those keys alone that the caller has: few settings are flags.
    """
    named = [
        (where, values.get(key))
        for number, (where, values) in enumerate(zip(_places(key, path), places, strict=True))
        if number >= _CALLERS or key in values
    ]
    tried = [f"{where}: {_shown(value)}" for where, value in named]
    given = next((number for number, (_, value) in enumerate(named) if value is not None), None)
    place = "" if given is None else named[given][0]
    shown = redacted(found) if isinstance(found, str) else found
    return BadSetting.wrong(
        key, shown, expected, place=place, tried=tried, earlier=[where for where, _ in named[: given or 0]]
    )


def _places(key: str, path: Path | None) -> tuple[str, str, str, str]:
    line = f" line {_line(path, key)}" if path and _line(path, key) else ""
    name = key.replace(".", "-") if key.startswith("tls.") else key.rpartition(".")[2]
    return f"argument {key}", f"flag --{name.replace('_', '-')}", variable(key), f"{path or FILE}{line}"


def _shown(value: object) -> str:
    return "not given" if value is None else redacted(repr(value))


def _built(kind: Any, values: Values, path: Path | None) -> Any:
    hints = get_type_hints(kind)
    own: dict[str, Any] = {key: value for key, value in values.items() if "." not in key}
    for name, hint in hints.items():
        if is_dataclass(hint):
            part = {key.removeprefix(f"{name}."): value for key, value in values.items() if key.startswith(f"{name}.")}
            own[name] = _built(hint, part, path)
    return kind(**own, file=path) if kind is Settings else kind(**own)


def _line(path: Path | None, key: str) -> int:
    """The line of a TOML file that sets `key`, as well as can be told from its text; 0 where none does."""
    section, _, name = key.rpartition(".")
    current = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path else (), start=1):
        heading = re.match(r"\s*\[{1,2}([^\[\]]+)\]", line)
        current = heading[1].strip() if heading else current
        if re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line) and current == section:
            return number
        if re.match(rf"\s*{re.escape(key)}\s*=", line) or (heading and current == key):
            return number
    return _line(path, section) if section else 0  # a key within an inline table stands on that table's line
