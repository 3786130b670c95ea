"""cyclic: sine and cosine of a number that comes round: 23 o'clock lies beside 0 o'clock. Two items; missing stays missing.

The angle is reduced exactly before the sine, so that large numbers lose nothing; infinities have no angle and become
missing. The cosine is the sine a quarter later (absolute error below 4e-16). Hard: ONNX Runtime computes Sin several values
at a time and the rest one by one, with another last bit. So the tensor always has a multiple of eight rows (spare ones are
not taken), and no rest is left, whatever the number of rows of data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from seakeep.features.block import Block, parameter
from seakeep.features.errors import BadFeature
from seakeep.features.operation import NUMERIC, Form, Incoming, Operation, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder

LANES = 8
QUARTER = math.pi / 2


@dataclass(frozen=True, slots=True)
class Cyclic(State, Operation):
    """period: the number after which values come round, above 0. Nothing is fitted."""

    period: float
    takes: ClassVar = NUMERIC
    gives: ClassVar = Form.VECTOR
    advice: ClassVar = {
        Form.CATEGORY: 'Declare a number, number("hour").cyclic(24), or encode the category: .one_hot().',
        Form.TIME: 'Take a part of the time first: timestamp("scheduled").hour().cyclic(24).',
    }

    def __post_init__(self) -> None:
        number = isinstance(self.period, int | float) and not isinstance(self.period, bool)
        if not (number and math.isfinite(self.period) and 1e-100 < self.period < 1e100):
            expected = "a period above 0: after how many units the number comes round"
            raise BadFeature.parameter("cyclic", repr(self.period), expected, fix="Write hour().cyclic(24).")

    def fit(self, _incoming: Incoming, /) -> Cyclic:
        return Cyclic(float(self.period))

    def names(self, label: str) -> tuple[str, ...]:
        return (f"{label}.sin", f"{label}.cos")

    def reference(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        angle = np.fmod(values, self.period) * (2 * math.pi / self.period)
        wave: NDArray[np.float64] = np.sin(angle + parameter([0.0, QUARTER]))
        return wave

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Cyclic]) -> Block:
        columns = [column for column in range(len(states)) for _ in range(2)]
        columns += [0] * (-len(columns) % LANES)
        periods = [states[column].period for column in columns]
        x = block.operand(builder) if len(states) == 1 else _repeated(builder, block, columns)
        angle = builder.node(
            "Mod", [x, builder.constant(parameter(periods if len(states) > 1 else periods[:1]))], fmod=1
        )
        angle = builder.node("Mul", [angle, builder.constant(parameter([2 * math.pi / period for period in periods]))])
        phases = parameter([0.0, QUARTER] * (len(columns) // 2))
        wave = builder.node("Sin", [builder.node("Add", [angle, builder.constant(phases)])])
        items = tuple((2 * i, 2 * i + 1) for i in range(len(states)))
        return Block(stacked=wave, items=items, height=len(columns))


def _repeated(builder: GraphBuilder, block: Block, columns: Sequence[int]) -> str:
    return builder.node("Gather", [block.rows(builder), builder.constant(np.array(columns))], axis=0)


DECLARATION = Cyclic
STATE = Cyclic
