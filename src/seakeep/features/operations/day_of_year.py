"""day_of_year: the day of a time's year in UTC, 1 to 366. Missing stays missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seakeep.features.operation import Form, Incoming, Operation
from seakeep.features.operations.hour import NOT_A_TIME
from seakeep.features.operations.month import CyclePart


@dataclass(frozen=True, slots=True)
class DayOfYear(Operation):
    """Nothing is fitted."""

    takes: ClassVar = frozenset({Form.TIME})
    gives: ClassVar = Form.LEVELS
    advice: ClassVar = NOT_A_TIME

    def fit(self, _incoming: Incoming, /) -> CyclePart:
        return CyclePart("day_of_year")


DECLARATION = DayOfYear
STATE = CyclePart
