"""Settings that differ by environment, from `seakeep.toml`: argument > flag > environment variable > file > default.

What a pipeline computes stays in its Python file, so no setting changes an answer, and none enters a cache key. Settings
are read once, at the door, into a frozen dataclass. A key that does not exist is an error with its line and the
nearest name: a setting that is silently ignored is found only when it was needed.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from seakeep.core import durations
from seakeep.core.addresses import has_secret, redacted
from seakeep.monitoring.settings import BadMonitor, MonitorSettings
from seakeep.pipeline.errors import BadSetting

FILE = "seakeep.toml"
PREFIX = "SEAKEEP_"
Values = Mapping[str, object]
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
    "serve.http": (rf"[^\s]*:{_PORT}", 'HOST:PORT in quotes, for example "127.0.0.1:8080"'),
    "rollout.shares": (r"\s*0?\.\d+(\s*,\s*0?\.\d+)*\s*", 'shares in quotes, for example "0.05,0.25,0.5"'),
}
_LENGTH, _LENGTHS = r"\d+(\.\d+)?\s*[wdhms]", f"a length of time in quotes, for example {durations.EXAMPLE}"
_FORMS |= {f"retrain.{name}": (_LENGTH, _LENGTHS) for name in ("cooldown", "per")}
_FORMS |= {"retrain.every": (rf"({_LENGTH})?", f"{_LENGTHS}, or empty for never")}
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
_POSITIVE = ("rollout.look_seconds", "retrain.max_minutes")


@dataclass(frozen=True, slots=True)
class RunSettings:
    """threads: of Polars and of estimators that ask; 0 for all cores. Answers do not depend on it."""

    threads: int = 0


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How the server listens and what it lets in (see serving.server.settings).

    http: "host:port". log: when a prediction is on the disk. log_seconds: at most, with "interval". dialects: spoken beside
    V2; a cloud that runs the server switches its own on. max_body_mb: MiB of one
    request. max_rows: rows of one request. drain_seconds: time that requests under way have at the end. role: as what a release
    that is served from its folder is logged. version: the registry's number of such a release; 0 where it is not known.
    """

    http: str = "127.0.0.1:8080"
    workers: int = 1
    missing: Literal["schema", "reject", "accept"] = "schema"
    domain: Literal["accept", "reject"] = "accept"
    log: Literal["off", "interval", "acknowledged"] = "interval"
    log_seconds: float = 1.0
    dialects: tuple[Literal["azure_ml", "kserve_v1", "sagemaker", "vertex"], ...] = ()
    max_body_mb: int = 8
    max_rows: int = 10_000
    drain_seconds: int = 30
    role: Literal["champion", "challenger"] = "champion"
    version: int = 0


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """How releases are let in, where a rollout is not told otherwise (see rollout.plan for what each means).

    shares: of the canary's steps, with commas between. requests, seconds: least of each step. copies, shadow_seconds: least of
    the shadow; 0 copies for none. goal_tolerance, labelled: of the loss on labelled predictions. slow_ms: a request is slow above
    so many milliseconds; 0 for the champion's own 99th percentile. look_seconds: the window of one look. settle_seconds: how
    long after it was answered a request may need to be in the log; more than the server's interval of writing.
    """

    plan: str = "canary"
    shares: str = "0.05,0.25,0.5"
    requests: int = 500
    seconds: int = 300
    copies: int = 500
    shadow_seconds: int = 60
    margin: float = 0.0
    tolerance: float = 0.01
    goal_tolerance: float = 0.02
    labelled: int = 0
    alpha: float = 0.05
    slow_ms: int = 0
    look_seconds: int = 10
    settle_seconds: int = 2

    def of(self, known: Sequence[str]) -> dict[str, object]:
        """The settings of a plan that has those called `known`."""
        given = {name: getattr(self, name) for name in known if name in self.__slots__}
        if not self.slow_ms:
            given.pop("slow_ms", None)
        return given


