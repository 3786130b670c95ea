"""Seakeep takes a machine-learning model from raw data into production and keeps it fit there.

The verbs below take nouns and return a noun; each is imported when first used, so that `import seakeep` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

__version__ = "0.1.0"

_HOMES = {
    "Arm": "core",
    "Check": "core",
    "ColumnSchema": "core",
    "ColumnStatistics": "core",
    "Dataset": "core",
    "Kind": "core",
    "Model": "core",
    "Pipeline": "pipeline",
    "PredictionLog": "prediction_log",
    "Registry": "registry",
    "Release": "core",
    "Report": "core",
    "Route": "core",
    "Schema": "core",
    "Spans": "pipeline",
    "Statistics": "core",
    "Task": "core",
    "Verdict": "core",
    "advance": "pipeline.rollouts",
    "associate": "data",
    "at_least": "evaluation",
    "at_most": "evaluation",
    "clean": "data",
    "drift": "data",
    "estimator": "training",
    "evaluate": "pipeline.verbs",
    "gap_at_most": "evaluation",
    "infer_schema": "data",
    "inspect": "data",
    "no_worse_than": "evaluation",
    "predictions": "pipeline.predictions",
    "profile": "data",
    "read": "data",
    "register": "pipeline.verbs",
    "run": "pipeline",
    "score": "pipeline.batch",
    "serve": "pipeline.answering",
    "split": "data",
    "total": "data",
    "train": "training",
    "validate": "data",
}

__all__ = [
    "Arm",
    "Check",
    "ColumnSchema",
    "ColumnStatistics",
    "Dataset",
    "Kind",
    "Model",
    "Pipeline",
    "PredictionLog",
    "Registry",
    "Release",
    "Report",
    "Route",
    "Schema",
    "Spans",
    "Statistics",
    "Task",
    "Verdict",
    "advance",
    "associate",
    "at_least",
    "at_most",
    "clean",
    "drift",
    "estimator",
    "evaluate",
    "gap_at_most",
    "infer_schema",
    "inspect",
    "no_worse_than",
    "predictions",
    "profile",
    "read",
    "register",
    "run",
    "score",
    "serve",
    "split",
    "total",
    "train",
    "validate",
]

if TYPE_CHECKING:
    from seakeep.core import (
        Arm,
        Check,
        ColumnSchema,
        ColumnStatistics,
        Dataset,
        Kind,
        Model,
        Release,
        Report,
        Route,
        Schema,
        Statistics,
        Task,
        Verdict,
    )
    from seakeep.data import associate, clean, drift, infer_schema, inspect, profile, read, split, total, validate
    from seakeep.evaluation import at_least, at_most, gap_at_most, no_worse_than
    from seakeep.pipeline import Pipeline, Spans, run
    from seakeep.pipeline.answering import serve
    from seakeep.pipeline.batch import score
    from seakeep.pipeline.predictions import predictions
    from seakeep.pipeline.rollouts import advance
    from seakeep.pipeline.verbs import evaluate, register
    from seakeep.prediction_log import PredictionLog
    from seakeep.registry import Registry
    from seakeep.training import estimator, train

__getattr__, _names = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return [*_names(), "__version__"]
