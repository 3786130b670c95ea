"""fill: a value for what is missing. NaN counts as missing; infinities do not and pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from seakeep.features.block import Block, parameter, stacked
from seakeep.features.errors import BadFeature, CannotFit
from seakeep.features.operation import NUMERIC, Form, Incoming, Need, Operation, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder


@dataclass(frozen=True, slots=True)
class Filled(State):
    """value: what missing becomes."""

    value: float

    def reference(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(np.isnan(values), self.value, values)

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Filled]) -> Block:
        x = block.operand(builder)
        value = builder.constant(parameter([state.value for state in states]))
        return stacked(builder.node("Where", [builder.node("IsNaN", [x]), value, x]), len(states))


@dataclass(frozen=True, slots=True)
class Fill(Operation):
    """value: a finite number, or "mean" or "median" of the training data's finite values."""

    value: float | Literal["mean", "median"]
    takes: ClassVar = NUMERIC
    gives: ClassVar = Form.NUMBER
    needs_missing: ClassVar = True
    advice: ClassVar = {
        Form.CATEGORY: "Leave it out: for a category, missing is a state of its own.",
        Form.TIME: 'Fill a part of the time: timestamp("scheduled").hour().fill(12).',
    }

    def __post_init__(self) -> None:
        number = isinstance(self.value, int | float) and not isinstance(self.value, bool) and math.isfinite(self.value)
        if not (number or self.value in ("mean", "median")):
            expected = "a finite number, 'mean' or 'median'"
            raise BadFeature.parameter("fill", repr(self.value), expected, fix='Write fill("median") or fill(0.0).')

    @property
    def needs(self) -> Need:
        return Need.MOMENTS if isinstance(self.value, str) else Need.NOTHING

    def fit(self, incoming: Incoming, /) -> Filled:
        if not isinstance(self.value, str):
            return Filled(float(self.value))
        column = incoming.column
        value = column.mean if self.value == "mean" else column.quantile(0.5)
        if value is None:
            raise CannotFit.no_values(incoming.feature, f"fill({self.value!r})")
        if not math.isfinite(value):
            raise CannotFit.too_far_apart(incoming.feature, "fill")
        return Filled(value)

    def leaves_missing(self, _before: bool, _previous: Operation | None, /) -> bool:
        return False


DECLARATION = Fill
STATE = Filled
