"""The stages of a life, cached and recorded: declare a `Pipeline`, `run` it; `verbs` compose the rooms below for single steps.

Names are imported when first used: finding that a run has nothing to do must not load what a run would need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Observer": "results",
    "Pipeline": "declaration",
    "RunResult": "results",
    "Settings": "settings",
    "Spans": "spans",
    "StageResult": "results",
    "load_settings": "settings",
    "run": "runner",
}

__all__ = ["Observer", "Pipeline", "RunResult", "Settings", "Spans", "StageResult", "load_settings", "run"]

if TYPE_CHECKING:
    from seakeep.pipeline.declaration import Pipeline
    from seakeep.pipeline.results import Observer, RunResult, StageResult
    from seakeep.pipeline.runner import run
    from seakeep.pipeline.settings import Settings, load_settings
    from seakeep.pipeline.spans import Spans

__getattr__, __dir__ = lazily(__name__, _HOMES)
