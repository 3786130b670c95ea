"""One predict path for REST and batch: `OnnxPredictor` runs a model, `score` a table through it, `serve` a server in front of it.

Names are imported when first used: a server's worker must start without Polars, which only `score` needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "Followed": "followed",
    "OnnxPredictor": "runtimes.onnx",
    "ScoreSummary": "scoring",
    "Served": "served",
    "score": "scoring",
    "serve": "server.run",
}

__all__ = ["Followed", "OnnxPredictor", "ScoreSummary", "Served", "score", "serve"]

if TYPE_CHECKING:
    from seakeep.serving.followed import Followed
    from seakeep.serving.runtimes.onnx import OnnxPredictor
    from seakeep.serving.scoring import ScoreSummary, score
    from seakeep.serving.served import Served
    from seakeep.serving.server.run import serve

__getattr__, __dir__ = lazily(__name__, _HOMES)
