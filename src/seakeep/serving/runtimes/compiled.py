"""Compiled: a model's trees in native code where many rows are asked for, and the rest of its graph in ONNX Runtime.

Answers are equal to the bit to ONNX Runtime's, so that each call takes the quicker way: few rows the whole graph in ONNX Runtime, more
the three parts (see trees.cut). A graph whose trees cannot be compiled is left to ONNX Runtime whole. `serve.trees` switches it on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.core.kinds import Task
from seakeep.features.session import Session
from seakeep.serving.runtimes.onnx import OnnxPredictor
from seakeep.serving.trees.cut import FEATURES, cut
from seakeep.serving.trees.refusal import Uncompilable
from seakeep.serving.trees.tables import laid_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.core.model import Model
    from seakeep.features.bound import Bound
    from seakeep.serving.runtimes.onnx import Runs

_LEAST_ROWS, _LEAST_VISITS = 12, 3000
"""Measured: below, ONNX Runtime is as quick, since two more sessions are run and half of the lanes are empty."""


class CompiledSession:
    """A graph in three parts, run as `features.session.Session` runs it whole. Safe to call from several threads.

    Parameters: graph, outputs: as of the model; outputs: the answers. whole: runs the graph.
    Raises: Uncompilable, for a graph of another form; MissingExtra, without llvmlite.
    Memory: beside the whole graph's, that of its features and of the trees' tables (26 bytes a leaf).
    """

    __slots__ = ("_after", "_answers", "_before", "_kernel", "_sums", "_whole", "least_rows")

    def __init__(self, graph: bytes, outputs: Sequence[str], whole: Runs) -> None:
        from seakeep.serving.trees.kernel import Kernel

        parts = cut(graph, outputs)
        tables = laid_out(parts)
        self._kernel = Kernel(tables)
        self._before, self._after = Session(parts.before), Session(parts.after)
        self._whole, self._answers, self._sums = whole, tuple(outputs), parts.sums
        self.least_rows = max(_LEAST_ROWS, _LEAST_VISITS // len(tables.trees))

    def run(self, outputs: Sequence[str], feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The named outputs for some rows. Raises GraphError as `Session.run` does."""
        if outputs != self._answers or len(next(iter(feeds.values()), ())) < self.least_rows:
            return self._whole.run(outputs, feeds)
        features = self._before.run((FEATURES,), feeds)[0]
        return self._after.run(outputs, {self._sums: self._kernel.sums(features)})

    def bound(self, names: Sequence[str], outputs: Sequence[str], *, rows: int) -> Bound | None:
        """For rows that ONNX Runtime runs whole, see `Session.bound`; None for more."""
        return self._whole.bound(names, outputs, rows=rows) if rows < self.least_rows else None


def predictor(model: Model, *, threads: int | None = None) -> OnnxPredictor:
    """What answers for the model, its trees compiled where that can be. Raises as `compiled_or_not`."""
    return compiled_or_not(model, threads=threads)[0]


def compiled_or_not(model: Model, *, threads: int | None = None) -> tuple[OnnxPredictor, str]:
    """What answers for the model, and why its trees are not compiled; "" where they are.

    Parameters: threads: see OnnxPredictor.
    Raises: GraphError; MissingExtra, without llvmlite.
    """
    plain = OnnxPredictor(model, threads=threads)
    outputs = ("value",) if model.task is Task.REGRESSION else ("probabilities", "decision")
    try:
        session = CompiledSession(model.graph, outputs, plain.session)
    except Uncompilable as error:
        return plain, error.found
    return OnnxPredictor(model, threads=threads, session=session), ""
