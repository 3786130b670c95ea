"""Arrays: values as they come in bytes: checked like all others, and tensors at once.

Lists are what is logged and explained; beside them goes the array that they came as, so that the model need not be fed from
Python objects. Inputs of one datatype that follow each other in a body are one block, whose columns are asked for their extremes
in one call each; what is not well within them is read again as a list, and told what is wrong with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.features.nulls import DTYPES
from seakeep.serving.server.raw import FLOATS, LETTERS, numbers, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from seakeep.serving.server.columns import Column
    from seakeep.serving.server.converting import Values
    from seakeep.serving.server.forms.binary import Part

BLOCKS = {name: np.dtype(f"<{letter}") for name, letter in LETTERS.items() if name != "BOOL"}


class Admission:
    """Lets the values of all inputs in. Parameters: columns: the inputs."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._admitters = [Admitter(column) for column in columns]

    def read(self, body: memoryview, parts: Sequence[Part], rows: int) -> tuple[list[Any], list[Any]] | None:
        """Values and tensors by the inputs' places. Parameters: parts: one an input, in the order of the body.

        Returns: None, where a part has not as many values as there are rows. Raises: Refusal, for values that may not come in.
        """
        columns: list[Any] = [None] * len(self._admitters)
        arrays: list[Any] = columns.copy()
        for run in _runs(parts):
            first = run[0]
            dtype = BLOCKS.get(first.datatype)
            if dtype is not None:
                if any(part.end - part.begin != rows * dtype.itemsize for part in run):
                    return None
                block = np.frombuffer(body, dtype, rows * len(run), first.begin).reshape(len(run), rows)
                self._admit_block(block, run, columns, arrays)
                continue
            for part in run:
                admitter = self._admitters[part.place]
                values = admitter.of_bytes(body[part.begin : part.end], part.datatype)
                if len(values) != rows:
                    return None
                columns[part.place], arrays[part.place] = values, admitter.column.array(values)
        return columns, arrays

    def _admit_block(self, block: NDArray[Any], run: Sequence[Part], columns: list[Any], arrays: list[Any]) -> None:
        """Each row of a block is an input's values."""
        least, most, listed = block.min(axis=1).tolist(), block.max(axis=1).tolist(), block.tolist()
        is_plain = block.dtype == np.float64
        for row, part in enumerate(run):
            place = part.place
            admitter = self._admitters[place]
            lowest, highest = admitter.extremes
            if is_plain and least[row] >= lowest and most[row] <= highest:
                columns[place], arrays[place] = listed[row], block[row]
            else:
                columns[place], arrays[place] = admitter.of_array(block[row], part.datatype)


class Admitter:
    """Lets the values of one input in. Parameters: column: the input."""

    def __init__(self, column: Column) -> None:
        self.column, self.dtype = column, DTYPES[column.kind]
        self.extremes: tuple[Any, Any] = column.extremes() or (math.inf, -math.inf)
        self._is_number = column.kind is Kind.NUMBER

    def widens(self, dtype: np.dtype[Any]) -> bool:
        """Whether values of this type are written otherwise once they are in: whole numbers as numbers."""
        return self._is_number and dtype.kind != "f"

    def of_bytes(self, raw: memoryview, datatype: str) -> Values:
        """The values in `raw`. Raises Refusal, for bytes that are not of the datatype, and values that may not come in."""
        values = unpack(raw, datatype, self.column.name)
        return self.column.admit(values, datatype) if values else values

    def of_array(self, array: NDArray[Any], datatype: str) -> tuple[Values, NDArray[Any]]:
        """The values in an array of the datatype, NaN where missing, and their tensor. Raises Refusal."""
        if self.widens(array.dtype):
            array = array.astype(np.float64)
        listed: Values = array.tolist()
        least, most = self.extremes
        if array.size and array.min() >= least and array.max() <= most:
            return listed, array.astype(self.dtype, copy=False)
        admitted = self.column.admit(numbers(listed, self.column.name) if datatype in FLOATS else listed, datatype)
        return admitted, self.column.array(admitted)


def _runs(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Parts of one datatype that follow each other without a gap."""
    run: list[Part] = []
    for part in parts:
        if run and (part.datatype != run[-1].datatype or part.begin != run[-1].end):
            yield run
            run = []
        run.append(part)
    if run:
        yield run
