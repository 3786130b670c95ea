"""Kernel: the native code of `code`, compiled once in a process by llvmlite's LLVM for this CPU, and called with a model's tables.

Compiling takes a tenth of a second, whatever the model, and nothing is kept on the disk. Calls release Python's lock
and share nothing but the tables, which are never written. Raises MissingExtra where llvmlite is not installed.
"""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.errors import MissingExtra
from seakeep.serving.trees.code import text
from seakeep.serving.trees.refusal import Uncompilable
from seakeep.serving.trees.tables import LANES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from seakeep.serving.trees.tables import Tables

_WEIGHTS = {np.dtype(np.float64): "double", np.dtype(np.float32): "float"}
_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_ARGUMENTS = (
    *(_POINTER, _NUMBER, _NUMBER, _POINTER, _NUMBER, _POINTER, _NUMBER, _POINTER, _POINTER, _POINTER),
    *(_POINTER, _NUMBER, _POINTER, _POINTER, _POINTER, _NUMBER),
)
_STATE = 2
"""Words that the code needs for a lane while it is in a tree."""
_TOGETHER, _MOST_BLOCKS = 512, 8
"""Blocks that go through a tree together: as many as lie in the nearest caches with their features and sums."""
_lock = threading.Lock()
_engines: dict[str, Any] = {}
"""By the type of the sums. Kept for as long as the process lives, as code that runs cannot be freed."""


class Kernel:
    """A model's trees, ready to be added up. Safe to call from several threads."""

    __slots__ = ("_function", "_most_rows", "_places", "_tables", "_type")

    def __init__(self, tables: Tables) -> None:
        self._tables, self._type = tables, tables.leaves.dtype
        self._function = _compiled(_WEIGHTS[self._type])
        parts = (tables.features, tables.trees, tables.splits, tables.steps, tables.leaves)
        blocks = _TOGETHER // (len(tables.features) + tables.targets)
        self._most_rows = LANES * max(1, min(_MOST_BLOCKS, blocks))
        self._places = [part.ctypes.data for part in parts]

    def sums(self, rows: NDArray[np.float32]) -> NDArray[Any]:
        """Each row's sums, (rows, targets), of its features, float32 (rows, features) with a row at least.

        Raises: Uncompilable, for rows of too few features.
        """
        tables = self._tables
        if rows.shape[1] < tables.width:
            raise Uncompilable.of(f"rows have {rows.shape[1]} features, expected {tables.width}")
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        most = min(self._most_rows, -(-len(rows) // LANES) * LANES)
        out = np.empty((len(rows), tables.targets), dtype=self._type)
        turned = np.empty(len(tables.features) * most, dtype=np.float32)
        added = np.empty(tables.targets * most, dtype=self._type)
        state = np.empty(LANES * _STATE, dtype=np.int64)
        features, trees, splits, steps, leaves = self._places
        self._function(
            *(rows.ctypes.data, len(rows), rows.shape[1], features, len(tables.features), trees, len(tables.trees)),
            *(splits, steps, leaves, out.ctypes.data, tables.targets, turned.ctypes.data, added.ctypes.data),
            *(state.ctypes.data, most),
        )
        return out


def _compiled(weight: str) -> Callable[..., None]:
    with _lock:
        if weight not in _engines:
            _engines[weight] = _engine(text(LANES, weight))
        return ctypes.CFUNCTYPE(None, *_ARGUMENTS)(_engines[weight].get_function_address("sums"))


def _engine(program: str) -> Any:
    """An engine of LLVM's that holds the program, compiled for this CPU."""
    try:
        from llvmlite import binding
    except ImportError as error:
        raise MissingExtra.of("llvmlite", "compiled", purpose="Compiling trees") from error
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3, jit=True
    )
    module = binding.parse_assembly(program)
    module.verify()
    passes = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(module, passes)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine
