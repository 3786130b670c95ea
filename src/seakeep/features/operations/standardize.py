"""standardize: (x - mean) / standard deviation, of the training data's finite values. Missing stays missing.

The deviation is the population's (divisor n), as in scikit-learn's StandardScaler; a constant column is divided by 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from seakeep.features.block import Block, parameter, stacked
from seakeep.features.errors import CannotFit
from seakeep.features.operation import NUMERIC, Form, Incoming, Need, Operation, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder


@dataclass(frozen=True, slots=True)
class Scaled(State):
    """(x - center) / scale. scale: finite, above 0."""

    center: float
    scale: float

    def reference(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return (values - self.center) / self.scale

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Scaled]) -> Block:
        center = builder.constant(parameter([state.center for state in states]))
        scale = builder.constant(parameter([state.scale for state in states]))
        centered = builder.node("Sub", [block.operand(builder), center])
        return stacked(builder.node("Div", [centered, scale]), len(states))


@dataclass(frozen=True, slots=True)
class Standardize(Operation):
    """Mean 0 and standard deviation 1 over the training data."""

    takes: ClassVar = NUMERIC
    gives: ClassVar = Form.NUMBER
    advice: ClassVar = {
        Form.CATEGORY: 'Leave it out, or declare a number: number("distance").standardize().',
        Form.TIME: 'Take a part of the time: timestamp("scheduled").hour().cyclic(24).',
    }

    @property
    def needs(self) -> Need:
        return Need.MOMENTS

    def fit(self, incoming: Incoming, /) -> Scaled:
        mean, finite = incoming.column.mean, incoming.column.finite
        if mean is None:
            raise CannotFit.no_values(incoming.feature, "standardize")
        deviation = math.sqrt((incoming.column.variance or 0.0) * (finite - 1) / finite)
        return scaled(incoming.feature, "standardize", center=mean, scale=deviation)


def scaled(feature: str, operation: str, *, center: float, scale: float) -> Scaled:
    """The state, with a scale of 0 become 1. Raises CannotFit where the scale overflows."""
    if not (math.isfinite(center) and math.isfinite(scale)):
        raise CannotFit.too_far_apart(feature, operation)
    return Scaled(center, scale or 1.0)


DECLARATION = Standardize
STATE = Scaled
