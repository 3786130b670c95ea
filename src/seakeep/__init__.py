"""Seakeep takes a machine-learning model from raw data into production and keeps it fit there.

The verbs below take nouns and return a noun; each is imported when first used, so that `import seakeep` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "Check": "core",
    "ColumnSchema": "core",
    "ColumnStatistics": "core",
    "Dataset": "core",
    "Kind": "core",
    "Model": "core",
    "Release": "core",
    "Report": "core",
    "Schema": "core",
    "Statistics": "core",
    "Task": "core",
    "Verdict": "core",
}

__all__ = [
    "Check",
    "ColumnSchema",
    "ColumnStatistics",
    "Dataset",
    "Kind",
    "Model",
    "Release",
    "Report",
    "Schema",
    "Statistics",
    "Task",
    "Verdict",
]

if TYPE_CHECKING:
    from seakeep.core import (
        Check,
        ColumnSchema,
        ColumnStatistics,
        Dataset,
        Kind,
        Model,
        Release,
        Report,
        Schema,
        Statistics,
        Task,
        Verdict,
    )


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'seakeep' has no attribute {name!r}")
    return getattr(importlib.import_module(f"seakeep.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
