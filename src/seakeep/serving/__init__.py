"""One predict path for REST and batch: `OnnxPredictor` runs a model, `score` a table through it, `serve` a server in front of it.

Names are imported when first used: a server's worker must start without Polars, which only `score` needs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_HOMES = {
    "OnnxPredictor": "runtimes.onnx",
    "ScoreSummary": "scoring",
    "Served": "served",
    "score": "scoring",
    "serve": "server.run",
}

__all__ = ["OnnxPredictor", "ScoreSummary", "Served", "score", "serve"]

if TYPE_CHECKING:
    from seakeep.serving.runtimes.onnx import OnnxPredictor
    from seakeep.serving.scoring import ScoreSummary, score
    from seakeep.serving.served import Served
    from seakeep.serving.server.run import serve


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'seakeep.serving' has no attribute {name!r}")
    return getattr(importlib.import_module(f"seakeep.serving.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
