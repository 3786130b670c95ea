"""The stages of a life, cached and recorded: declare a `Pipeline`, `run` it; `verbs` compose the rooms below for single steps.

Names are imported when first used: finding that a run has nothing to do must not load what a run would need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_HOMES = {
    "Observer": "results",
    "Pipeline": "declaration",
    "RunResult": "results",
    "Settings": "settings",
    "StageResult": "results",
    "load_settings": "settings",
    "run": "runner",
}

__all__ = ["Observer", "Pipeline", "RunResult", "Settings", "StageResult", "load_settings", "run"]

if TYPE_CHECKING:
    from seakeep.pipeline.declaration import Pipeline
    from seakeep.pipeline.results import Observer, RunResult, StageResult
    from seakeep.pipeline.runner import run
    from seakeep.pipeline.settings import Settings, load_settings


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'seakeep.pipeline' has no attribute {name!r}")
    return getattr(importlib.import_module(f"seakeep.pipeline.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
