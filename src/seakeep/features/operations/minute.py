"""minute: the minute of a time's hour in UTC, 0 to 59. Missing stays missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seakeep.features.calendar import MINUTE
from seakeep.features.operation import Form, Incoming, Operation
from seakeep.features.operations.hour import NOT_A_TIME, ClockPart


@dataclass(frozen=True, slots=True)
class Minute(Operation):
    """Nothing is fitted."""

    takes: ClassVar = frozenset({Form.TIME})
    gives: ClassVar = Form.LEVELS
    advice: ClassVar = NOT_A_TIME

    def fit(self, _incoming: Incoming, /) -> ClockPart:
        return ClockPart(MINUTE, 60, 0)


DECLARATION = Minute
STATE = ClockPart
