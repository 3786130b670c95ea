"""weekday: the day of the week of a time in UTC, as ISO 8601 and Polars count: Monday is 1, Sunday 7. Missing stays missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seakeep.features.calendar import DAY
from seakeep.features.operation import Form, Incoming, Operation
from seakeep.features.operations.hour import NOT_A_TIME, ClockPart


@dataclass(frozen=True, slots=True)
class Weekday(Operation):
    """Nothing is fitted."""

    takes: ClassVar = frozenset({Form.TIME})
    gives: ClassVar = Form.LEVELS
    advice: ClassVar = NOT_A_TIME

    def fit(self, _incoming: Incoming, /) -> ClockPart:
        return ClockPart(DAY, 7, 1)


DECLARATION = Weekday
STATE = ClockPart
