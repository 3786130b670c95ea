"""month: the month of a time in UTC, 1 to 12. Missing, and times outside of the years 1 to 9999, are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from seakeep.features import calendar
from seakeep.features.block import Block, stacked
from seakeep.features.operation import Form, Incoming, Operation, State
from seakeep.features.operations.hour import NOT_A_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from seakeep.features.graph import GraphBuilder


@dataclass(frozen=True, slots=True)
class CyclePart(State):
    """What a table of the 146,097 days of the calendar's cycle says of the day."""

    part: Literal["month", "day_of_year"]

    @property
    def alike(self) -> str:
        return self.part

    @property
    def levels(self) -> tuple[int, ...]:
        return tuple(range(1, 13 if self.part == "month" else 367))

    def reference(self, values: NDArray[np.int64]) -> NDArray[np.float64]:
        days = calendar.since_first(values) // calendar.DAY % calendar.CYCLE_DAYS
        return calendar.or_missing(self._table()[days], values)

    @classmethod
    def lower(cls, builder: GraphBuilder, block: Block, states: Sequence[CyclePart]) -> Block:
        times = block.lifted(builder)
        day = calendar.lower_cycle_day(builder, times)
        part = builder.node("Gather", [builder.constant(states[0]._table()), day], axis=0)
        return stacked(calendar.lower_or_missing(builder, part, times), len(states))

    def _table(self) -> NDArray[np.int8] | NDArray[np.int16]:
        return calendar.months() if self.part == "month" else calendar.days_of_year()


@dataclass(frozen=True, slots=True)
class Month(Operation):
    """Nothing is fitted."""

    takes: ClassVar = frozenset({Form.TIME})
    gives: ClassVar = Form.LEVELS
    advice: ClassVar = NOT_A_TIME

    def fit(self, _incoming: Incoming, /) -> CyclePart:
        return CyclePart("month")


DECLARATION = Month
STATE = CyclePart
