"""Arrays: the values of one input as they come in bytes: checked like every other's, and a tensor at once.

Lists are what is checked, logged and explained; beside them goes the array that they came as, so that the model need not be
fed from Python objects. Many values are checked by the array's extremes, few by the list: each is the sooner done there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.serving.server.raw import FLOATS, LETTERS, numbers, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.serving.server.columns import Column, Values

_FEW_BYTES = 128
"""Up to here an array costs more than it saves."""
_MANY = 256
"""Above this, an array is asked for its extremes sooner than a list."""


class Admitter:
    """Lets the values of one input in. Parameters: column: the input. dtype: of its tensor (features.nulls)."""

    def __init__(self, column: Column, dtype: np.dtype[Any]) -> None:
        self.column, self._name, self._dtype = column, column.name, dtype
        self._extremes, self._is_number = column.extremes(), column.kind is Kind.NUMBER
        self._dtypes = {one: np.dtype(f"<{LETTERS[one]}") for one in column.datatypes if one in LETTERS}

    def of_bytes(self, raw: memoryview, datatype: str) -> tuple[Values, NDArray[Any] | None]:
        """The values in `raw`, and their tensor where it was at hand. Parameters: datatype: one of the column's.

        Raises: Refusal, for bytes that are not of the datatype, and values that may not come in.
        """
        dtype = self._dtypes.get(datatype)
        if dtype is None or len(raw) <= _FEW_BYTES or len(raw) % dtype.itemsize or dtype.kind == "b":
            return self.column.admit(unpack(raw, datatype, self._name), datatype), None
        return self.of_array(np.frombuffer(raw, dtype), datatype)

    def of_array(self, array: NDArray[Any], datatype: str) -> tuple[Values, NDArray[Any] | None]:
        """As `of_bytes`, of an array of the datatype, NaN where missing."""
        if self._is_number and array.dtype.kind != "f":
            array = array.astype(np.float64)
        listed: Sequence[Any] = array.tolist()
        if len(array) > _MANY and self._extremes is not None:
            least, most = self._extremes
            if array.min() >= least and array.max() <= most:
                return listed, array.astype(self._dtype, copy=False)
        if datatype in FLOATS:
            listed = numbers(listed, self._name)
        admitted = self.column.admit(listed, datatype)
        return admitted, array.astype(self._dtype, copy=False) if admitted is listed else None
