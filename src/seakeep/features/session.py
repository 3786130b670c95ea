"""Session: runs a graph with ONNX Runtime so that an answer never depends on the size of its batch.

One intra-op thread, sequential, no spinning: with two threads ONNX Runtime splits work by the batch's size and the last bits
follow (742 rows of 4,000 differed). Parallelism comes from running chunks at once: `run` may be called from many threads.
Nothing is checked while all goes well, since one row takes microseconds; a failed run is looked into afterwards.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.errors import ModelError
from seakeep.features.bound import Bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_DTYPES = {
    "tensor(double)": np.dtype(np.float64),
    "tensor(float)": np.dtype(np.float32),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(bool)": np.dtype(np.bool_),
    "tensor(string)": np.dtype(object),
}
_FATAL_ONLY = 4


class GraphError(ModelError):
    """A graph cannot be loaded, or cannot be run on these values."""

    @classmethod
    def unreadable(cls, error: Exception) -> GraphError:
        return cls(
            f"ONNX Runtime cannot load the graph: {_first_line(error)}",
            cause="The file is torn, or was written for a newer ONNX Runtime than is installed.",
            fix="pip install --upgrade onnxruntime, or train the model again.",
        )

    @classmethod
    def absent_input(cls, name: str, given: Sequence[str]) -> GraphError:
        return cls(
            f"the graph reads {name!r}, which was not given",
            where=f"given: {', '.join(given) or 'nothing'}",
            cause="The values were made for another model.",
            fix="Make them with seakeep.features.feeds(frame, model.inputs).",
            name=name,
        )

    @classmethod
    def unknown_input(cls, name: str, known: Sequence[str]) -> GraphError:
        return cls(
            f"{name!r} was given, which the graph does not read",
            where=f"the graph reads {', '.join(known)}",
            cause="The values were made for another model.",
            fix="Make them with seakeep.features.feeds(frame, model.inputs).",
            name=name,
        )

    @classmethod
    def wrong_input(cls, name: str, found: str, expected: str) -> GraphError:
        return cls(
            f"input {name!r} is {found}, expected {expected}",
            where="the graph's inputs",
            cause="The values did not pass through the null contract, which states one representation a kind.",
            fix="Make them with seakeep.features.feeds(frame, model.inputs).",
            name=name,
        )

    @classmethod
    def unequal_rows(cls, rows: Mapping[str, int]) -> GraphError:
        listed = ", ".join(f"{name}: {count}" for name, count in rows.items())
        return cls(
            f"the inputs differ in their number of rows: {listed}",
            where="the graph's inputs",
            cause="Columns of different tables, or of different requests, were put together.",
            fix="Make them with seakeep.features.feeds(frame, model.inputs).",
        )

    @classmethod
    def unknown_output(cls, name: str, known: Sequence[str]) -> GraphError:
        return cls(
            f"the graph has no output {name!r}",
            cause="A classifier gives probabilities and decision, a regression gives value.",
            fix=f"Known: {', '.join(known)}.",
            name=name,
        )

    @classmethod
    def failed(cls, error: Exception) -> GraphError:
        return cls(
            f"ONNX Runtime failed: {_first_line(error)}",
            cause="Memory ran out, or a value has a form that the graph cannot take (a lone surrogate in a text, say).",
            fix="Run fewer rows at once; check texts with value.encode('utf-8').",
        )


class Session:
    """A loaded graph. Loading takes about a millisecond a thousand nodes; running is safe from several threads."""

    __slots__ = ("_inputs", "_outputs", "_session")

    def __init__(self, graph: bytes) -> None:
        onnxruntime = _quiet_runtime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = _FATAL_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise GraphError.unreadable(error) from error
        self._inputs = {value.name: value for value in self._session.get_inputs()}
        self._outputs = tuple(value.name for value in self._session.get_outputs())

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the graph's inputs, in order."""
        return tuple(self._inputs)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the graph's outputs, in order."""
        return self._outputs

    def run(self, outputs: Sequence[str], feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The named outputs for some rows; only what they need is computed. Bitwise equal whatever the batch's size.

        Parameters: feeds: one array an input, as `nulls.feeds` makes them; texts must be str, since ONNX Runtime would
            write None as "None". Raises: GraphError, naming the input or output that is wrong.
        """
        try:
            result: list[NDArray[Any]] = self._session.run(outputs, feeds, None)
        except Exception as error:
            raise self._explained(outputs, feeds, error) from error
        return result

    def bound(self, names: Sequence[str], outputs: Sequence[str], *, rows: int) -> Bound | None:
        """The same for always as many rows and one thread, sooner; None where not all inputs are numbers.

        Parameters: names: all inputs, in the order in which their values will be given. Raises: GraphError.
        """
        if any(value.type != "tensor(double)" for value in self._inputs.values()):
            return None
        try:
            return Bound(self._session, names, outputs, rows=rows)
        except Exception as error:
            raise GraphError.failed(error) from error

    def _explained(self, outputs: Sequence[str], feeds: Mapping[str, Any], error: Exception) -> GraphError:
        for name in outputs:
            if name not in self._outputs:
                return GraphError.unknown_output(name, self._outputs)
        for name, value in self._inputs.items():
            if name not in feeds:
                return GraphError.absent_input(name, list(feeds))
            array = np.asarray(feeds[name])
            expected = _DTYPES.get(value.type)
            if array.ndim != len(value.shape) or array.dtype != expected:
                found = f"{array.dtype} of shape {array.shape}"
                return GraphError.wrong_input(name, found, f"{expected} of shape {tuple(value.shape)}")
        for name in feeds:
            if name not in self._inputs:
                return GraphError.unknown_input(name, list(self._inputs))
        rows = {name: len(feeds[name]) for name in self._inputs}
        return GraphError.unequal_rows(rows) if len(set(rows.values())) > 1 else GraphError.failed(error)


def _quiet_runtime() -> Any:
    """ONNX Runtime, told to keep to itself: since 1.29 importing it reports its use to its maker and leaves a device id in the
    home folder, unless this variable is set before. A user who wants that can set it to 0.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
