"""hour: the hour of a time in UTC, 0 to 23. Missing, and times outside of the years 1 to 9999, are missing.

Convert to local time on reading where that is meant: polars.col("t").dt.convert_time_zone(…).dt.replace_time_zone(None).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from seakeep.features.block import Block, parameter, stacked
from seakeep.features.calendar import HOUR, lower_or_missing, lower_since_first, or_missing, since_first
from seakeep.features.operation import Form, Incoming, Operation, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder

NOT_A_TIME: Mapping[Form, str] = dict.fromkeys(
    (Form.NUMBER, Form.LEVELS, Form.CATEGORY),
    'Declare the column a time, timestamp("scheduled").hour(), and convert it on reading (derive=) if it is not one.',
)


@dataclass(frozen=True, slots=True)
class ClockPart(State):
    """first + (microseconds since the year 1) // microseconds mod count: hours, minutes and weekdays alike."""

    microseconds: int
    count: int
    first: int

    @property
    def levels(self) -> tuple[int, ...]:
        return tuple(range(self.first, self.first + self.count))

    def reference(self, values: NDArray[np.int64]) -> NDArray[np.float64]:
        return or_missing(self.first + since_first(values) // self.microseconds % self.count, values)

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[ClockPart]) -> Block:
        times = block.operand(builder)
        unit = builder.constant(parameter([state.microseconds for state in states], np.int64))
        part = builder.node("Div", [lower_since_first(builder, times), unit])
        part = builder.node("Mod", [part, builder.constant(parameter([state.count for state in states], np.int64))])
        if any(state.first for state in states):
            part = builder.node("Add", [part, builder.constant(parameter([state.first for state in states], np.int64))])
        return stacked(lower_or_missing(builder, part, times), len(states))


@dataclass(frozen=True, slots=True)
class Hour(Operation):
    """Nothing is fitted."""

    takes: ClassVar = frozenset({Form.TIME})
    gives: ClassVar = Form.LEVELS
    advice: ClassVar = NOT_A_TIME

    def fit(self, _incoming: Incoming, /) -> ClockPart:
        return ClockPart(HOUR, 24, 0)


DECLARATION = Hour
STATE = ClockPart