@dataclass(frozen=True, slots=True)
class RetrainSettings:
    """When a model is trained again, and what happens to what comes of it (see pipeline.retraining.triggers).

    on: what may start a training. every: the schedule's interval; empty for none. cooldown: least time between the starts of
    two trainings. most_runs, per: a budget, so many within that time. max_minutes: a run that takes longer is stopped.
    rollout: of a release that passed. skip_bad_spans: whether training goes on without a span that breaks the contract.
    """

    on: tuple[Literal["spans", "schedule", "drift", "decay", "alerts"], ...] = ("spans", "schedule", "drift", "decay")
    every: str = ""
    cooldown: str = "1h"
    most_runs: int = 4
    per: str = "1d"
    max_minutes: int = 60
    rollout: Literal["canary", "none"] = "canary"
    skip_bad_spans: bool = False


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What exported files name (see pipeline.exports). image: registry and name of the images. namespace: of Kubernetes."""

    image: str = ""
    namespace: str = "default"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting. home: folder of the registry; empty for `.seakeep` beside the project.

    database: address of the registry's database, "postgresql://user@host/name"; empty for a file in home. objects: address of
    its objects, "s3://bucket/prefix", "gs://…" or "az://…"; empty for home. No password may stand in the file: it comes from the
    environment, a password file, or the cloud's own identity.

    file: the seakeep.toml that was read, or None.
    """

    home: str = ""
    database: str = field(default="", repr=False)
    objects: str = ""
    run: RunSettings = field(default_factory=RunSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    rollout: RolloutSettings = field(default_factory=RolloutSettings)
    retrain: RetrainSettings = field(default_factory=RetrainSettings)
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
    export: ExportSettings = field(default_factory=ExportSettings)
    file: Path | None = None


def load_settings(start: Path, *, arguments: Values | None = None, flags: Values | None = None) -> Settings:
    """The settings that hold for folder `start`: the nearest seakeep.toml in it or above it, overridden as stated.

    Parameters: arguments, flags: values by dotted key ("serve.workers"); None means not given.
    Raises: BadSetting, for an unknown key (nearest name, line) or a wrong value (every place that was tried).
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
    if path and all(place.get("home") is None for place in places[:-1]) and values["home"]:
        values["home"] = str(path.parent / Path(str(values["home"])).expanduser())
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
    return {key: os.environ[variable(key)] for key in known if variable(key) in os.environ}


def _value(key: str, kind: Any, places: tuple[Values, ...], path: Path | None) -> object:
    """The first value given, converted; None where there is none."""
    for number, place in enumerate(places):
        found = place.get(key)
        if found is None:
            continue
        value = _converted(key, found, kind, from_text=number == 2)
        if value is None:
            raise _refused(key, found, _expected(key, kind), places, path)
        return value
    return None


def _refused(key: str, found: object, expected: str, places: tuple[Values, ...], path: Path | None) -> BadSetting:
    """What is said of a wrong value: from where it came, and every place that was tried."""
    names = _places(key, path)
    tried = [f"{where}: {_shown(values.get(key))}" for where, values in zip(names, places, strict=True)]
    place = next((where for where, values in zip(names, places, strict=True) if values.get(key) is not None), "")
    shown = redacted(found) if isinstance(found, str) else found
    return BadSetting.wrong(key, shown, expected, place=place, tried=tried)


def _places(key: str, path: Path | None) -> tuple[str, str, str, str]:
    line = f" line {_line(path, key)}" if path and _line(path, key) else ""
    return (
        f"argument {key}",
        f"flag --{key.rpartition('.')[2].replace('_', '-')}",
        variable(key),
        f"{path or FILE}{line}",
    )


def _shown(value: object) -> str:
    return "not given" if value is None else redacted(repr(value))


def _converted(key: str, found: object, kind: Any, *, from_text: bool) -> object:
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
    """Some of the known values, each once, in the order given; or None."""
    if from_text and isinstance(found, str):
        found = [part.strip() for part in found.split(",") if part.strip()]
    fits = isinstance(found, list | tuple) and all(item in known for item in found)
    return tuple(dict.fromkeys(found)) if fits else None  # type: ignore[call-overload]


def _expected(key: str, kind: Any) -> str:
    if key in _FORMS:
        return _FORMS[key][1]
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(kind))
    if get_origin(kind) is tuple:
        listed = ", ".join(repr(choice) for choice in get_args(get_args(kind)[0]))
        return f"a list of some of {listed}"
    if kind in (float, bool):
        return "a number of at least 0" if kind is float else "true or false"
    return f"a whole number of at least {int(key in _POSITIVE)}" if kind is int else "text in quotes"


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
