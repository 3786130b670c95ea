"""What answers a batch run's rows: the model in ONNX Runtime, or with its trees in native code, to the same bits.

Called by `answers`, here and on an engine's workers. Compiling takes a few tenths of a second and some 80 MiB, which a small
table does not earn back: "auto" begins in ONNX Runtime and compiles when so many rows have come, where that is possible.
"""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING, Literal, get_args

from seakeep.core.errors import MissingExtra, UsageError
from seakeep.serving.runtimes.onnx import OnnxPredictor

if TYPE_CHECKING:
    from seakeep.core.model import Model

Trees = Literal["auto", "onnxruntime", "compiled"]
COMPILE_ROWS = 1 << 18
_log = logging.getLogger("seakeep.serving")


class Predictors:
    """A model's predictors, made when they are needed, once each. Safe to ask from several threads.

    Parameters: trees: "onnxruntime"; "compiled", from the first row on; "auto", after 2^18 rows, and where it can be.
    Raises: UsageError, for another word; GraphError; MissingExtra, for "compiled" where llvmlite is not installed.
    """

    __slots__ = ("_compiled", "_compiling", "_model", "_plain", "_trees")

    def __init__(self, model: Model, trees: Trees = "auto") -> None:
        if trees not in get_args(Trees):
            raise UsageError.unknown_name("way to run trees", trees, get_args(Trees))
        self._model, self._trees, self._compiling = model, trees, Lock()
        self._plain: OnnxPredictor | None = None if trees == "compiled" else OnnxPredictor(model, threads=1)
        self._compiled = self._made() if trees == "compiled" else None

    def at(self, begin: int) -> OnnxPredictor:
        """What answers rows from number `begin` of the table on."""
        if self._compiled is None and self._trees == "auto" and begin >= COMPILE_ROWS:
            with self._compiling:
                self._compiled = self._compiled or self._made()
        found = self._compiled or self._plain
        assert found is not None
        return found

    def _made(self) -> OnnxPredictor:
        from seakeep.serving.runtimes.compiled import compiled_or_not

        try:
            predictor, reason = compiled_or_not(self._model, threads=1)
        except MissingExtra:
            if self._plain is None:
                raise
            return self._plain
        if reason and self._trees == "compiled":
            _log.warning("%s runs in ONNX Runtime whole: %s", self._model.name, reason)
        return predictor
