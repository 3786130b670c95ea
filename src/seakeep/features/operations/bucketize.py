"""bucketize: the number of the range that a value lies in: 0 below the first edge, then [edge, next edge). Missing stays missing.

Edges are given, or fitted as quantiles: exact while the column has at most 2,048 different values, else a point of the
right bucket of its histogram. Equal quantiles are one edge, so fewer ranges than asked for may come out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from seakeep.features.block import Block, stacked
from seakeep.features.errors import BadFeature, CannotFit
from seakeep.features.operation import NUMERIC, Form, Incoming, Need, Operation, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder

MOST = 1000


@dataclass(frozen=True, slots=True)
class Buckets(State):
    """edges: ascending, finite."""

    edges: tuple[float, ...]

    @property
    def levels(self) -> tuple[int, ...]:
        return tuple(range(len(self.edges) + 1))

    def reference(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        number = np.searchsorted(np.array(self.edges), values, side="right")
        return np.where(np.isnan(values), np.nan, number.astype(np.float64))

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Buckets]) -> Block:
        x = block.lifted(builder)
        compared, axis = x, 0
        if len(states) > 1:
            axis = 1
            compared = builder.node("Unsqueeze", [x, builder.constant(np.array([1]))])
        reached = builder.node("GreaterOrEqual", [compared, builder.constant(_edges(states))])
        number = builder.node(
            "ReduceSum",
            [builder.cast(reached, np.float64), builder.constant(np.array([axis]))],
            keepdims=int(len(states) == 1),
        )
        missing = builder.constant(np.array(np.nan))
        return stacked(builder.node("Where", [builder.node("IsNaN", [x]), missing, number]), len(states))


@dataclass(frozen=True, slots=True)
class Bucketize(Operation):
    """edges: ascending finite numbers, or into how many ranges of equal weight to cut, 2 to 1,000."""

    edges: tuple[float, ...] | int
    takes: ClassVar = NUMERIC
    gives: ClassVar = Form.LEVELS
    advice: ClassVar = {
        Form.CATEGORY: 'Declare a number, number("distance").bucketize(10), or encode the category: .one_hot().',
        Form.TIME: 'Take a part of the time: timestamp("scheduled").hour().bucketize([6, 12, 18]).',
    }

    def __post_init__(self) -> None:
        if not isinstance(self.edges, int | float | str) and isinstance(self.edges, Iterable):
            edges = tuple(float(edge) for edge in self.edges)
            object.__setattr__(self, "edges", edges)
            fits = bool(edges) and all(map(math.isfinite, edges)) and list(edges) == sorted(set(edges))
        else:
            fits = isinstance(self.edges, int) and not isinstance(self.edges, bool) and 2 <= self.edges <= MOST
        if not fits:
            expected = f"ascending finite edges, or a number of ranges from 2 to {MOST}"
            fix = "Write bucketize(10) or bucketize([500, 1000, 2000])."
            raise BadFeature.parameter("bucketize", repr(self.edges), expected, fix=fix)

    @property
    def needs(self) -> Need:
        return Need.MOMENTS if isinstance(self.edges, int) else Need.NOTHING

    def fit(self, incoming: Incoming, /) -> Buckets:
        if not isinstance(self.edges, int):
            return Buckets(self.edges)
        quantiles = {incoming.column.quantile(i / self.edges) for i in range(1, self.edges)}
        edges = tuple(sorted(quantile for quantile in quantiles if quantile is not None))
        if not edges:
            raise CannotFit.no_values(incoming.feature, "bucketize")
        return Buckets(edges)


def _edges(states: Sequence[Buckets]) -> NDArray[np.float64]:
    """(edges, 1) of one column, (columns, edges, 1) of several; shorter ones end in NaN, which no value reaches."""
    table = np.full((len(states), max(len(state.edges) for state in states), 1), np.nan)
    for row, state in zip(table, states, strict=True):
        row[: len(state.edges), 0] = state.edges
    return table[0] if len(states) == 1 else table


DECLARATION = Bucketize
STATE = Buckets
