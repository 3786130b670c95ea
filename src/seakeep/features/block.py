"""Block: columns of equal treatment inside a graph, computed by the same few nodes.

ONNX Runtime needs about 0.3 microseconds a node for one row, so ten columns that are filled and standardised must not cost
ten times the nodes of one. Inside the graph columns lie as rows of a tensor (columns, rows): putting n raw inputs together
takes two nodes that way (Concat, Reshape) rather than n + 1, parameters broadcast as (columns, 1), and one Transpose at the
very end makes (rows, features).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder


@dataclass(frozen=True, slots=True)
class Block:
    """Some columns: either `flat`, one tensor (rows,) each, or `stacked`, one tensor (columns, rows).

    items: for a stacked block, the rows of the tensor that are each column's items of the feature vector, in order.
    height: rows of the tensor, of which some may be nobody's item. dtype: of the tensors.
    """

    flat: tuple[str, ...] = ()
    stacked: str = ""
    items: tuple[tuple[int, ...], ...] = ()
    height: int = 0
    dtype: Any = np.float64

    def operand(self, builder: GraphBuilder) -> str:
        """A tensor that broadcasts against constants (columns, 1) to (columns, rows). One column costs no node."""
        return self.flat[0] if len(set(self.flat)) == 1 else self.rows(builder)

    def lifted(self, builder: GraphBuilder) -> str:
        """A tensor that any constant of two dimensions lifts to (columns, rows). One column costs no node."""
        return self.flat[0] if len(self.flat) == 1 else self.rows(builder)

    def rows(self, builder: GraphBuilder) -> str:
        """The tensor (columns, rows)."""
        if self.stacked:
            return self.stacked
        if len(self.flat) == 1:
            return builder.node("Unsqueeze", [self.flat[0], builder.constant(np.array([0]))])
        joined = builder.node("Concat", self.flat, axis=0)
        return builder.node("Reshape", [joined, builder.constant(np.array([len(self.flat), -1]))])

    def columns(self, builder: GraphBuilder, count: int) -> tuple[str, ...]:
        """One tensor a column, (rows,) or (1, rows)."""
        if self.flat:
            return self.flat
        if count == 1:
            return (self.stacked,)
        return builder.nodes("Split", [self.stacked], outputs=count, axis=0, num_outputs=count)


def stacked(tensor: str, count: int, *, dtype: Any = np.float64) -> Block:
    """A block of `count` columns that is the tensor (count, rows), one item each."""
    return Block(stacked=tensor, items=tuple((i,) for i in range(count)), height=count, dtype=dtype)


def side_by_side(builder: GraphBuilder, tensors: Sequence[str], widths: Sequence[int]) -> Block:
    """A finished block of booleans: one tensor (width, rows) a column, whose rows are all items of it."""
    joined = tensors[0] if len(tensors) == 1 else builder.node("Concat", tensors, axis=0)
    ends = list(accumulate(widths))
    items = tuple(tuple(range(end - width, end)) for width, end in zip(widths, ends, strict=True))
    return Block(stacked=joined, items=items, height=ends[-1], dtype=np.bool_)


def parameter(values: Sequence[float], dtype: Any = np.float64) -> NDArray[Any]:
    """One parameter a column as an array (columns, 1)."""
    return np.array(values, dtype).reshape(-1, 1)
