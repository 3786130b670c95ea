"""missing_flag: 1.0 where the value is missing, 0.0 where it is not. One item, never missing itself.

For a time, what lies outside of the years 1 to 9999 counts as missing, as it does for the parts of a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from seakeep.core.kinds import Kind
from seakeep.features.block import Block, stacked
from seakeep.features.calendar import lower_valid, valid
from seakeep.features.nulls import MISSING_TEXT
from seakeep.features.operation import Form, Incoming, Operation, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder


@dataclass(frozen=True, slots=True)
class Flag(State):
    """of: how a missing value looks in the column: NaN, the reserved text, or a time out of range."""

    of: Literal["number", "text", "time"]

    def names(self, label: str) -> tuple[str, ...]:
        return (f"{label}.missing",)

    def reference(self, values: NDArray[Any]) -> NDArray[np.float64]:
        if self.of == "text":
            return np.array([value == MISSING_TEXT for value in values.tolist()], np.float64)
        missing: NDArray[np.bool_] = ~valid(values) if self.of == "time" else np.isnan(values)
        return missing.astype(np.float64)

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Flag]) -> Block:
        x = block.rows(builder)
        if states[0].of == "text":
            flag = builder.node("Equal", [x, builder.constant(np.array(MISSING_TEXT, object))])
        elif states[0].of == "time":
            flag = builder.node("Not", [lower_valid(builder, x)])
        else:
            flag = builder.node("IsNaN", [x])
        return stacked(flag, len(states), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class MissingFlag(Operation):
    """Whether the raw value, or what an operation made of it, is missing."""

    takes: ClassVar = frozenset({Form.NUMBER, Form.LEVELS, Form.CATEGORY, Form.TIME})
    gives: ClassVar = Form.VECTOR
    needs_missing: ClassVar = True
    advice: ClassVar = {}

    def fit(self, incoming: Incoming, /) -> Flag:
        if incoming.column.kind is Kind.STRING:
            return Flag("text")
        return Flag("time" if incoming.column.kind is Kind.TIMESTAMP else "number")

    def leaves_missing(self, _before: bool, _previous: Operation | None, /) -> bool:
        return False


DECLARATION = MissingFlag
STATE = Flag
