"""clip: values bounded from below, from above or both. Missing stays missing; infinities become the bound.

Compared and chosen, not Max and Min: of 0.0 and -0.0 ONNX Runtime's Max takes one or the other with the batch's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from seakeep.features.block import Block, parameter, stacked
from seakeep.features.errors import BadFeature
from seakeep.features.operation import NUMERIC, Form, Incoming, Operation, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder


@dataclass(frozen=True, slots=True)
class Clip(State, Operation):
    """low, high: inclusive bounds; None for none. Nothing is fitted: the declaration is its own state."""

    low: float | None
    high: float | None
    takes: ClassVar = NUMERIC
    gives: ClassVar = Form.NUMBER
    advice: ClassVar = {
        Form.CATEGORY: 'Leave it out, or declare a number: number("distance").clip(0, 5000).',
        Form.TIME: 'Filter rows on reading: seakeep.read(…, where=polars.col("scheduled") > …).',
    }

    def __post_init__(self) -> None:
        low, high = self._bounds()
        if (self.low is None and self.high is None) or not low <= high:
            found = f"clip({self.low!r}, {self.high!r})"
            expected = "a lower bound, an upper bound or both, the lower not above the upper"
            raise BadFeature.parameter(
                "clip", found, expected, fix="Write clip(0, 5000), clip(0, None) or clip(None, 5000)."
            )

    def fit(self, _incoming: Incoming, /) -> Clip:
        low, high = (None if bound is None else float(bound) for bound in (self.low, self.high))
        return Clip(low, high)

    def reference(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        low, high = self._bounds()
        raised = np.where(values < low, low, values)
        return np.where(raised > high, high, raised)

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Clip]) -> Block:
        bounds = [state._bounds() for state in states]
        x = block.operand(builder)
        if any(state.low is not None for state in states):
            low = builder.constant(parameter([low for low, _ in bounds]))
            x = builder.node("Where", [builder.node("Less", [x, low]), low, x])
        if any(state.high is not None for state in states):
            high = builder.constant(parameter([high for _, high in bounds]))
            x = builder.node("Where", [builder.node("Greater", [x, high]), high, x])
        return stacked(x, len(states))

    def _bounds(self) -> tuple[float, float]:
        low = -np.inf if self.low is None else float(self.low)
        return low, np.inf if self.high is None else float(self.high)


DECLARATION = Clip
STATE = Clip
