"""log1p: log(1 + x), the usual remedy for long tails. Missing stays missing; below -1 a value becomes missing.

Computed as log of the rounded sum 1 + x: its absolute error is below 1.2e-16, which is what matters to a scaled feature;
for |x| near 1e-16 the relative error is large, where C's log1p is exact. Hard: ONNX Runtime computes Log four or eight
values at a time and the rest one by one, with another last bit, so that an answer would depend on the batch's size (4,883
of 20,001 values did). ReduceLogSum over an axis of one value takes the logarithm one by one, always.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from seakeep.features.block import Block, parameter, stacked
from seakeep.features.errors import CannotFit
from seakeep.features.operation import NUMERIC, Form, Incoming, Need, Operation, State
from seakeep.features.operations.clip import Clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder


@dataclass(frozen=True, slots=True)
class Log1p(State, Operation):
    """Nothing is fitted; training data at or below -1 are refused."""

    takes: ClassVar = NUMERIC
    gives: ClassVar = Form.NUMBER
    advice: ClassVar = {
        Form.CATEGORY: 'Declare a number, number("distance").log1p(), or encode the category: .one_hot().',
        Form.TIME: 'Take a part of the time: timestamp("scheduled").hour().cyclic(24).',
    }

    @property
    def needs(self) -> Need:
        return Need.MOMENTS

    def fit(self, incoming: Incoming, /) -> Log1p:
        minimum = incoming.column.minimum
        if minimum is not None and minimum <= -1:
            raise CannotFit.too_low_for_log(incoming.feature, float(minimum))
        return self

    def leaves_missing(self, before: bool, previous: Operation | None, /) -> bool:
        bounded = isinstance(previous, Clip) and previous.low is not None and previous.low >= -1
        return before or not bounded

    def reference(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log(values + 1.0)

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Log1p]) -> Block:
        count = len(states)
        raised = builder.node("Add", [block.operand(builder), builder.constant(parameter([1.0] * count))])
        first = builder.constant(np.array([0]))
        if count > 1:
            raised = builder.node("Unsqueeze", [raised, first])
        return stacked(builder.node("ReduceLogSum", [raised, first], keepdims=int(count == 1)), count)


DECLARATION = Log1p
STATE = Log1p
