"""year: the year of a time in UTC, 1 to 9999. Missing, and times outside of these years, are missing.

The training data's last year says nothing of the next one: prefer what comes round (month, weekday), or bound it by `clip`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from seakeep.features import calendar
from seakeep.features.block import Block, stacked
from seakeep.features.operation import Form, Incoming, Operation, State
from seakeep.features.operations.hour import NOT_A_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder


@dataclass(frozen=True, slots=True)
class Year(State, Operation):
    """Nothing is fitted: the declaration is its own state."""

    takes: ClassVar = frozenset({Form.TIME})
    gives: ClassVar = Form.NUMBER
    advice: ClassVar = NOT_A_TIME

    def fit(self, _incoming: Incoming, /) -> Year:
        return self

    def reference(self, values: NDArray[np.int64]) -> NDArray[np.float64]:
        days = calendar.since_first(values) // calendar.DAY
        cycles, day = days // calendar.CYCLE_DAYS, days % calendar.CYCLE_DAYS
        return calendar.or_missing(cycles * calendar.CYCLE_YEARS + calendar.years()[day], values)

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[Year]) -> Block:
        times = block.lifted(builder)
        day = calendar.lower_cycle_day(builder, times)
        year = builder.cast(builder.node("Gather", [builder.constant(calendar.years()), day], axis=0), np.int64)
        since = calendar.lower_since_first(builder, times)
        cycles = builder.node("Div", [since, builder.constant(np.array(calendar.DAY * calendar.CYCLE_DAYS))])
        passed = builder.node("Mul", [cycles, builder.constant(np.array(calendar.CYCLE_YEARS))])
        return stacked(calendar.lower_or_missing(builder, builder.node("Add", [passed, year]), times), len(states))


DECLARATION = Year
STATE = Year
