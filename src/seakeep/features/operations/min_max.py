"""min_max: (x - minimum) / (maximum - minimum), of the training data's finite values. Missing stays missing.

Values beyond the training data's fall outside of 0 to 1; chain `.clip(0, 1)` where that must not be. A constant column
is divided by 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from seakeep.features.errors import CannotFit
from seakeep.features.operation import NUMERIC, Form, Incoming, Need, Operation
from seakeep.features.operations.standardize import Scaled, scaled


@dataclass(frozen=True, slots=True)
class MinMax(Operation):
    """The training data's range becomes 0 to 1. Fitted to the state of `standardize`, so both are lowered together."""

    takes: ClassVar = NUMERIC
    gives: ClassVar = Form.NUMBER
    advice: ClassVar = {
        Form.CATEGORY: 'Leave it out, or declare a number: number("distance").min_max().',
        Form.TIME: 'Take a part of the time: timestamp("scheduled").day_of_year().min_max().',
    }

    @property
    def needs(self) -> Need:
        return Need.MOMENTS

    def fit(self, incoming: Incoming, /) -> Scaled:
        low, high = incoming.column.minimum, incoming.column.maximum
        if low is None or high is None:
            raise CannotFit.no_values(incoming.feature, "min_max")
        low, high = float(low), float(high)
        return scaled(incoming.feature, "min_max", center=low, scale=high - low)


DECLARATION = MinMax
STATE = Scaled
