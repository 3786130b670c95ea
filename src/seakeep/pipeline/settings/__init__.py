"""Settings that differ by environment, from `seakeep.toml`: argument > flag > environment variable > file > default.

What a pipeline computes stays in its Python file, so no setting changes an answer, and none enters a cache key. Settings
are read once, at the door, into a frozen dataclass. A key that does not exist is an error with its line and the
nearest name: a setting that is silently ignored is found only when it was needed.
"""

from __future__ import annotations

from seakeep.pipeline.settings.reading import find_file, keys, load_settings, variable
from seakeep.pipeline.settings.sections import (
    AccessSettings,
    CheckSettings,
    ExportSettings,
    RetrainSettings,
    RolloutSettings,
    RunSettings,
    ServeSettings,
    Settings,
    TelemetrySettings,
    TlsSettings,
)

__all__ = [
    "AccessSettings",
    "CheckSettings",
    "ExportSettings",
    "RetrainSettings",
    "RolloutSettings",
    "RunSettings",
    "ServeSettings",
    "Settings",
    "TelemetrySettings",
    "TlsSettings",
    "find_file",
    "keys",
    "load_settings",
    "variable",
]
