"""Bound: a graph that is run again and again for as many rows, in memory that stays where it is.

`Session.run` makes a value of ONNX Runtime of every input and an array of every answer, which for one row takes longer than the model
does (17 µs of 12 columns and 200 trees, where 8 are enough). Here inputs and answers have their places from the beginning. The
kernels are the same, and so are the bits. Since the places are shared by all runs, one thread alone may use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Bound:
    """Runs a graph whose inputs are all doubles, for always as many rows. For one thread.

    Parameters: session: ONNX Runtime's. names: of all inputs, in the order in which their values will be given. outputs: wanted.
        rows: 1 or more.
    Raises: what ONNX Runtime raises, for a graph that does not run on missing values.
    """

    __slots__ = ("_answers", "_binding", "_inputs", "_run")

    def __init__(self, session: Any, names: Sequence[str], outputs: Sequence[str], *, rows: int) -> None:
        self._inputs = np.full((len(names), rows), np.nan)
        self._answers: list[NDArray[Any]] = session.run(outputs, dict(zip(names, self._inputs, strict=True)), None)
        self._binding, self._run = session.io_binding(), session.run_with_iobinding
        for name, array in zip(names, self._inputs, strict=True):
            self._binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        for name, array in zip(outputs, self._answers, strict=True):
            self._binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)

    def run(self, columns: Sequence[Sequence[Any]]) -> list[NDArray[Any]]:
        """The outputs, which hold until the next run. Parameters: columns: numbers by input, `rows` long; None where missing."""
        self._inputs[:] = columns  # None becomes NaN
        self._run(self._binding)
        return self._answers
