"""What runs a release's model: ONNX Runtime, or with compiled trees where the settings ask for it. Called once, by `engine`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from seakeep.core.errors import MissingExtra
from seakeep.serving.runtimes.onnx import OnnxPredictor
from seakeep.serving.server.families import TREES_COMPILED

if TYPE_CHECKING:
    from seakeep.serving.served import Served
    from seakeep.serving.server.metrics import Metrics
    from seakeep.serving.server.settings import Settings

_log = logging.getLogger("seakeep.serving")


def predictor_of(served: Served, settings: Settings, metrics: Metrics) -> OnnxPredictor:
    """The release's predictor. Where its trees shall be compiled and cannot be, the log says why, and ONNX Runtime runs them.

    Raises: GraphError; MissingExtra, for trees that must be compiled where llvmlite is not installed.
    """
    if settings.trees == "onnxruntime":
        return OnnxPredictor(served.model, threads=1)
    from seakeep.serving.runtimes.compiled import compiled_or_not

    try:
        predictor, reason = compiled_or_not(served.model, threads=1)
    except MissingExtra as error:
        if settings.trees == "compiled":
            raise
        predictor, reason = OnnxPredictor(served.model, threads=1), error.found
    cell = metrics.of_release(served).cell(TREES_COMPILED, served.name, served.version)
    cell.set(0.0 if reason else 1.0)
    if reason:
        level = logging.WARNING if settings.trees == "compiled" else logging.INFO
        _log.log(level, "%s %s runs in ONNX Runtime whole: %s", served.name, served.version, reason)
    return predictor
